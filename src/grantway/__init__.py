"""Grantway: an OAuth 2.0 and OpenID Connect authorization server whose clients are connected apps."""

__version__ = "0.1.0"
