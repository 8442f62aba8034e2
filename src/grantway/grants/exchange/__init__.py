"""What the token exchange grant is made of: its case, its checks, and asking a handler."""
