"""Connected Apps OAuth Usage: every app that has or asks for access to an org, installed or not."""

from dataclasses import dataclass, replace
from typing import Final, cast

import msgspec

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org, canonical_username
from grantway.kit.clock import DAY_MS
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.live import live_grants, single_tokens
from grantway.manage.live.live_grants import LIVE, LOOKED, live_values
from grantway.manage.problem import NotFound
from grantway.manage.usage import tokens
from grantway.manage.usage.app_activity import Out, out_of
from grantway.protocol.no import ALL
from grantway.store.apps import POLICY_OF_APP, Apps
from grantway.store.people import user_by_id
from grantway.store.statement import SqlValue, Statement

# In a list of many apps each is counted up to here; its own page counts further.
_LOOKED_EACH: Final = 1_000
_ASKED_MS: Final = 7 * DAY_MS
# Who may see and end what apps have out.
USAGE: Final = Right.USAGE
INSTALLED: Final = "installed"
NOT_INSTALLED: Final = "not installed"
BLOCKED: Final = "blocked"
_SEEN: Final = (
    "SELECT a.id, a.name, a.org_id, a.settings, COALESCE(p.is_blocked, -1), o.name FROM app a"  # noqa: S608 - our own names
    f" JOIN org o ON o.id = a.org_id LEFT JOIN app_policy p ON p.app_id = {POLICY_OF_APP} AND p.org_id = :org_id"
)
# Here a grant past its policy counts too: it would give tokens again under another one.
_USED: Final = (
    "(p.is_blocked = 1"  # noqa: S608 - our own names
    " OR EXISTS (SELECT 1 FROM token_family f JOIN person u ON u.id = f.user_id WHERE f.app_id = a.id"
    " AND f.org_id = :org_id AND f.has_refresh = 1 AND f.revoked_at IS NULL AND f.created_at > u.not_before"
    " AND f.created_at > CAST(:org_mark AS BIGINT) AND f.created_at > COALESCE(p.not_before, 0))"
    " OR EXISTS (SELECT 1 FROM refusal r WHERE r.app_id = a.id AND r.org_id = :org_id"
    " AND r.at > CAST(:since AS BIGINT))"
    f" OR {single_tokens.EXISTS})"
)
_IN_USE: Final = Statement(f"{_SEEN} WHERE {_USED}")
_ONE_IN_USE: Final = Statement(f"{_SEEN} WHERE a.id = :app_id AND {_USED}")
_LAST: Final = "CASE WHEN z.last_at > g.last_at THEN z.last_at ELSE g.last_at END"
_USERS: Final = Statement(
    "SELECT u.id, u.username, u.first_name, u.last_name, g.grants, g.access,"  # noqa: S608 - our own names
    " CASE WHEN z.first_at < COALESCE(y.first_at, g.first_at) THEN z.first_at"
    " ELSE COALESCE(y.first_at, g.first_at) END,"
    f" {_LAST}, g.uses + COALESCE(z.uses, 0)"
    " FROM (SELECT user_id, SUM(line) AS grants, SUM(1 - line) AS access, MIN(began) AS first_at, MAX(used) AS last_at,"
    " SUM(uses) AS uses FROM (SELECT f.user_id, 1 AS line, f.created_at AS began, f.used_at AS used, f.uses"
    f" FROM {live_grants.OF_APP} WHERE {LIVE}"
    f" UNION ALL SELECT t.user_id, 0, t.issued_at, t.issued_at, 0 FROM {single_tokens.OF_APP}) one GROUP BY user_id) g"
    " JOIN person u ON u.id = g.user_id LEFT JOIN approval y ON y.person_id = g.user_id AND y.app_id = :app_id"
    " LEFT JOIN app_use z ON z.app_id = :app_id AND z.org_id = :org_id AND z.user_id = g.user_id"
    " WHERE u.org_id = :org_id AND (:username = '' OR u.username = :username)"
    f" AND (CAST(:before AS BIGINT) < 0 OR {_LAST} < CAST(:before AS BIGINT)"
    f" OR ({_LAST} = CAST(:before AS BIGINT) AND u.username > :behind))"
    " ORDER BY 8 DESC, u.username LIMIT CAST(:size AS BIGINT) OFFSET CAST(:skip AS BIGINT)"
)
_REASONS: Final = tuple(name for name in ALL if name.endswith("app_not_installed") or name == "app.not_installed")
_ASKED: Final = Statement(
    "SELECT r.app_id, a.name, COUNT(*), COUNT(DISTINCT NULLIF(r.user_id, '')), MAX(r.at) FROM"  # noqa: S608 - our own names
    " (SELECT app_id, user_id, at, reason, org_id FROM refusal WHERE at > CAST(:since AS BIGINT)"
    f" ORDER BY at DESC LIMIT {LOOKED}) r JOIN app a ON a.id = r.app_id WHERE r.org_id = :org_id"
    f" AND r.reason IN ({', '.join(repr(name) for name in _REASONS)}) GROUP BY r.app_id, a.name ORDER BY MAX(r.at) DESC"
)
_LAST_ASKED: Final = Statement(
    "SELECT request_id FROM refusal WHERE app_id = :app_id AND org_id = :org_id AND at = :at LIMIT 1"
)


