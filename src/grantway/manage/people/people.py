"""People looked for: users in pages, who has a profile or permission set, what one user has out."""

from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import AppKind
from grantway.domain.org import Org, User
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.live.live_grants import POLICY, STANDS, WITH_MARKS, Within
from grantway.manage.people import users
from grantway.manage.problem import NotFound
from grantway.store.browsers import end_session
from grantway.store.people import USER_COLUMNS
from grantway.store.statement import SqlValue, Statement

_GRANTS: Final = 100
_WHERE: Final = (
    "FROM person u JOIN profile r ON r.id = u.profile_id WHERE u.org_id = :org_id AND (:like = ''"
    " OR u.username LIKE :like ESCAPE '!' OR lower(u.email) LIKE :like ESCAPE '!'"
    " OR lower(u.first_name || ' ' || u.last_name) LIKE :like ESCAPE '!')"
)
_PAGE: Final = Statement(
    f"SELECT {USER_COLUMNS} {_WHERE} ORDER BY u.username LIMIT CAST(:size AS BIGINT) OFFSET CAST(:skip AS BIGINT)"
)
_COUNT: Final = Statement(f"SELECT COUNT(*) {_WHERE}")
_OF_PROFILES: Final = Statement("SELECT profile_id, COUNT(*) FROM person WHERE org_id = :org_id GROUP BY profile_id")
_OF_SETS: Final = Statement(
    "SELECT m.permission_set_id, COUNT(*) FROM permission_set_assignment m"
    " JOIN permission_set s ON s.id = m.permission_set_id WHERE s.org_id = :org_id GROUP BY m.permission_set_id"
)
_POLICIES: Final = Statement(
    "SELECT a.id, a.name, a.org_id, a.settings, p.settings FROM app_policy p JOIN app a ON a.id = p.app_id"
    " WHERE p.org_id = :org_id ORDER BY a.name"
)
_NAME: Final = Statement("SELECT first_name, last_name, username FROM person WHERE id = :id AND org_id = :org_id")
_LINES: Final = Statement(
    f"SELECT f.id, a.id, a.name, a.org_id, a.settings, f.scopes, f.created_at, f.used_at, f.uses, {POLICY}"  # noqa: S608 - our own number
    f" FROM token_family f {WITH_MARKS} WHERE f.user_id = :user_id AND {STANDS}"
    f" ORDER BY f.used_at DESC, f.id DESC LIMIT {_GRANTS}"
)
_SESSIONS: Final = Statement(
    "SELECT s.id, s.auth_time, s.seen_at, s.expires_at FROM browser_session s JOIN person u ON u.id = s.person_id"
    " WHERE s.person_id = :user_id AND s.ended_at IS NULL AND s.expires_at > CAST(:now AS BIGINT)"
    " AND s.auth_time > u.not_before ORDER BY s.auth_time DESC"
)
_SESSION: Final = Statement("SELECT id FROM browser_session WHERE id = :id AND person_id = :user_id")
_END_SESSIONS: Final = Statement(
    "UPDATE browser_session SET ended_at = :now WHERE person_id = :user_id AND ended_at IS NULL"
    " AND expires_at > CAST(:now AS BIGINT) RETURNING id"
)
# The codes that came of a login and wait; an empty id is any login's.
_END_CODES: Final = Statement(
    "DELETE FROM authorization_code WHERE user_id = :user_id AND session_id <> '' AND spent_at IS NULL"
    " AND (session_id = CAST(:session_id AS TEXT) OR CAST(:session_id AS TEXT) = '') RETURNING id"
)


class _Policies(msgspec.Struct, frozen=True):
    profiles: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()


class _Labelled(msgspec.Struct, frozen=True):
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppNamed:
    """An app as it is linked to: `ref` names it in an address of this org."""

    ref: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A live grant of a user. Times in ms; `uses`: how many access tokens came of it."""

    id: str
    app: AppNamed
    scopes: str
    created_at: int
    used_at: int
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """A login of a user in a browser that is still good. Times in ms."""

    id: str
    began_at: int
    seen_at: int
    ends_at: int


async def page_of_users(desk: Desk, org: Org, *, query: str, page: int, size: int) -> tuple[tuple[User, ...], int]:
    """Return a page of an org's users whose username, e-mail or name holds `query`, and how many there are.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    escaped = query.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    like = f"%{escaped}%" if escaped else ""
    values: dict[str, SqlValue] = {"org_id": org.id, "like": like, "size": size, "skip": (page - 1) * size}
    rows = await desk.session.all(_PAGE, *(values[name] for name in _PAGE.names))
    count = await desk.session.one(_COUNT, *(values[name] for name in _COUNT.names))
    return tuple(User(*cast(Any, row)) for row in rows), cast(int, count[0]) if count else 0


