"""Where a request of ours may go: https to public hosts, and what the operator allowed besides (S31)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_URL_LENGTH: Final = 2_400
_PORTS: Final = {"https": 443, "http": 80}


class Unfetched(Exception):
    """Nothing was fetched. `why` is a phrase for people, without anything secret."""

    def __init__(self, why: str) -> None:
        """Say why, as in "it took longer than 5 s"."""
        super().__init__(why)
        self.why: Final = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart: `origin` is `scheme://host:port`, `path` what is asked for there, with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """The origin, with its port also where that is the usual one."""
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"

    @property
    def host_field(self) -> str:
        """What stands in the Host field: the port only where it is not the usual one."""
        host = bracketed(self.host)
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Allowed:
    """The operator's list: origins that may be reached although they are not https or not public. Mostly empty."""

    __slots__ = ("_origins",)

    def __init__(self, origins: Iterable[str] = ()) -> None:
        """Take origins such as `https://files.intranet.example` or `http://127.0.0.1:9000`.

        Raises:
            ValueError: one is no origin.
        """
        self._origins: frozenset[str] = frozenset(map(_origin, origins))

    def __contains__(self, target: Target) -> bool:
        """Tell whether a target stands on the list, scheme and port included."""
        return target.origin in self._origins


def target_of(url: str, allowed: Allowed) -> Target:
    """Take a URL apart.

    Raises:
        Unfetched: it is no URL, not https, or holds what no request should carry (credentials, blanks).
    """
    if len(url) > _URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Unfetched("its address is no plain URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unfetched("its address is no URL") from None
    if parts.scheme not in _PORTS or not host:
        raise Unfetched("its address is no https URL")
    if "@" in parts.netloc:
        raise Unfetched("its address holds a username or password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(scheme=parts.scheme, host=host, port=_PORTS[parts.scheme] if port is None else port, path=path)
    if target.scheme != "https" and target not in allowed:
        raise Unfetched("its address is not https")
    return target


def bracketed(host: str) -> str:
    """Return a host as it is written in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"{text!r} is no origin: write it like https://files.example:8443") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no origin: write it like https://files.example:8443")
    if "@" in parts.netloc:
        raise ValueError("an origin names nobody: leave out what stands before the @")
    number = _PORTS[parts.scheme] if port is None else port
    return f"{parts.scheme}://{bracketed(parts.hostname)}:{number}"
