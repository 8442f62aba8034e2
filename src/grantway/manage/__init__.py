"""What an administrator can do: each operation once. The command line calls it; console and admin API will.

Owns rights, validation across settings, audit. Knows no terminal, no HTTP. Neighbours: `store` below, `cli` above.
"""
