"""The admin API below /setup/api/: everything the console can do, for programs.

Owns the table of its routes, the form of requests and answers, and the OpenAPI document made of both. Decides nothing:
it calls `manage`, with the rights of the token's user. Neighbours: `manage` below, `web` above, `console` beside.
"""
