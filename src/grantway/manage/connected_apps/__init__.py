"""Connected apps: their values, their life, their lists, and the apps of other orgs."""
