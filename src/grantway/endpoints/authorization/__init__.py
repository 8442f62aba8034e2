"""What authorize, login and consent share: the browser that calls, the steps of a request, and how it can end.

Owns the way from a request that was read to a code at the callback, an error there, or a page. Does not own the
endpoints themselves (`authorize`, `login`, `consent`, beside this package) nor what a request may ask for
(`protocol.authorization`).
"""
