"""The protected org-data API under /services/data: what tokens are for. Beside `web`, which it does not know."""
