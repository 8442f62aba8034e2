"""Staged rotation of an app's consumer key and secret: stage, apply, cancel.

A connected app's staged pair waits until it is applied, which ends the app's tokens (connected-apps.md 2.7). An
external client app's answers at once, beside the app's own, and so does for 30 days the one it replaces; tokens stay,
for they belong to the app (2.8).
"""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.kit.ids import CREDENTIAL_SET, canonical_id
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import demand_power_of
from grantway.manage.consumer_keys.credentials import (
    Pair,
    Pairs,
    PairState,
    add_staged,
    drop,
    is_external,
    pairs_of,
    put_in_force,
)
from grantway.manage.desk import Desk
from grantway.manage.live import live_grants, single_tokens
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.protocol.when import iso_seconds
from grantway.store.apps import Apps
from grantway.store.statement import Statement

OVERLAP_MS: Final = 10 * MINUTE_MS
SET_MS: Final = 30 * DAY_MS
"""How long a set of an external client app answers, from when it was staged or replaced."""
MOST_SETS: Final = 10
"""How many sets an external client app has at most: each is a secret that somebody keeps."""
_END_LINES: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'app.rotated' WHERE app_id = :id AND revoked_at IS NULL"
    " RETURNING has_refresh"
)
# Access tokens of lines end with their line.
_END_ACCESS: Final = Statement(
    "UPDATE access_token SET revoked_at = :now WHERE family_id = '' AND app_id = :id AND revoked_at IS NULL"
    " AND expires_at > :now RETURNING id"
)
_ORGS: Final = Statement(
    "SELECT org_id FROM token_family WHERE app_id = :id AND revoked_at IS NULL"
    " UNION SELECT org_id FROM access_token WHERE family_id = '' AND app_id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What applying would end, or has ended: live grants, and access tokens without a refresh token."""

    grants: int
    access_tokens: int

    @property
    def words(self) -> str:
        """Both numbers for a person."""
        grants = f"{self.grants} grant{'' if self.grants == 1 else 's'}"
        return f"{grants} and {self.access_tokens} single access token{'' if self.access_tokens == 1 else 's'}"


NOTHING: Final = Impact(grants=0, access_tokens=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An app under its new key and secret, until when the old ones answer too (ms), and what ended."""

    app: InstalledApp
    previous_until: int
    ended: Impact

    @property
    def ends_tokens(self) -> bool:
        """Whether tokens end with it at all."""
        return not is_external(self.app)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """An app, and the pair that it had until now."""

    app: InstalledApp
    pair: Pair


async def look(desk: Desk, org: Org, name: str) -> Pairs:
    """Return an app with its pairs beside the current one. Show their secrets to nobody.

    Raises:
        ManageProblem: no right, no such app, or an app of another org.
    """
    return await pairs_of(desk, await _own(desk, org, name, Right.ROTATE_KEYS))


async def impact(desk: Desk, app: InstalledApp) -> Impact:
    """Count what applying a staged pair would end now, in every org that uses the app.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.ROTATE_KEYS, app.app.org_id, app.kind)
    if is_external(app):
        return NOTHING
    grants = access_tokens = 0
    for (org_id,) in await desk.session.all(_ORGS, app.id):
        met = await Apps(desk.ring).in_org(desk.session, app.id, cast(str, org_id))
        if met is not None:
            grants += (await live_grants.count(desk, met)).grants.number
            access_tokens += (await single_tokens.count(desk, met)).number
    return Impact(grants=grants, access_tokens=access_tokens)


async def stage(desk: Desk, org: Org, name: str) -> Pairs:
    """Make a new key and secret.

    A connected app's wait to be applied, and overwrite what waited before. An external client app's answer at once,
    for 30 days; there is one such set at a time.

    Raises:
        ManageProblem: no right, no such app, an app of another org, one that acts as a user with more rights, or an
            external client app that has a staged set, or too many sets, already.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name)
        if app.is_registered:
            raise ManageProblem(f"{app.app.name} registered itself and knows only its own key: delete it instead")
        held = await pairs_of(changing, app)
        if is_external(app):
            await _make_room(changing, held)
        elif held.staged is not None:
            await drop(changing, app, (held.staged,))
        # Without an end the pair does not answer before it is applied.
        await add_staged(changing, app, desk.clock.now_ms() + SET_MS if is_external(app) else None)
        about = {"of": app.kind.words, "name": app.app.name}
        await changing.audit("admin.app.stage", org.id, app_id=app.id, **about)
        return await pairs_of(changing, await apps.find(changing, org, app.id))


async def apply(
    desk: Desk, org: Org, name: str, *, set_id: str = "", seen: str = "", most: Impact | None = None
) -> Applied:
    """Make the staged pair the app's own; what users approved stays, and the pair that was replaced answers a while.

    A connected app's for ten minutes, and every access and refresh token of it ends at once. An external client app's
    for 30 days, and nothing ends. `set_id` or `seen`, its key, say which staged pair the caller looked at; `most` what
    they were told would end.

    Raises:
        ManageProblem: no right, no such app, nothing is staged; (NotFound) no such pair; (StaleVersion) another pair is
            staged than was seen, or more would end than was told.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name)
        held = await pairs_of(changing, app)
        staged = _named(held, set_id) if set_id else held.staged
        if staged is None:
            raise ManageProblem(f"nothing is staged for {app.app.name}: generate a new key and secret first")
        if staged.state not in (PairState.ACTIVE, PairState.STAGED):
            raise ManageProblem(f"the set {staged.id} is {staged.state.value}: only a staged one can be rotated")
        if seen and seen != staged.consumer_key:
            raise StaleVersion(f"another key and secret were staged for {app.app.name} meanwhile: look at them again")
        now = await impact(changing, app)
        if most is not None and (now.grants > most.grants or now.access_tokens > most.access_tokens):
            raise StaleVersion("more grants or tokens would end now than when you looked: look at it again")
        return await _swap(changing, org, held, staged, now)