class _Described(msgspec.Struct, frozen=True):
    label: str = ""
    description: str = ""


_described: Final = msgspec.json.Decoder(_Described)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInUse:
    """An app that has something out in the org, asks for it, or is blocked. `state`: installed, not installed, blocked.

    `home`: the name of the org that it belongs to, empty where it is this one. `out` is counted for shown apps only.
    """

    id: str
    name: str
    label: str
    description: str
    state: str
    home: str
    out: Out | None = None

    @property
    def ref(self) -> str:
        """What names the app in this org, and in an address: its API name if it is the org's own, else its id."""
        return self.id if self.home else self.name

    @property
    def place(self) -> tuple[str, str]:
        """Where the app stands in the list."""
        return self.label.lower(), self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """A page of the apps in use, how many there are that were asked for, and how many of all are not installed."""

    apps: tuple[AppInUse, ...]
    total: int
    uninstalled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOfApp:
    """A user with something out for an app. Times in ms; `first_used` is the first use or approval that is remembered.

    `uses`: the access tokens that came of the live grants, and those that the app was ever given for the user without a
    refresh token.
    """

    id: str
    username: str
    name: str
    grants: int
    access_tokens: int
    first_used: int
    last_used: int
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Refusals of one app because it is not installed; `request_id` is the last of them."""

    app_id: str
    name: str
    users: int
    attempts: int
    last_at: int
    request_id: str


async def in_use(
    desk: Desk,
    org: Org,
    *,
    query: str = "",
    state: str = "",
    page: int = 1,
    size: int = 25,
    after: tuple[str, str] | None = None,
) -> InUse:
    """Return a page of the apps in use whose name, label or description holds `query`, by label.

    `after`: the place of the app that the piece before ended with; pages are counted from there.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(USAGE, org.id)
    now = desk.clock.now_ms()
    values: dict[str, SqlValue] = {"org_id": org.id, "now": now, "since": now - 30 * DAY_MS, "org_mark": org.not_before}
    rows = await desk.session.all(_IN_USE, *(values[name] for name in _IN_USE.names))
    everything = [_app(org, *row) for row in rows]
    wanted = query.strip().lower()
    found = [
        app
        for app in everything
        if (not state or app.state == state) and wanted in f"{app.name}\n{app.label}\n{app.description}".lower()
    ]
    found.sort(key=lambda app: app.place)
    following = [app for app in found if after is None or app.place > after]
    shown = []
    for app in following[(page - 1) * size : page * size]:
        met = await _met(desk, org, app.id)
        if met is not None:
            shown.append(replace(app, out=await out_of(desk, met, looked=_LOOKED_EACH)))
    uninstalled = sum(app.state == NOT_INSTALLED for app in everything)
    return InUse(apps=tuple(shown), total=len(found), uninstalled=uninstalled)


