"""The browser that calls: its cookie, the sessions in it, and the token that its forms must carry (S3, S33, S41)."""

import hmac
from dataclasses import dataclass
from itertools import chain
from typing import Final
from urllib.parse import quote, unquote

from grantway.domain.org import canonical_username
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import fingerprint, new_opaque
from grantway.kit.urls import needs_secure_cookies, origin_of
from grantway.policy.login_pace import account_principal, known_browser_principal
from grantway.protocol.authorization import AuthorizationRequest
from grantway.store import browsers
from grantway.store.browsers import Browser, LoggedIn
from grantway.store.statement import Step

_PREFIX: Final = "gwb_"
_CSRF: Final = b"csrf"
_COOKIE: Final = "grantway"
_USERNAME: Final = "grantway-username"
_KNOWN: Final = "grantway-known"
_KNOWN_PURPOSE: Final = b"known-browser"
_YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A browser and the sessions in it, the last begun first.

    `steps` and `headers`: what stores a browser seen for the first time, and gives it its cookie. Both are used as soon
    as something has to be kept for the browser, and not before.
    """

    browser_id: str
    sessions: tuple[LoggedIn, ...] = ()
    steps: tuple[Step, ...] = ()
    headers: tuple[Header, ...] = ()

    def session(self, session_id: str) -> LoggedIn | None:
        """Return the session with an id, if it is good."""
        return next((one for one in self.sessions if one.session.id == session_id), None)

    def session_for(self, request: AuthorizationRequest, home_org_id: str) -> LoggedIn | None:
        """Return the session that a new request is answered from.

        The hinted person's; else the one in the app's own org, where the app is at home; else the last begun.
        """
        if request.hinted_user:
            return next((one for one in self.sessions if one.user.id == request.hinted_user), None)
        hint = canonical_username(request.login_hint)
        named = (one for one in self.sessions if one.user.username == hint)
        at_home = (one for one in self.sessions if one.session.org_id == home_org_id)
        return next(chain(named, at_home, self.sessions), None)


async def visitor_of(call: Call, server: Server, base: str) -> Visitor:
    """Return the browser that calls, with a fresh cookie ready if it has none that we know."""
    now = server.clock.now_ms()
    if text := browser_cookie(call, base):
        known = await browsers.browser_by_cookie(server.db, fingerprint(text), now)
        if known is not None:
            return Visitor(browser_id=known[0], sessions=known[1])
    text, cookie_hash = fresh_cookie()
    browser = Browser(new_row_id(now), cookie_hash, now, now)
    return Visitor(browser_id=browser.id, steps=(browsers.add_browser(browser),), headers=(set_cookie(text, base),))


def fresh_cookie() -> tuple[str, bytes]:
    """Return a new cookie value and its hash."""
    text = _PREFIX + new_opaque(32)
    return text, fingerprint(text)


def browser_cookie(call: Call, base: str) -> str:
    """Return the cookie that names the browser; empty when there is none of its shape."""
    found = _cookies(call).get(_named(_COOKIE, base), "")
    return found if found.startswith(_PREFIX) else ""


def set_cookie(text: str, base: str) -> Header:
    """Return the header that gives a browser its cookie."""
    return _set(_COOKIE, text, base)


def remembered_username(call: Call, base: str) -> str:
    """Return the username that this browser was told to remember; empty when there is none."""
    return unquote(_cookies(call).get(_named(_USERNAME, base), ""))[:255]


def remember_username(call: Call, username: str, base: str) -> tuple[Header, ...]:
    """Return the header that makes a browser remember a username, or forget it when `username` is empty."""
    if username:
        return (_set(_USERNAME, quote(username, safe="@"), base, _YEAR_S),)
    return (_set(_USERNAME, "", base, 0),) if remembered_username(call, base) else ()


def known_account(call: Call, server: Server, base: str, username: str) -> str:
    """Return the principal under which this browser tries a username: its own if the username's owner has used it.

    So a stranger who keeps an account waiting does not keep its owner out of their own browser (S35).
    """
    account = account_principal(username)
    nonce, _, proof = _cookies(call).get(_named(_KNOWN, base), "").rpartition(".")
    right = False
    for digest in server.ring.digests(_known_text(nonce, account), _KNOWN_PURPOSE):
        right |= hmac.compare_digest(digest.hex().encode(), proof.encode())
    return known_browser_principal(nonce) if right else account


def make_known(server: Server, username: str, base: str) -> Header:
    """Return the header that gives a browser the proof that a username's owner has logged in in it."""
    nonce = new_opaque(16)
    proof = server.ring.digest(_known_text(nonce, account_principal(username)), _KNOWN_PURPOSE).hex()
    return _set(_KNOWN, f"{nonce}.{proof}", base, _YEAR_S)


def csrf_token(server: Server, browser_id: str, transaction: str, page: str) -> str:
    """Return the token that a form must carry; `page` says which page, shown to whom, it stands on."""
    return server.ring.digest(_form_text(browser_id, transaction, page), _CSRF).hex()


def form_is_ours(
    call: Call, server: Server, base: str, *, browser_id: str, transaction: str, page: str, token: str
) -> bool:
    """Tell whether a form came from our own page in this browser: its token is right, and so is its Origin, if sent."""
    origin = call.header(b"origin")
    if origin is not None and origin.decode("latin-1") != origin_of(base):
        return False
    right = False
    # A page made before the key file got another first key is still ours.
    for digest in server.ring.digests(_form_text(browser_id, transaction, page), _CSRF):
        right |= hmac.compare_digest(digest.hex().encode(), token.encode())
    return right


def _form_text(browser_id: str, transaction: str, page: str) -> str:
    return f"{browser_id}/{transaction}/{page}"


def _known_text(nonce: str, account: str) -> str:
    return f"{nonce}/{account}"


def _named(name: str, base: str) -> str:
    """Return a cookie's name: `__Host-` but on this machine's plain http, so that no other host can set it (S33)."""
    return f"__Host-{name}" if needs_secure_cookies(base) else name


def cookie_named(call: Call, name: str, base: str) -> str:
    """Return the value of a cookie of ours; empty when there is none."""
    return _cookies(call).get(_named(name, base), "")


def cookie_header(name: str, value: str, base: str, max_age_s: int | None = None) -> Header:
    """Return the header that sets a cookie of ours; it is kept from scripts and from requests of other sites."""
    return _set(name, value, base, max_age_s)


def _set(name: str, value: str, base: str, max_age_s: int | None = None) -> Header:
    text = f"{_named(name, base)}={value}; Path=/; HttpOnly; SameSite=Lax"
    if needs_secure_cookies(base):
        text += "; Secure"
    if max_age_s is not None:
        text += f"; Max-Age={max_age_s}"
    return b"set-cookie", text.encode()


def _cookies(call: Call) -> dict[str, str]:
    """Return the cookies, of two with one name the first; other programs on this host may set anything."""
    found: dict[str, str] = {}
    for key, header in call.headers:
        if key == b"cookie":
            for pair in header.decode("latin-1").split(";"):
                name, _, value = pair.strip().partition("=")
                found.setdefault(name, value)
    return found