async def cancel(desk: Desk, org: Org, name: str, *, set_id: str = "") -> Dropped:
    """Drop a pair beside the current one: what is staged never answers, what answered is refused at once.

    `set_id` says which; without it there must be one alone.

    Raises:
        ManageProblem: no right, no such app, an app of another org, nothing is staged, or there are several sets;
            (NotFound) no such pair.
    """
    async with desk.changing() as changing:
        app = await _own(changing, org, name, Right.ROTATE_KEYS)
        dropped = _chosen(await pairs_of(changing, app), set_id)
        await drop(changing, app, (dropped,))
        about = {"of": app.kind.words, "name": app.app.name}
        if is_external(app):
            about["pair"] = f"credential set {dropped.id} ({dropped.state.value})"
        await changing.audit("admin.app.unstage", org.id, app_id=app.id, **about)
        return Dropped(app=await apps.find(changing, org, app.id), pair=dropped)


async def reveal_staged(desk: Desk, org: Org, name: str, *, set_id: str = "") -> Pair:
    """Return a pair beside the current one to somebody who may read it; leaves an audit record.

    `set_id` says which; without it, the one that is staged.

    Raises:
        ManageProblem: as with `stage`, or nothing is staged; (NotFound) no such pair.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name, Right.REVEAL_SECRET)
        held = await pairs_of(changing, app)
        found = _named(held, set_id) if set_id else held.staged
        if found is None:
            raise ManageProblem(f"nothing is staged for {app.app.name}")
        about = {"of": app.kind.words, "name": app.app.name}
        pair = f"credential set {found.id}" if is_external(app) else "temporary credentials"
        await changing.audit("admin.app.reveal", org.id, app_id=app.id, pair=pair, **about)
        return found


async def _swap(desk: Desk, org: Org, held: Pairs, staged: Pair, told: Impact) -> Applied:
    app, now = held.app, desk.clock.now_ms()
    until = now + (SET_MS if is_external(app) else OVERLAP_MS)
    if not is_external(app):
        await drop(desk, app, tuple(one for one in held.sets if one.id != staged.id))
    await put_in_force(desk, app, staged, until)
    if not is_external(app):
        await desk.run(_END_LINES, now=now, id=app.id)
        await desk.run(_END_ACCESS, now=now, id=app.id)
    await desk.audit(
        "admin.app.rotate",
        org.id,
        app_id=app.id,
        of=app.kind.words,
        name=app.app.name,
        tokens="none" if is_external(app) else told.words,
        previous_until=until,
    )
    return Applied(app=await apps.find(desk, org, app.id), previous_until=until, ended=told)


async def _make_room(desk: Desk, held: Pairs) -> None:
    """Demand that another set may be staged, and forget those that ended long ago.

    Raises:
        ManageProblem: one is staged already, or there are too many.
    """
    name, staged, now = held.app.app.name, held.staged, desk.clock.now_ms()
    if staged is not None:
        until = f" and answers until {iso_seconds(staged.ends_at)}" if staged.ends_at is not None else ""
        raise ManageProblem(
            f"{name} has a staged set already: {staged.id}, which is {staged.state.value}{until}; "
            "rotate or delete it first"
        )
    old = tuple(one for one in held.sets if one.ends_at is not None and one.ends_at + SET_MS <= now)
    if len(held.sets) - len(old) >= MOST_SETS:
        raise ManageProblem(f"{name} has {MOST_SETS} sets of key and secret beside its own: delete one first")
    await drop(desk, held.app, old)


def _chosen(held: Pairs, set_id: str) -> Pair:
    if set_id:
        return _named(held, set_id)
    # Of a connected app only what is staged: the pair it has replaced ends by itself.
    sets = held.sets if is_external(held.app) else tuple(one for one in held.sets if one is held.staged)
    if not sets:
        raise ManageProblem(f"nothing is staged for {held.app.app.name}")
    if len(sets) > 1:
        told = ", ".join(f"{one.id} ({one.state.value})" for one in sets)
        raise ManageProblem(f"{held.app.app.name} has several sets, say which to delete: {told}")
    return sets[0]


def _named(held: Pairs, set_id: str) -> Pair:
    found = held.named(canonical_id(set_id, CREDENTIAL_SET) or "")
    if found is None:
        raise NotFound(f"{held.app.app.name} has no set of key and secret with the id {set_id[:40]!r}")
    return found


async def _rotatable(desk: Desk, org: Org, name: str, right: Right = Right.ROTATE_KEYS) -> InstalledApp:
    """Return an app of this org whose secret the caller may have (S38)."""
    app = await _own(desk, org, name, right)
    if app[s.CLIENT_CREDENTIALS] and app[s.RUN_AS]:
        await demand_power_of(desk, app[s.RUN_AS], f"rotate the secret that acts as {app[s.RUN_AS]}")
    return app


async def _own(desk: Desk, org: Org, name: str, right: Right) -> InstalledApp:
    """Return an app of this org; what a right over it takes depends on its kind."""
    app = await apps.find(desk, org, name)
    desk.caller.needs(right, org.id, app.kind)
    if app.app.org_id != org.id:
        raise ManageProblem(f"{app.app.name} belongs to another org: only that one can rotate its key and secret")
    return app
