"""What an org defines for its apps: custom scopes and custom permissions."""
