"""The list of an org's apps, page by page: looked for, narrowed and sorted in the database, counted for one page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.kit.clock import DAY_MS
from grantway.manage.connected_apps import pictures
from grantway.manage.connected_apps.app_acts import AppActs, acts_on
from grantway.manage.connected_apps.rules import names_in, warnings_knowing
from grantway.manage.connected_apps.verdicts import Verdicts, Versions
from grantway.manage.count import Count
from grantway.manage.desk import Desk
from grantway.manage.live import live_grants
from grantway.manage.live.live_grants import EVERY
from grantway.settings.setting import AnySetting
from grantway.store.app_uses import last_uses
from grantway.store.apps import POLICY_OF_APP, Apps
from grantway.store.statement import Row, SqlValue, Statement

PAGE: Final = 25
# In a list of many apps each is counted up to here; its own page counts further.
_LOOKED_EACH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A way to tokens that an app can have on: its word in the URL, its name, and the settings any of which does it."""

    word: str
    name: str
    settings: tuple[str, ...]

    def is_on(self, app: InstalledApp) -> bool:
        """Whether an app has it on."""
        return bool(app[s.OAUTH_ENABLED] and any(app[s.BY_NAME[name]] for name in self.settings))


def _in_force(setting: AnySetting | None) -> bool:
    return setting is not None and not setting.awaits


FLOWS: Final = tuple(
    flow
    for flow in (
        Flow(word="web_server", name="Web Server", settings=(s.CALLBACK_URL.name,)),
        Flow(word="device", name="Device", settings=("device_flow",)),
        Flow(word="client_credentials", name="Client Credentials", settings=(s.CLIENT_CREDENTIALS.name,)),
        Flow(word="jwt_bearer", name="JWT Bearer", settings=(s.CERTIFICATE.name, s.JWKS.name, s.JWKS_URI.name)),
        Flow(word="username_password", name="Username-Password", settings=(s.USERNAME_PASSWORD.name,)),
        Flow(word="code_credentials", name="Code and Credentials", settings=("code_and_credentials",)),
        Flow(word="token_exchange", name="Token Exchange", settings=("token_exchange",)),
    )
    if any(_in_force(s.BY_NAME.get(name)) for name in flow.settings)
)
STATES: Final = ("attention", "blocked")
SORTS: Final = ("name", "api_name", "permitted", "used", "created")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which apps are asked for: words of name or key, a flow, a state; sorted how; the page from 1.

    `parent`: the id of the app that they belong to; without it those that belong to none.
    """

    words: str = ""
    flow: str = ""
    state: str = ""
    parent: str = ""
    sort: str = "name"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedApp:
    """One app of the list with what stands of it in this org. Times in ms.

    `picture`: the path of its icon, or of its logo, here; empty without one. `may`: what the caller may do with it.
    `registered`: how many apps belong to it.
    """

    app: InstalledApp
    flows: tuple[str, ...]
    users: Count
    grants: Count
    last_used: int
    refused: int
    registered: int
    warnings: tuple[str, ...]
    picture: str
    may: AppActs

    @property
    def is_ours(self) -> bool:
        """Whether this org made it; else it is another org's, installed here."""
        return self.app.app.org_id == self.app.org.id

    @property
    def is_blocked(self) -> bool:
        """Whether nothing of it works in this org."""
        return bool(self.app.policy and self.app.policy.is_blocked)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPage:
    """One page of the list, and how many apps there are that were asked for."""

    asked: Asked
    apps: tuple[ListedApp, ...] = ()
    total: int

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self.asked.page * PAGE < self.total

    @property
    def first(self) -> int:
        """The number of its first app in the list, from 1; 0 when it is empty."""
        return (self.asked.page - 1) * PAGE + 1 if self.apps else 0

    @property
    def last(self) -> int:
        """The number of its last app in the list."""
        return self.first + len(self.apps) - 1 if self.apps else 0


_LABEL: Final = "lower(COALESCE(FIELD(a.settings, label), ''))"
# Looked at only where it matters: of an org's own apps a page needs the policies of those that it shows.
_POLICY: Final = f"FROM app_policy p WHERE p.app_id = {POLICY_OF_APP} AND p.org_id = :org_id"
_MATCHES: Final = (
    f"(a.org_id = :org_id OR EXISTS (SELECT 1 {_POLICY})) AND (:kind = '' OR a.kind = :kind)"
    f" AND (:words = '' OR {_LABEL} LIKE :pattern ESCAPE '!' OR lower(a.name) LIKE :pattern ESCAPE '!'"
    " OR a.consumer_key = :words)"
    f" AND (CAST(:blocked AS BIGINT) = 0 OR EXISTS (SELECT 1 {_POLICY} AND p.is_blocked = 1))"
    # Registered apps stand below their parent, and are found by name and key.
    " AND (a.parent_id = CAST(:parent AS TEXT) OR (:parent = '' AND :words <> ''))"
)
_ORDER: Final = {
    "name": _LABEL,
    "api_name": "lower(a.name)",
    "permitted": f"COALESCE((SELECT FIELD(p.settings, permitted_users) {_POLICY}), 'self_authorize')",
    "used": (
        "COALESCE((SELECT z.last_at FROM app_use z WHERE z.app_id = a.id AND z.org_id = :org_id AND z.user_id = ''), 0)"
    ),
    "created": "a.created_at",
}


def is_on(flow: str) -> str:
    """Return the condition, as text, that a flow is on in app `a`; what its document does not say has its default."""
    found = next((one for one in FLOWS if one.word == flow), None)
    if found is None:
        return ""
    ways = " OR ".join(_is_set(s.BY_NAME[name]) for name in found.settings)
    return f" AND {_is_set(s.OAUTH_ENABLED)} AND ({ways})"


