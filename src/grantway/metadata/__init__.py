"""Salesforce's metadata files, both ways: bytes in, records out, and back (connected-apps.md, section 1)."""
