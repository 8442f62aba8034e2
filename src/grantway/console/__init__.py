"""The console at /setup/: pages on which an administrator sees and sets everything, rendered on the server.

Owns routes, forms and their words. Does not own what they do: every change and every reading is an operation of
`manage`, with the signed-in user's rights read at each request. Neighbours: `pages` (templates), `adminapi` (the same
operations as JSON).
"""
