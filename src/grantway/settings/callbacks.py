"""Which callback URLs may be registered, and when a presented one is the registered one (RFC 6749 3.1.2, RFC 8252)."""

import re
from typing import Final
from urllib.parse import urlsplit

from grantway.kit.urls import is_loopback_host

# Schemes that make a browser run, read or show something instead of calling an app (security.md 1).
_NEVER: Final = frozenset(
    [
        "about",
        "blob",
        "chrome",
        "chrome-extension",
        "content",
        "data",
        "file",
        "filesystem",
        "ftp",
        "ftps",
        "intent",
        "jar",
        "javascript",
        "mailto",
        "ms-appx",
        "resource",
        "sms",
        "tel",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    ]
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def callback_problem(url: str) -> str | None:
    """Say what is wrong with one callback URL, as the end of a sentence that begins with its line; None if nothing is.

    Allowed are https, a custom scheme, and http for loopback. Byte equality is what counts later, so nothing is
    mended here.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        return "holds a blank or another character that no URL has."
    scheme_match = _SCHEME.match(url)
    if scheme_match is None:
        return "is no absolute URL. Begin it with https:// or with your app's own scheme."
    scheme = scheme_match.group(1).lower()
    if scheme in _NEVER:
        return f"begins with {scheme}:, which is never allowed. Use https:// or your app's own scheme."
    if "#" in url:
        return "has a fragment (#…). Leave it out: answers may need that place themselves."
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is no number
    except ValueError:
        return "is no valid URL."
    if scheme in ("http", "https") and not parts.hostname:
        return "names no host."
    if "@" in parts.netloc:
        return "holds a user name or password. Leave it out."
    if scheme == "http" and not is_loopback_host(parts.hostname or ""):
        return "begins with http://. Use https://, or http://localhost while developing."
    if "*" in parts.netloc:
        return "has a wildcard in its host. Write each callback URL in full."
    return None


def callback_matches(registered: tuple[str, ...], presented: str) -> bool:
    """Tell whether `presented` is one of the registered callback URLs: byte equality and nothing else."""
    return presented in registered


def is_private_use(url: str) -> bool:
    """Tell whether a callback belongs to an app on the user's own device: custom scheme or loopback (RFC 8252, 8.6)."""
    parts = urlsplit(url)
    return parts.scheme not in ("http", "https") or is_loopback_host(parts.hostname or "")
