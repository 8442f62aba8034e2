"""The style sheet and the mark, served under a path that changes with their content (RFC 8246: immutable)."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_TYPES = {
    "grantway.css": "text/css; charset=utf-8",
    "setup.css": "text/css; charset=utf-8",
    "setup.js": "text/javascript; charset=utf-8",
    "grantway.svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """One static file: its bytes, its media type, and its entity tag with the quotes."""

    body: bytes
    content_type: str
    etag: str


@cache
def _load(name: str) -> Asset:
    body = (files("grantway.pages") / "static" / name).read_bytes()
    return Asset(body, _TYPES[name], f'"{hashlib.sha256(body).hexdigest()[:16]}"')


def asset(name: str) -> Asset | None:
    """The file called `name`, or None. Names come from a closed list, so nothing else of the package can be read."""
    return _load(name) if name in _TYPES else None


def asset_path(name: str) -> str:
    """Where pages find the file: `/assets/<hash>/<name>`. May be cached for ever, if asked for by its present hash.

    Raises:
        KeyError: there is no such file.
    """
    if name not in _TYPES:
        raise KeyError(name)
    return f"/assets/{_load(name).etag.strip(chr(34))}/{name}"
