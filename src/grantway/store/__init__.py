"""SQL: the two engines behind one `Database`, the schema, and one module per record that is kept.

Owns transactions, durability, single use and sweeping. Does not decide: what is right to store is decided above and
arrives as a `Write`. Neighbour: `policy`, which knows nothing of storage.
"""
