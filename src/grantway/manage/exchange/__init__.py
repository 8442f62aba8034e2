"""What other providers' tokens and devices may become: token exchange handlers and assets."""
