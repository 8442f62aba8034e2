"""The HTTP edge, the only floor that knows the HTTP library: limits, `Call` from the wire, `Reply` onto it, routes."""