async def members(desk: Desk, org: Org) -> dict[str, int]:
    """Return how many users have each profile and permission set of an org, by its id.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    rows = [*await desk.session.all(_OF_PROFILES, org.id), *await desk.session.all(_OF_SETS, org.id)]
    return {cast(str, holder): cast(int, number) for holder, number in rows}


async def pre_authorized(desk: Desk, org: Org, *, profile: str = "", permission_set: str = "") -> tuple[AppNamed, ...]:
    """Return the apps whose policies name a profile or permission set, of the kinds that the caller may read.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    found = []
    for app_id, name, home, settings, policies in await desk.session.all(_POLICIES, org.id):
        if not desk.caller.may(Right.READ_APPS, org.id, AppKind.of_id(cast(str, app_id))):
            continue
        named = msgspec.json.decode(cast(str, policies), type=_Policies)
        if (profile and profile in named.profiles) or (permission_set and permission_set in named.permission_sets):
            found.append(_named(org.id, app_id, name, home, settings))
    return tuple(found)


async def name_of(desk: Desk, user_id: str) -> str:
    """Return the name of a user of the caller's org; empty when there is none."""
    row = await desk.session.one(_NAME, user_id, desk.caller.org_id) if user_id else None
    return (f"{cast(str, row[0])} {cast(str, row[1])}".strip() or cast(str, row[2])) if row else ""


async def grants_of(desk: Desk, org: Org, user: User) -> tuple[Line, ...]:
    """Return what apps may do for a user, the last used first, at most 100.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.USAGE, org.id)
    found = []
    within = Within(desk.clock.now_ms())
    rows = cast(list[Any], await desk.session.all(_LINES, user.id))
    for line_id, app_id, name, home, settings, scopes, created, used, uses, policy in rows:
        if not within(policy, created, used):
            continue
        found.append(
            Line(
                id=cast(str, line_id),
                app=_named(org.id, app_id, name, home, settings),
                scopes=cast(str, scopes),
                created_at=cast(int, created),
                used_at=cast(int, used),
                uses=cast(int, uses),
            )
        )
    return tuple(found)


async def sessions_of(desk: Desk, org: Org, user: User) -> tuple[LoginSession, ...]:
    """Return a user's logins in browsers that are still good, the last first.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.USERS, org.id)
    rows = await desk.session.all(_SESSIONS, user.id, desk.clock.now_ms())
    return tuple(
        LoginSession(id=row[0], began_at=row[1], seen_at=row[2], ends_at=row[3]) for row in cast(list[Any], rows)
    )


async def end_login(desk: Desk, org: Org, username: str, session_id: str) -> User:
    """End one login of a user, with the codes that came of it and wait; the tokens and approvals of apps stay.

    Raises:
        ManageProblem: no right, or there is no such user or login.
    """
    desk.caller.needs(Right.USERS, org.id)
    async with desk.changing() as changing:
        user = await users.find(changing, org, username)
        if await changing.session.one(_SESSION, session_id, user.id) is None:
            raise NotFound(f"{user.username} has no such login; it may have ended long ago")
        step = end_session(session_id, desk.clock.now_ms())
        await changing.run(step.statement, *step.values)
        await changing.run(_END_CODES, user_id=user.id, session_id=session_id)
        await changing.audit("admin.user.end_login", org.id, username=user.username)
        return user


async def end_logins(desk: Desk, org: Org, username: str) -> int:
    """End every login of a user as `end_login` ends one; return how many there were.

    Raises:
        ManageProblem: no right, or there is no such user.
    """
    desk.caller.needs(Right.USERS, org.id)
    async with desk.changing() as changing:
        user = await users.find(changing, org, username)
        ended = await changing.run(_END_SESSIONS, user_id=user.id, now=desk.clock.now_ms())
        await changing.run(_END_CODES, user_id=user.id, session_id="")
        await changing.audit("admin.user.end_login", org.id, username=user.username, logins=len(ended))
        return len(ended)


def _named(org_id: str, app_id: SqlValue, name: SqlValue, home: SqlValue, settings: SqlValue) -> AppNamed:
    label = msgspec.json.decode(cast(str, settings), type=_Labelled).label
    return AppNamed(ref=cast(str, name if home == org_id else app_id), label=label or cast(str, name))
