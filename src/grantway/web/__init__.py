"""The HTTP edge: the only floor that knows the HTTP library. Limits, requests into `Call`, `Reply` onto the wire, routes."""
