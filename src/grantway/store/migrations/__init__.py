"""The schema's history: numbered SQL files, applied in order; none is changed once released (R7).

The files are written for both engines. INT64, BYTES and SORTTEXT (text that sorts by code point) stand for the types
of each; KEYED ends a table whose rows live in the order of its primary key.
"""
