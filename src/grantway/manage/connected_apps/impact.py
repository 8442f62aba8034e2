"""What a change of an app would meet, told before it is made: it is tried, taken back, and its reach counted."""

from dataclasses import dataclass
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.domain.refresh_life import refresh_life
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.live import live_grants
from grantway.manage.live.left_out import begins_admin_approval, left_out
from grantway.manage.live.live_grants import GrantHolder
from grantway.settings.setting import AnySetting
from grantway.store.statement import Statement

_CODES: Final = Statement(
    "SELECT redirect_uri, challenge FROM authorization_code"
    " WHERE app_id = :app_id AND spent_at IS NULL AND expires_at > CAST(:now AS BIGINT)"
)
_SCOPES: Final = (s.SCOPES, s.CUSTOM_SCOPES)
_SECRETS: Final = frozenset({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW, s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW})
_SWITCHES: Final = (s.OAUTH_ENABLED, s.ENABLED_IN_ORG)
_LIVES: Final = (s.REFRESH_TOKEN_POLICY, s.LIMIT_IDLE_REFRESH_TOKENS)
_NOBODY: Final = ("ok", "no one affected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One setting that would change: in words before and after, and what that meets.

    `weight`: ok (nobody is affected), info (new requests), warn (something ends later, or is refused now), bad
    (something ends).
    """

    setting: AnySetting
    now: str
    after: str
    weight: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """All that a change would meet. Counts are of live grants, taken at `at` (ms).

    - `ends`: end when it is saved; `later`: cannot be refreshed any more; `stops`: are refused while OAuth is off.
    - `holders`: the users whose grants end when it is saved, whoever loses most first.
    """

    before: InstalledApp
    after: InstalledApp
    at: int
    effects: tuple[Effect, ...]
    users: int
    grants: int
    ends: int
    later: int
    stops: int
    holders: tuple[GrantHolder, ...]
    warnings: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many grants would be of no use any more: the number to agree to."""
        return min(self.grants, self.stops or self.ends + self.later)

    @property
    def stay(self) -> int:
        """How many grants stay as they are."""
        return self.grants - self.lost


def _goes(app: InstalledApp) -> bool:
    return app[s.OAUTH_ENABLED] and app[s.ENABLED_IN_ORG]


class _TakenBack(Exception):
    def __init__(self, before: InstalledApp, changed: apps.Changed) -> None:
        super().__init__()
        self.before: Final = before
        self.changed: Final = changed


async def weigh(desk: Desk, org: Org, name: str, asked: dict[str, Any], *, seen: str = "") -> Impact:
    """Return what `apps.change` with the same arguments would meet; nothing is changed.

    Raises:
        ManageProblem: as saving would, in the same words.
    """
    before, changed = await _tried(desk, org, name, asked, seen)
    after = changed.app
    counted = await live_grants.count(desk, before)
    stops = counted.grants.number if _goes(before) and not _goes(after) else 0
    later = 0
    holders: tuple[GrantHolder, ...] = ()
    if begins_admin_approval(before, after):
        holders = tuple(one for one in await left_out(desk, after) if one.grants)
    if refresh_life(before) != refresh_life(after):
        later = await live_grants.past(desk, before, refresh_life(after))
    reach = dict.fromkeys(_LIVES, later) | dict.fromkeys(_SWITCHES, stops) | {s.PERMITTED_USERS: changed.ended}
    effects = [
        await _effect(desk, before, after, setting, reach.get(setting, 0))
        for setting in s.held_by(s.Holder.APP, s.Holder.POLICY)
        if before[setting] != after[setting]
    ]
    return Impact(
        before=before,
        after=after,
        at=desk.clock.now_ms(),
        effects=tuple(effects),
        users=counted.users.number,
        grants=counted.grants.number,
        ends=changed.ended,
        later=later,
        stops=stops,
        holders=holders,
        warnings=changed.warnings,
    )


async def _tried(
    desk: Desk, org: Org, name: str, asked: dict[str, Any], seen: str
) -> tuple[InstalledApp, apps.Changed]:
    """Make the change and take it back: so whatever saving would refuse is refused here, in the same words."""
    try:
        async with desk.changing() as changing:
            before = await apps.find(changing, org, name)
            raise _TakenBack(before, await apps.change(changing, org, name, asked, seen=seen))
    except _TakenBack as back:
        return back.before, back.changed


async def _effect(desk: Desk, before: InstalledApp, after: InstalledApp, setting: AnySetting, reach: int) -> Effect:
    weight, says = await _reach_of(desk, before, after, setting, reach)
    kind = setting.kind
    return Effect(
        setting=setting, now=kind.says(before[setting]), after=kind.says(after[setting]), weight=weight, says=says
    )


async def _reach_of(
    desk: Desk, before: InstalledApp, after: InstalledApp, setting: AnySetting, reach: int
) -> tuple[str, str]:
    if setting in _SWITCHES and not after[setting]:
        return ("bad", f"stops {grants(reach)}") if reach else ("warn", "every request is refused")
    if setting is s.PERMITTED_USERS:
        if reach:
            return "bad", f"ends {grants(reach)}"
        return _NOBODY if begins_admin_approval(before, after) else ("info", "users are asked from now on")
    if setting in _LIVES:
        return ("warn", f"ends {reach} later") if reach else _NOBODY
    if setting in _SCOPES and (gone := _gone(setting, before, after)):
        held = await live_grants.holding_scopes(desk, before, gone)
        return ("warn", f"{grants(held)} keep{'s' if held == 1 else ''} it") if held else _NOBODY
    if setting is s.CALLBACK_URL and (gone := _gone(s.CALLBACK_URL, before, after)):
        codes = [row for row in await _codes(desk, before) if row[0] in gone]
        return ("bad", f"ends {_codes_text(len(codes))}") if codes else ("info", "new logins there are refused")
    if setting is s.REQUIRE_PKCE and after[s.REQUIRE_PKCE]:
        codes = [row for row in await _codes(desk, before) if not row[1]]
        return ("info", f"{_codes_text(len(codes))} asked for without it still count") if codes else _NOBODY
    if setting in _SECRETS and after[setting]:
        return "warn", "clients that send no secret are refused"
    if not setting.effect or setting.awaits:
        return _NOBODY
    return "info", "from the next request"


def _gone(setting: AnySetting, before: InstalledApp, after: InstalledApp) -> frozenset[str]:
    """Return what a list held before and does not after."""
    kept = after[setting]
    return frozenset(one for one in before[setting] if one not in kept)


async def _codes(desk: Desk, app: InstalledApp) -> list[tuple[str, str]]:
    """Return callback and challenge of each code that waits to be redeemed."""
    rows = await desk.session.all(_CODES, app.id, desk.clock.now_ms())
    return [cast(tuple[str, str], tuple(row)) for row in rows]


def _codes_text(number: int) -> str:
    return f"{number} waiting code{'s' if number != 1 else ''}"


def grants(number: int) -> str:
    """Return a number of grants in words."""
    return f"{number:,} grant{'s' if number != 1 else ''}"
