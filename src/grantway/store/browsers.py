"""Browsers and the login sessions in them: a cookie names a browser, a browser has sessions (decision 20)."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.org import User
from grantway.store.database import Session
from grantway.store.people import USER_COLUMNS
from grantway.store.statement import Insert, Row, Statement, Step, Update, columns_of


class Browser(msgspec.Struct, frozen=True, gc=False):
    """One browser: its cookie is stored as a hash, which changes with every login (S33). Times in ms."""

    id: str
    hash: bytes
    created_at: int
    seen_at: int


class BrowserSession(msgspec.Struct, frozen=True, gc=False):
    """One login in one browser. `expires_at` moves on while it is used. Times in ms.

    `verified_at`: when its person last entered their password again, to see something secret.
    """

    id: str
    browser_id: str
    org_id: str
    person_id: str
    auth_time: int
    seen_at: int
    expires_at: int
    ended_at: int | None
    verified_at: int | None = None


class LoggedIn(msgspec.Struct, frozen=True, gc=False):
    """A session that is good, and its person."""

    session: BrowserSession
    user: User


_ADD_BROWSER: Final = Insert("browser", Browser.__struct_fields__)
_NEW_COOKIE: Final = Update("browser", ["hash", "seen_at"])
_SEEN: Final = Update("browser", ["seen_at"])
_ADD_SESSION: Final = Insert("browser_session", BrowserSession.__struct_fields__)
_KEEP_SESSION: Final = Update("browser_session", ["seen_at", "expires_at"], where="t.ended_at IS NULL")
_END_SESSION: Final = Update("browser_session", ["ended_at"], where="t.ended_at IS NULL")
_VERIFY: Final = Update("browser_session", ["verified_at"], where="t.ended_at IS NULL")
_END_OTHERS: Final = Statement(
    "UPDATE browser_session SET ended_at = :now WHERE browser_id = :browser_id AND org_id = :org_id"
    " AND ended_at IS NULL AND id <> :session_id"
)
# Left joins, so that a browser without a session is still a browser.
_BY_COOKIE: Final = Statement(
    f"SELECT b.id, {USER_COLUMNS}, o.not_before, {columns_of(BrowserSession, 's')} FROM browser b"
    " LEFT JOIN browser_session s ON s.browser_id = b.id AND s.ended_at IS NULL AND s.expires_at > :now"
    " LEFT JOIN person u ON u.id = s.person_id LEFT JOIN profile r ON r.id = u.profile_id"
    " LEFT JOIN org o ON o.id = s.org_id WHERE b.hash = :hash ORDER BY s.auth_time DESC, s.id DESC"
)
_USER_END: Final = 1 + len(User.__struct_fields__)


def _row(record: msgspec.Struct) -> Row:
    return cast(Row, msgspec.structs.astuple(record))


def add_browser(browser: Browser) -> Step:
    """Store a browser that is given its first cookie."""
    return Step(_ADD_BROWSER, _row(browser))


def seen(browser_id: str, now_ms: int) -> Step:
    """Note that a browser is in use, so that it is kept as long as what hangs on it."""
    return Step(_SEEN, (now_ms, browser_id))


def new_cookie(browser_id: str, cookie_hash: bytes, now_ms: int) -> Step:
    """Give a browser a new cookie; the old one is worth nothing from then on."""
    return Step(_NEW_COOKIE, (cookie_hash, now_ms, browser_id))


async def browser_by_cookie(db: Session, cookie_hash: bytes, now_ms: int) -> tuple[str, tuple[LoggedIn, ...]] | None:
    """Return the id of the browser whose cookie has a hash, and the good sessions in it, the last begun first.

    A session is dead when its user is frozen or deactivated, and when what the user or the org had was taken back
    after it began.
    """
    rows = await db.all(_BY_COOKIE, now_ms, cookie_hash)
    if not rows:
        return None
    found = []
    for row in rows:
        if row[1] is None:
            continue
        user = User(*cast(Any, row[1:_USER_END]))
        session = BrowserSession(*cast(Any, row[_USER_END + 1 :]))
        if user.may_act and session.auth_time > max(user.not_before, cast(int, row[_USER_END])):
            found.append(LoggedIn(session, user))
    return cast(str, rows[0][0]), tuple(found)


def add_session(session: BrowserSession) -> Step:
    """Begin a session."""
    return Step(_ADD_SESSION, _row(session))


def end_other_sessions(session: BrowserSession, now_ms: int) -> Step:
    """End the earlier sessions of the same browser in the same org: one is active per org."""
    return Step(_END_OTHERS, (now_ms, session.browser_id, session.org_id, session.id))


def end_session(session_id: str, now_ms: int) -> Step:
    """End a session: its person logged out."""
    return Step(_END_SESSION, (now_ms, session_id))


def verify_session(session_id: str, now_ms: int) -> Step:
    """Note that the person of a session entered their password again."""
    return Step(_VERIFY, (now_ms, session_id))


def keep_session(session_id: str, now_ms: int, expires_at: int) -> Step:
    """Note that a session is in use, and move its end."""
    return Step(_KEEP_SESSION, (now_ms, expires_at, session_id))
