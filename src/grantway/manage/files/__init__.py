"""Metadata files: found, read, looked at before they count, written again."""
