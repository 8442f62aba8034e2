"""The one builder of every URL the server gives out, and the names it answers to (decisions 1 and 17)."""

import re
from typing import Final
from urllib.parse import urlsplit

_DOMAIN: Final = re.compile(r"(?=.{1,200}\Z)[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*")
_LOGIN_HOSTS: Final = ("login", "test")
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
STANDARDS_PREFIX: Final = "/oidc"
SALESFORCE_TOKEN: Final = "/services/oauth2/token"
"""The path of Salesforce's token endpoint."""


class Urls:
    """The names of this server.

    All URLs come from configuration, never from what a request claims (S51): a request's Host is only looked up among
    the names configured here, and whatever is built goes back under the name that was called.

    With a `domain` D the server is also `login.D`, `test.D` and `<my-domain>.my.D` of each of its orgs, as Salesforce
    is (decision 17): at the base URL's port, and without one, as somebody in front may have it.
    """

    __slots__ = ("_by_host", "_logins", "_my_domain", "_scheme", "base")

    def __init__(self, base: str, aliases: tuple[str, ...] = (), domain: str = "") -> None:
        """Take the base URL (`https://sso.example`, no trailing slash) and further base URLs that lead here too.

        Raises:
            ValueError: a URL has a path, query or fragment, or no host, or is neither http nor https; or the domain is
                no host name.
        """
        self.base = _checked(base)
        self._by_host = {urlsplit(url).netloc.lower(): url for url in map(_checked, (*aliases, base))}
        parts = urlsplit(self.base)
        self._scheme = parts.scheme
        ports = ("", f":{parts.port}") if parts.port else ("",)
        if domain and not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is no domain: write it like example.com")
        self._logins = frozenset(f"{host}.{domain}{port}" for host in _LOGIN_HOSTS for port in ports if domain)
        self._by_host |= {host: f"{parts.scheme}://{host}" for host in self._logins}
        self._my_domain = tuple(f".my.{domain}{port}" for port in ports) if domain else ()

    @classmethod
    def serving(cls, base: str, domain: str = "") -> "Urls":
        """Return the names for one base URL; a loopback one answers to all three spellings of loopback."""
        parts = urlsplit(_checked(base))
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        if host not in LOOPBACK_NAMES:
            return cls(base, (), domain)
        port = f":{parts.port}" if parts.port else ""
        return cls(base, tuple(f"{parts.scheme}://{name}{port}" for name in LOOPBACK_NAMES), domain)

    def my_domain_of(self, host: str) -> str:
        """Return the org's label in a Host header such as `acme.my.example.com`; empty for any other name."""
        host = host.lower()
        for end in self._my_domain:
            label = host.removesuffix(end)
            if label != host and "." not in label:
                return label
        return ""

    def of_my_domain(self, host: str) -> str:
        """Return the base URL of a Host header whose label names an org."""
        return f"{self._scheme}://{host.lower()}"

    def my_domains(self, label: str) -> tuple[str, ...]:
        """Return the base URLs of an org's My Domain; none without a domain, or for an org without a label."""
        return tuple(self.of_my_domain(label + end) for end in self._my_domain if label)

    def is_domain_host(self, base: str) -> bool:
        """Tell whether a base URL is one of the domain's: a login host or an org's My Domain."""
        return bool(self._logins) and (self.is_login_host(base) or bool(self.my_domain_of(base.partition("://")[2])))

    def is_login_host(self, base: str) -> bool:
        """Tell whether a base URL is one where any org's people log in, `login.D` or `test.D`."""
        return base.partition("://")[2] in self._logins

    @property
    def bases(self) -> tuple[str, ...]:
        """Every base URL that leads here, each once."""
        return tuple(dict.fromkeys(self._by_host.values()))

    def at(self, host: str) -> str | None:
        """Return the base URL that stands for a request's Host header, or None when it is not one of our names."""
        return self._by_host.get(host) or self._by_host.get(host.lower())


def needs_secure_cookies(base: str) -> bool:
    """Tell whether cookies are `Secure` and `__Host-`: everywhere but on plain http to this machine (S33)."""
    parts = urlsplit(base)
    return parts.scheme == "https" or not is_loopback_host(parts.hostname or "")


def is_loopback_host(hostname: str) -> bool:
    """Tell whether a host name as `urlsplit` gives it means this machine (RFC 8252, section 7.3)."""
    return hostname in ("localhost", "127.0.0.1", "::1")


def identity_url(base: str, org_id: str, user_id: str) -> str:
    """Return a user's identity URL, with 18-character ids (salesforce-oauth.md 1.6)."""
    return f"{base}/id/{org_id}/{user_id}"


def origin_of(url: str) -> str | None:
    """Return `scheme://host[:port]` of an http(s) URL, or None for anything else."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else None


def with_query(url: str, query: str) -> str:
    """Add an encoded query to a URL that may have one of its own, before no fragment (registered ones have none)."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


def with_fragment(url: str, fragment: str) -> str:
    """Add an encoded fragment to a URL that has none."""
    return f"{url}#{fragment}"


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not a base URL: write it like https://sso.example.com")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{url!r} is not a base URL: it must end after the host and port")
    parts.port  # noqa: B018 - raises ValueError for a port that is no number
    return f"{parts.scheme}://{parts.netloc.lower()}"
