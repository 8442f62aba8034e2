"""Browsers and their login sessions, waiting authorization requests, approvals, and failed logins."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.org import User
from grantway.store.database import Session
from grantway.store.hot import USER_COLUMNS
from grantway.store.statement import Insert, Row, Statement, Step, Update, columns_of


class Browser(msgspec.Struct, frozen=True, gc=False):
    """One browser: its cookie is stored as a hash, which changes with every login (S33)."""

    id: str
    hash: bytes
    created_at: int
    seen_at: int


class BrowserSession(msgspec.Struct, frozen=True, gc=False):
    """One login in one browser. Times in ms."""

    id: str
    browser_id: str
    org_id: str
    person_id: str
    auth_time: int
    seen_at: int
    expires_at: int
    ended_at: int | None


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """An authorization request that waits for a login or a consent; `request` is JSON."""

    id: str
    browser_id: str
    request: str
    created_at: int
    done_at: int | None


_ADD_BROWSER: Final = Insert("browser", Browser.__struct_fields__)
_ADD_SESSION: Final = Insert("browser_session", BrowserSession.__struct_fields__)
_ADD_WAITING: Final = Insert("authorization_request", Waiting.__struct_fields__)
_BY_COOKIE: Final = Statement(f"SELECT {columns_of(Browser)} FROM browser WHERE hash = :hash")
_NEW_COOKIE: Final = Update("browser", ["hash", "seen_at"])
_SESSION: Final = Statement(
    f"SELECT {USER_COLUMNS}, {columns_of(BrowserSession, 's')} FROM browser_session s"
    " JOIN person u ON u.id = s.person_id JOIN profile r ON r.id = u.profile_id"
    " WHERE s.browser_id = :browser_id AND s.ended_at IS NULL AND s.expires_at > :now"
    " ORDER BY s.auth_time DESC, s.id DESC LIMIT 1"
)
_END_OTHERS: Final = Statement(
    "UPDATE browser_session SET ended_at = :now WHERE browser_id = :browser_id AND org_id = :org_id"
    " AND ended_at IS NULL AND id <> :session_id"
)
_WAITING: Final = Statement(f"SELECT {columns_of(Waiting)} FROM authorization_request WHERE id = :id")
_DONE: Final = Update("authorization_request", ["done_at"], where="t.done_at IS NULL")
_APPROVAL: Final = Statement("SELECT scopes FROM approval WHERE person_id = :person_id AND app_id = :app_id")
_APPROVE: Final = Insert(
    "approval",
    ["person_id", "app_id", "scopes", "first_at", "last_at"],
    "(person_id, app_id) DO UPDATE SET scopes = excluded.scopes, last_at = excluded.last_at",
)
_FAILURES: Final = Statement("SELECT failures, last_at FROM login_failure WHERE principal = :principal")
_FAILED: Final = Insert(
    "login_failure",
    ["principal", "failures", "last_at"],
    "(principal) DO UPDATE SET failures = login_failure.failures + 1, last_at = excluded.last_at",
)
_FORGIVEN: Final = Statement("DELETE FROM login_failure WHERE principal = :principal")
_USER_END: Final = len(User.__struct_fields__)


def _row(record: msgspec.Struct) -> Row:
    return tuple(cast(Any, msgspec.structs.astuple(record)))


def add_browser(browser: Browser) -> Step:
    """Store a browser that was given its first cookie."""
    return Step(_ADD_BROWSER, _row(browser))


async def browser_by_cookie(db: Session, cookie_hash: bytes) -> Browser | None:
    """Return the browser whose cookie has a hash, or None."""
    row = await db.one(_BY_COOKIE, cookie_hash)
    return None if row is None else Browser(*cast(Any, row))


def new_cookie(browser_id: str, cookie_hash: bytes, now_ms: int) -> Step:
    """Give a browser a new cookie; the old one is worth nothing from then on."""
    return Step(_NEW_COOKIE, (cookie_hash, now_ms, browser_id))


async def session_in(db: Session, browser_id: str, now_ms: int) -> tuple[BrowserSession, User] | None:
    """Return the session that was begun last in a browser and still lasts, with its user."""
    row = await db.one(_SESSION, browser_id, now_ms)
    return None if row is None else (BrowserSession(*cast(Any, row[_USER_END:])), User(*cast(Any, row[:_USER_END])))


def add_session(session: BrowserSession) -> Step:
    """Begin a session."""
    return Step(_ADD_SESSION, _row(session))


def end_other_sessions(session: BrowserSession, now_ms: int) -> Step:
    """End the earlier sessions of the same browser in the same org: one is active per org."""
    return Step(_END_OTHERS, (now_ms, session.browser_id, session.org_id, session.id))


def add_waiting(waiting: Waiting) -> Step:
    """Store a request that waits."""
    return Step(_ADD_WAITING, _row(waiting))


async def waiting_by_id(db: Session, waiting_id: str) -> Waiting | None:
    """Return a waiting request, or None."""
    row = await db.one(_WAITING, waiting_id)
    return None if row is None else Waiting(*cast(Any, row))


def finish_waiting(waiting_id: str, now_ms: int) -> Step:
    """Guard: a waiting request is answered once, so one approval gives one code."""
    return Step(_DONE, (now_ms, waiting_id))


async def approved_scopes(db: Session, user_id: str, app_id: str) -> frozenset[str] | None:
    """Return the scopes a user has approved for an app; None when the user never has."""
    row = await db.one(_APPROVAL, user_id, app_id)
    return None if row is None else frozenset(cast(str, row[0]).split())


def approve(user_id: str, app_id: str, scopes: str, now_ms: int) -> Step:
    """Remember an approval."""
    return Step(_APPROVE, (user_id, app_id, scopes, now_ms, now_ms))


async def failures_of(db: Session, principal: str) -> tuple[int, int]:
    """Return how often logins of a principal failed in a row, and when last (ms)."""
    row = await db.one(_FAILURES, principal)
    return (0, 0) if row is None else (cast(int, row[0]), cast(int, row[1]))


def note_failure(principal: str, now_ms: int) -> Step:
    """Count a failed login."""
    return Step(_FAILED, (principal, 1, now_ms))


def forgive(principal: str) -> Step:
    """Forget failed logins."""
    return Step(_FORGIVEN, (principal,))
