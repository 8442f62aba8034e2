"""Consumer keys and secrets: those beside an app's current ones, and their staged rotation."""