async def asked_for(desk: Desk, org: Org) -> tuple[Asked, ...]:
    """Return the apps that were refused in the last seven days because they are not installed, the last first.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(USAGE, org.id)
    values: dict[str, SqlValue] = {"org_id": org.id, "since": desk.clock.now_ms() - _ASKED_MS}
    found = []
    for app_id, name, attempts, people, at in await desk.session.all(_ASKED, *(values[n] for n in _ASKED.names)):
        last = await desk.session.one(_LAST_ASKED, app_id, org.id, at)
        found.append(
            Asked(
                app_id=cast(str, app_id),
                name=cast(str, name),
                users=cast(int, people),
                attempts=cast(int, attempts),
                last_at=cast(int, at),
                request_id=cast(str, last[0]) if last else "",
            )
        )
    return tuple(found)


async def find(desk: Desk, org: Org, ref: str) -> InstalledApp:
    """Return an app as an org meets it, installed or not, by API name, id or consumer key.

    Raises:
        ManageProblem: no right, or there is none; an app of another org that has nothing out here is as if unknown.
    """
    desk.caller.needs(USAGE, org.id)
    met = await apps.met(desk, org, ref)
    if met is None or (met.app.org_id != org.id and met.policy is None and not await _is_in_use(desk, met)):
        raise NotFound(f"no app {ref!r} has access to the org {org.name}")
    return met


async def users_of(
    desk: Desk,
    app: InstalledApp,
    *,
    username: str = "",
    page: int = 1,
    size: int = 25,
    after: tuple[int, str] | None = None,
) -> tuple[UserOfApp, ...]:
    """Return a page of the users for whom an app has something out, the last that used it first.

    `after`: last use (ms) and username of the user that the piece before ended with; pages are counted from there.

    Looks at the newest lines and access tokens, as `app_activity` counts them. A bound is said by `Count.or_more`.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(USAGE, app.org.id)
    now = desk.clock.now_ms()
    values: dict[str, SqlValue] = {
        "now": now,
        "looked": LOOKED,
        "username": canonical_username(username),
        "size": size,
        "skip": (page - 1) * size,
        **live_values(desk, app),
        "before": after[0] if after else -1,
        "behind": after[1] if after else "",
    }
    found = []
    rows = await desk.session.all(_USERS, *(values[name] for name in _USERS.names))
    for user_id, name, first, last, grants, access, first_at, last_at, uses in rows:
        found.append(
            UserOfApp(
                id=cast(str, user_id),
                username=cast(str, name),
                name=f"{cast(str, first)} {cast(str, last)}".strip() or cast(str, name),
                grants=cast(int, grants),
                access_tokens=cast(int, access),
                first_used=cast(int, first_at),
                last_used=cast(int, last_at),
                uses=cast(int, uses),
            )
        )
    return tuple(found)


async def revoke(desk: Desk, app: InstalledApp, *, user_id: str = "") -> int:
    """End all that an app has out in an org, or all of one user's; returns how many lines and access tokens ended.

    Raises:
        ManageProblem: no right, or no such user.
    """
    desk.caller.needs(USAGE, app.org.id)
    async with desk.changing() as changing:
        user = await user_by_id(changing.session, user_id) if user_id else None
        if user_id and (user is None or user.org_id != app.org.id):
            raise NotFound("there is no such user in this org")
        return await tokens.end(changing, app.org, user=user, app=app)


def _app(
    org: Org, app_id: SqlValue, name: SqlValue, home: SqlValue, settings: SqlValue, blocked: SqlValue, of: SqlValue
) -> AppInUse:
    described = _described.decode(cast(str, settings))
    return AppInUse(
        id=cast(str, app_id),
        name=cast(str, name),
        label=described.label or cast(str, name),
        description=described.description,
        state={-1: NOT_INSTALLED, 0: INSTALLED, 1: BLOCKED}[cast(int, blocked)],
        home="" if home == org.id else cast(str, of),
    )


async def _met(desk: Desk, org: Org, app_id: str) -> InstalledApp | None:
    return await Apps(desk.ring).in_org(desk.session, app_id, org.id)


async def _is_in_use(desk: Desk, app: InstalledApp) -> bool:
    now = desk.clock.now_ms()
    values: dict[str, SqlValue] = {
        "org_id": app.org.id,
        "now": now,
        "since": now - 30 * DAY_MS,
        "org_mark": app.org.not_before,
        "app_id": app.id,
    }
    return await desk.session.one(_ONE_IN_USE, *(values[name] for name in _ONE_IN_USE.names)) is not None
