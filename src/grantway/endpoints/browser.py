"""The browser that calls: its cookie, its session, and the token that its forms must carry (S3, S33, S41)."""

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Final

import msgspec

from grantway.domain.org import User
from grantway.endpoints.server import Server
from grantway.kit.http import Call
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import fingerprint, new_opaque
from grantway.kit.urls import origin_of
from grantway.store import browsers
from grantway.store.browsers import Browser, BrowserSession
from grantway.store.statement import Write

_PREFIX: Final = "gwb_"
_CSRF: Final = b"csrf"
Header = tuple[bytes, bytes]


class Visitor(msgspec.Struct, frozen=True, gc=False):
    """A browser, who is logged in in it, and the cookie to give it, if it needs one."""

    browser: Browser
    session: BrowserSession | None
    user: User | None
    headers: tuple[Header, ...] = ()


async def visitor_of(call: Call, server: Server, base: str, *, make: bool = True) -> Visitor | None:
    """Return the browser that calls and its session; an unknown one is given a cookie, if `make` allows."""
    now = server.clock.now_ms()
    cookie = _cookie(call, base)
    browser = await browsers.browser_by_cookie(server.db, fingerprint(cookie)) if cookie else None
    if browser is not None:
        found = await browsers.session_in(server.db, browser.id, now)
        if found is None:
            return Visitor(browser, None, None)
        session, user = found
        # A frozen user's session is dead, and so is one from before the user's tokens were taken back.
        good = user.may_act and session.auth_time > user.not_before
        return Visitor(browser, session, user) if good else Visitor(browser, None, None)
    if not make:
        return None
    text = _PREFIX + new_opaque(32)
    browser = Browser(new_row_id(now), fingerprint(text), now, now)
    await server.db.commit(Write((browsers.add_browser(browser),)))
    return Visitor(browser, None, None, (set_cookie(text, base),))


def fresh_cookie() -> tuple[str, bytes]:
    """Return a new cookie value and its hash."""
    text = _PREFIX + new_opaque(32)
    return text, fingerprint(text)


def set_cookie(text: str, base: str) -> Header:
    """Return the header that gives a browser its cookie; `__Host-` and Secure wherever we are reached by https."""
    secure = base.startswith("https://")
    name = "__Host-grantway" if secure else "grantway"
    value = f"{name}={text}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
    return b"set-cookie", value.encode()


def csrf_token(server: Server, browser_id: str, transaction: str) -> str:
    """Return the token that a form of one browser and one transaction must carry."""
    return server.ring.digest(f"{browser_id}/{transaction}", _CSRF).hex()


def form_is_ours(call: Call, server: Server, base: str, browser_id: str, transaction: str, token: str) -> bool:
    """Tell whether a form post came from our own page in this browser: its token is right, and so is its Origin."""
    origin = call.header(b"origin")
    if origin is not None and origin.decode("latin-1") != origin_of(base):
        return False
    expected = csrf_token(server, browser_id, transaction)
    return hmac.compare_digest(expected.encode(), token.encode("utf-8", "surrogatepass"))


def _cookie(call: Call, base: str) -> str:
    name = "__Host-grantway" if base.startswith("https://") else "grantway"
    for key, value in call.headers:
        if key == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(name)
            except CookieError:
                continue
            if found is not None and found.value.startswith(_PREFIX):
                return found.value
    return ""
