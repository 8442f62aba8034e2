"""The audiences by which an assertion may mean this server (RFC 7523, section 3; salesforce-oauth.md 3.6)."""

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from grantway.endpoints.server import Server
from grantway.kit.urls import SALESFORCE_TOKEN, STANDARDS_PREFIX, Urls, is_loopback_host
from grantway.protocol.door import SALESFORCE, Door, issuer_of

_TOKEN: Final = {SALESFORCE.name: SALESFORCE_TOKEN}
_STANDARD_TOKEN: Final = STANDARDS_PREFIX + "/token"
# What integrators' code has for `aud`, and cannot always change. An assertion for the real ones is good here only where
# nobody but this machine can call: docs/decisions/0013.
_LOGIN_HOSTS: Final = ("https://login.salesforce.com", "https://test.salesforce.com")


def audiences(server: Server, door: Door, base: str, path: str) -> frozenset[str]:
    """Return the audiences at a door: its issuer, its token endpoint, and the endpoint that was called.

    Salesforce's door also takes every base URL of this server, since its clients put there whichever host they log in
    at; the My Domain of an org is known once the app is (`grants.bearer.audiences_of`). All without a slash at the end.
    """
    return _audiences(server.urls, door, server.root_door, base, path)


def salesforce_audiences(urls: Urls, base: str) -> frozenset[str]:
    """Return the audiences at the token endpoint of Salesforce's door, whichever door has the root."""
    return _audiences(urls, SALESFORCE, SALESFORCE, base, _TOKEN[SALESFORCE.name])


# Every token request has them; a server has few names, and few paths at which assertions are taken.
@lru_cache(maxsize=256)
def _audiences(urls: Urls, door: Door, root_door: Door, base: str, path: str) -> frozenset[str]:
    bases = (*urls.bases, base) if door is SALESFORCE else (base,)
    token = _TOKEN.get(door.name, _STANDARD_TOKEN)
    found = {issuer_of(door, root_door, base), base + path}.union(one + token for one in bases)
    if door is SALESFORCE:
        found.update(bases)
        if is_loopback_host(urlsplit(base).hostname or ""):
            found.update(_LOGIN_HOSTS)
            found.update(host + token for host in _LOGIN_HOSTS)
    return frozenset(found)
