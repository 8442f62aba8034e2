"""The server and its orgs: set up, with keys and certificates, backed up, looked through."""
