"""The response headers that guard a page: content policy, framing, referrer, caching (S5; CSP Level 3)."""

import re
from collections.abc import Iterable

_WEB = re.compile(r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?(?=[/?#]|\Z)", re.ASCII | re.IGNORECASE)
_WEB_IPV6 = re.compile(r"(https?)://\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)
_PRIVATE = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII | re.IGNORECASE)
_NEVER = frozenset({"javascript", "data", "vbscript", "blob", "filesystem", "file", "about", "http", "https"})

_ALWAYS = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def security_headers(*, callbacks: Iterable[str] | None = (), scripts: bool = False) -> tuple[tuple[bytes, bytes], ...]:
    """The headers every page is sent with, names in lower case as ASGI wants them.

    Args:
        callbacks: where the app that asks may be answered, for the pages of an app's flow (login, consent): full
            addresses, taken from the app's registration. Chromium and Safari hold the redirect that follows a form
            to `form-action`, so each callback's origin or private scheme is added there. They hold *every* further
            redirect to it, too: an app whose callback sends the browser on to another origin is stopped there.
            None leaves `form-action` out, for callbacks that may do so. Nothing, the default, is for pages whose
            forms end on this host.
        scripts: whether the page may run the scripts of this host, as the console's may; never those in the page.

    A page of an app's flow may stand in a window that the app opened, and the app watches that window to learn whether
    it was closed. So only the other pages cut themselves off from their opener.
    """
    of_a_flow = callbacks is None
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    if scripts:
        policy += "; script-src 'self'"
    if callbacks is not None:
        sources = dict.fromkeys(_source(callback) for callback in callbacks)
        of_a_flow = bool(sources)
        policy += "; form-action " + " ".join(("'self'", *(source for source in sources if source)))
    opener = b"unsafe-none" if of_a_flow else b"same-origin"
    return ((b"content-security-policy", policy.encode("ascii")), (b"cross-origin-opener-policy", opener), *_ALWAYS)


def _source(callback: str) -> str | None:
    """What `form-action` needs to let a redirect to `callback` pass; None for one that no policy may allow.

    Only characters that cannot end a source or a directive get through, whatever the callback holds.
    """
    if web := _WEB.match(callback):
        return web[0].lower()
    if address := _WEB_IPV6.match(callback):
        return address[1].lower() + ":"  # the policy's grammar has no IPv6 address: the scheme is the narrowest name
    if (private := _PRIVATE.match(callback)) and private[1].lower() not in _NEVER:
        return private[1].lower() + ":"
    return None
