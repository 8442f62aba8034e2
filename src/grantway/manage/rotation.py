"""Staged rotation of an app's consumer key and secret (connected-apps.md 2.7): stage, apply, cancel."""

from dataclasses import dataclass, replace
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.app import Credential, InstalledApp
from grantway.domain.org import Org
from grantway.kit.clock import MINUTE_MS
from grantway.kit.secrets import Secret, new_consumer_key, new_consumer_secret
from grantway.manage import apps, live_grants, single_tokens
from grantway.manage.app_values import demand_power_of
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, StaleVersion
from grantway.store.apps import SECRET_PURPOSE, Apps
from grantway.store.statement import Insert, Statement, columns_of

OVERLAP_MS: Final = 10 * MINUTE_MS
_STAGED: Final = "staged"
_PREVIOUS: Final = "previous"
_ADD: Final = Insert("app_credential", Credential.__struct_fields__)
_DROP: Final = Statement("DELETE FROM app_credential WHERE app_id = :app_id AND state = :state RETURNING app_id")
_PAIRS: Final = Statement(
    f"SELECT {columns_of(Credential, 'c')} FROM app_credential c WHERE c.app_id = :app_id"  # noqa: S608 - our own names
)
# Each step counts as a change of the app: what was read of it is read again, and what was seen of it is old.
_TOUCH: Final = Statement("UPDATE app SET version = version + 1 WHERE id = :id")
_SWAP: Final = Statement(
    "UPDATE app SET consumer_key = :consumer_key, secret_mac = :secret_mac, secret_box = :secret_box,"
    " version = version + 1 WHERE id = :id"
)
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
class Pair:
    """A consumer key and secret beside the current ones. `ends_at` (ms): until when it answers, if it does."""

    consumer_key: str
    secret: Secret
    created_at: int
    ends_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """An app and its pairs: `staged` waits to be applied, `previous` was replaced and still answers."""

    app: InstalledApp
    staged: Pair | None = None
    previous: Pair | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An app under its new key and secret, until when the old ones answer too (ms), and what ended."""

    app: InstalledApp
    previous_until: int
    ended: Impact


async def look(desk: Desk, org: Org, name: str) -> Pairs:
    """Return an app with its staged pair, and the previous one while it answers. Show their secrets to nobody.

    Raises:
        ManageProblem: no right, no such app, or an app of another org.
    """
    return await _look(desk, await _own(desk, org, name, Right.ROTATE_KEYS))


async def impact(desk: Desk, app: InstalledApp) -> Impact:
    """Count what applying a staged pair would end now, in every org that uses the app.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.ROTATE_KEYS, app.app.org_id, app.kind)
    grants = access_tokens = 0
    for (org_id,) in await desk.session.all(_ORGS, app.id):
        met = await Apps(desk.ring).in_org(desk.session, app.id, cast(str, org_id))
        if met is not None:
            grants += (await live_grants.count(desk, met)).grants.number
            access_tokens += (await single_tokens.count(desk, met)).number
    return Impact(grants=grants, access_tokens=access_tokens)


async def stage(desk: Desk, org: Org, name: str) -> Pairs:
    """Make a new key and secret that wait to be applied; a pair that waited before is overwritten.

    Raises:
        ManageProblem: no right, no such app, an app of another org, or one that acts as a user with more rights.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name)
        secret, now = new_consumer_secret(), desk.clock.now_ms()
        await changing.run(_DROP, app.id, _STAGED)
        # Without an end the pair does not answer before it is applied.
        pair = Credential(
            app_id=app.id,
            state=_STAGED,
            consumer_key=new_consumer_key(),
            secret_mac=desk.ring.digest(secret.reveal(), SECRET_PURPOSE),
            secret_box=desk.ring.seal(secret.reveal().encode(), SECRET_PURPOSE),
            created_at=now,
            created_by=desk.caller.user_id,
            ends_at=None,
        )
        await changing.run(_ADD, *msgspec.structs.astuple(pair))
        await changing.run(_TOUCH, app.id)
        await changing.audit("admin.app.stage", org.id, app_id=app.id, name=app.app.name)
        return await _look(changing, await apps.find(changing, org, app.id))


async def apply(desk: Desk, org: Org, name: str, *, seen: str = "", most: Impact | None = None) -> Applied:
    """Make the staged pair the app's own, and end every access and refresh token of the app, at once.

    For ten minutes the pair that was replaced answers too; what users approved stays. `seen` is the staged key that
    the caller looked at, `most` what they were told would end.

    Raises:
        ManageProblem: no right, no such app, nothing is staged; (StaleVersion) another pair is staged than was seen, or
            more would end than was told.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name)
        staged = next((one for one in await _pairs(changing, app) if one.state == _STAGED), None)
        if staged is None:
            raise ManageProblem(f"nothing is staged for {app.app.name}: generate a new key and secret first")
        if seen and seen != staged.consumer_key:
            raise StaleVersion(f"another key and secret were staged for {app.app.name} meanwhile: look at them again")
        now = await impact(changing, app)
        if most is not None and (now.grants > most.grants or now.access_tokens > most.access_tokens):
            raise StaleVersion("more grants or tokens would end now than when you looked: look at it again")
        return await _swap(changing, org, app, staged, now)