def _is_set(setting: AnySetting) -> str:
    default = setting.kind.write(setting.default)
    written = default if isinstance(default, str) else json.dumps(default)
    return (
        f"COALESCE(CAST(FIELD(a.settings, {setting.name}) AS TEXT), '{written}') NOT IN"
        " ('0', 'false', '[]', 'null', '')"
    )


_COUNTS: Final = {
    flow: Statement(f"SELECT COUNT(*) FROM app a WHERE {_MATCHES}{is_on(flow)}")  # noqa: S608 - our own names
    for flow in ("", *(flow.word for flow in FLOWS))
}
_VERSIONS: Final = f", a.version, COALESCE((SELECT p.version {_POLICY}), 0)"


def _pages(flow: str, columns: str) -> dict[tuple[str, str, bool], Statement]:
    return {
        (flow, sort, descending): Statement(
            f"SELECT a.id{columns} FROM app a WHERE {_MATCHES}{is_on(flow)}"  # noqa: S608 - our own names
            f" ORDER BY {_ORDER[sort]}{' DESC' if descending else ''}, a.id"
            " LIMIT CAST(:most AS BIGINT) OFFSET CAST(:skipped AS BIGINT)"
        )
        for sort in SORTS
        for descending in (False, True)
    }


# Whether a flow is on stands in the documents, which are not read a second time for the count.
_PAGES: Final = _pages("", "") | {
    key: statement for flow in _COUNTS if flow for key, statement in _pages(flow, ", COUNT(*) OVER ()").items()
}
_WITH_VERSIONS: Final = {key: statement for flow in _COUNTS for key, statement in _pages(flow, _VERSIONS).items()}
_REGISTERED: Final = Statement("SELECT COUNT(*) FROM app WHERE parent_id = :app_id")
_REFUSED: Final = Statement(
    "SELECT COUNT(*) FROM refusal WHERE app_id = :app_id AND at > :since"
    " AND (org_id = :org_id OR CAST(:ours AS BIGINT) = 1)"
)


async def page_of(desk: Desk, org: Org, asked: Asked, verdicts: Verdicts) -> AppPage:
    """Return one page of the apps of an org, of the kinds that the caller may read: its own, and those of others that
    it has installed.

    Raises:
        ManageProblem: no right.
    """
    kind = desk.caller.reads(org.id)
    words = asked.words.strip()[:256]
    pattern = "%" + "".join("!" + char if char in "!%_" else char for char in words.lower()) + "%"
    values: dict[str, SqlValue] = {
        "org_id": org.id,
        "kind": kind,
        "words": words,
        "pattern": pattern,
        "blocked": int(asked.state == "blocked"),
        "parent": asked.parent,
    }
    skipped = (asked.page - 1) * PAGE
    if asked.state == "attention":
        # Only their rules can tell which apps belong to the answer.
        rows = await _found(desk, _WITH_VERSIONS, asked, values | {"most": EVERY, "skipped": 0})
        every = [Versions._make(cast(Any, row)) for row in rows]
        needing = await verdicts.needing_attention(desk, org, every)
        ids, total = needing[skipped : skipped + PAGE], len(needing)
    else:
        rows = await _found(desk, _PAGES, asked, values | {"most": PAGE, "skipped": skipped})
        ids = [cast(str, row[0]) for row in rows]
        total = cast(int, rows[0][1]) if asked.flow and rows else await _total(desk, asked, values)
    apps = await Apps(desk.ring).several(desk.session, ids, org.id)
    return AppPage(asked=asked, apps=await _listed(desk, org, apps), total=total)


async def _found(
    desk: Desk,
    statements: Mapping[tuple[str, str, bool], Statement],
    asked: Asked,
    values: Mapping[str, SqlValue],
) -> Sequence[Row]:
    statement = statements[asked.flow, asked.sort, asked.descending]
    return await desk.session.all(statement, *(values[name] for name in statement.names))


async def _total(desk: Desk, asked: Asked, values: Mapping[str, SqlValue]) -> int:
    counting = _COUNTS[asked.flow]
    row = await desk.session.one(counting, *(values[name] for name in counting.names))
    return cast(int, row[0]) if row else 0


async def _listed(desk: Desk, org: Org, apps: Sequence[InstalledApp]) -> tuple[ListedApp, ...]:
    """Look up what stands of some apps: each kind of fact for all of them at once."""
    ids, now = [app.id for app in apps], desk.clock.now_ms()
    counted = await live_grants.count_each(desk, apps, looked=_LOOKED_EACH)
    used = await last_uses(desk.session, org.id, ids)
    refused = await desk.session.each(
        _REFUSED, [(app.id, now - DAY_MS, org.id, int(app.app.org_id == org.id)) for app in apps]
    )
    registered = await desk.session.each(_REGISTERED, [(app_id,) for app_id in ids])
    names = await names_in(desk, org.id)
    shown = await pictures.shown(desk, apps, "icon")
    return tuple(
        ListedApp(
            app=app,
            flows=tuple(flow.name for flow in FLOWS if flow.is_on(app)),
            users=counted[at].users,
            grants=counted[at].grants,
            last_used=max(counted[at].last_used, used[at]),
            refused=cast(Any, refused[at])[0],
            registered=cast(Any, registered[at])[0],
            warnings=warnings_knowing(app, names, now),
            picture=shown.get(app.id, ""),
            may=acts_on(desk, org, app),
        )
        for at, app in enumerate(apps)
    )
