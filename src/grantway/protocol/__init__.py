"""OAuth as a language: the two doors, wire errors, reasons and refusals, decisions, PKCE, claims. Pure."""