async def cancel(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Drop the staged pair; it will never answer.

    Raises:
        ManageProblem: no right, no such app, an app of another org, or nothing is staged.
    """
    async with desk.changing() as changing:
        app = await _own(changing, org, name, Right.ROTATE_KEYS)
        if not await changing.run(_DROP, app.id, _STAGED):
            raise ManageProblem(f"nothing is staged for {app.app.name}")
        await changing.run(_TOUCH, app.id)
        await changing.audit("admin.app.unstage", org.id, app_id=app.id, name=app.app.name)
        return await apps.find(changing, org, app.id)


async def reveal_staged(desk: Desk, org: Org, name: str) -> Pair:
    """Return the staged pair to somebody who may read it; leaves an audit record.

    Raises:
        ManageProblem: as with `stage`, or nothing is staged.
    """
    async with desk.changing() as changing:
        app = await _rotatable(changing, org, name, Right.REVEAL_SECRET)
        staged = (await _look(changing, app)).staged
        if staged is None:
            raise ManageProblem(f"nothing is staged for {app.app.name}")
        await changing.audit("admin.app.reveal", org.id, app_id=app.id, name=app.app.name, pair="temporary credentials")
        return staged


async def _swap(desk: Desk, org: Org, app: InstalledApp, staged: Credential, told: Impact) -> Applied:
    now = desk.clock.now_ms()
    old = app.app
    previous = Credential(
        app_id=app.id,
        state=_PREVIOUS,
        consumer_key=old.consumer_key,
        secret_mac=old.secret_mac,
        secret_box=old.secret_box,
        created_at=now,
        created_by=desk.caller.user_id,
        ends_at=now + OVERLAP_MS,
    )
    for state in (_STAGED, _PREVIOUS):
        await desk.run(_DROP, app.id, state)
    await desk.run(
        _SWAP,
        consumer_key=staged.consumer_key,
        secret_mac=staged.secret_mac,
        secret_box=staged.secret_box,
        id=app.id,
    )
    await desk.run(_ADD, *msgspec.structs.astuple(previous))
    await desk.run(_END_LINES, now=now, id=app.id)
    await desk.run(_END_ACCESS, now=now, id=app.id)
    await desk.audit(
        "admin.app.rotate",
        org.id,
        app_id=app.id,
        name=old.name,
        tokens=told.words,
        previous_until=previous.ends_at,
    )
    return Applied(app=await apps.find(desk, org, app.id), previous_until=now + OVERLAP_MS, ended=told)


async def _rotatable(desk: Desk, org: Org, name: str, right: Right = Right.ROTATE_KEYS) -> InstalledApp:
    """Return an app of this org whose secret the caller may have (S38)."""
    app = await _own(desk, org, name, right)
    if app[s.CLIENT_CREDENTIALS] and app[s.RUN_AS]:
        await demand_power_of(desk, app[s.RUN_AS], f"rotate the secret that acts as {app[s.RUN_AS]}")
    return app


async def _own(desk: Desk, org: Org, name: str, right: Right) -> InstalledApp:
    """Return an app of this org; what a right over it takes depends on its kind."""
    desk.caller.kinds(right, org.id)
    app = await apps.find(desk, org, name)
    desk.caller.needs(right, org.id, app.kind)
    if app.app.org_id != org.id:
        raise ManageProblem(f"{app.app.name} belongs to another org: only that one can rotate its key and secret")
    return app


async def _pairs(desk: Desk, app: InstalledApp) -> tuple[Credential, ...]:
    return tuple(Credential(*cast(Any, row)) for row in await desk.session.all(_PAIRS, app.id))


async def _look(desk: Desk, app: InstalledApp) -> Pairs:
    found = Pairs(app=app)
    for one in await _pairs(desk, app):
        if one.ends_at is not None and one.ends_at <= desk.clock.now_ms():
            continue
        pair = Pair(
            consumer_key=one.consumer_key,
            secret=Secret(desk.ring.open(one.secret_box, SECRET_PURPOSE).decode()),
            created_at=one.created_at,
            ends_at=one.ends_at,
        )
        found = replace(found, staged=pair) if one.state == _STAGED else replace(found, previous=pair)
    return found
