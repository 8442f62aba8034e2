"""Frozen records of what the server knows: orgs, users, apps, policies, tokens, sessions. No behaviour that needs I/O.

Records that a hot path reads are `msgspec.Struct` (frozen): they are built from a database row in a third of the time
a dataclass takes. The order of their fields is the order of the columns that are read for them.
"""
