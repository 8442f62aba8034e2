"""Connected apps: registered, changed, blocked, deleted. Every value goes through its setting's one declaration."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp, Policy, write_values
from grantway.domain.org import Org
from grantway.kit.ids import canonical_id, new_id
from grantway.kit.secrets import Secret, new_consumer_key, new_consumer_secret
from grantway.manage.audit import record_changes, recorded
from grantway.manage.caller import Right
from grantway.manage.connected_apps.app_names import api_name, key_problem, secret_problem
from grantway.manage.connected_apps.app_values import (
    Values,
    demand_power_of,
    demand_rights,
    fit_values,
    held,
    parse_values,
    with_placeholder,
)
from grantway.manage.connected_apps.contradictions import demand_sense
from grantway.manage.connected_apps.creation import demand_creation
from grantway.manage.connected_apps.follow_pictures import follow_pictures
from grantway.manage.connected_apps.rules import warnings_about
from grantway.manage.desk import Desk
from grantway.manage.live.left_out import begins_admin_approval, end_grants
from grantway.manage.near import did_you_mean
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.store.apps import POLICY_OF_APP, SECRET_PURPOSE, Apps
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert(
    "app",
    "id org_id name consumer_key secret_mac secret_box settings metadata version created_at created_by kind".split(),  # noqa: SIM905
)
_ADD_POLICY: Final = Insert(
    "app_policy",
    "org_id app_id settings run_as version is_blocked not_before installed_at".split(),  # noqa: SIM905
)
_BY_NAME: Final = Statement("SELECT id FROM app WHERE org_id = :org_id AND lower(name) = :name")
_BY_KEY: Final = Statement(
    "SELECT id FROM app WHERE consumer_key = :consumer_key"
    " UNION SELECT app_id FROM app_credential WHERE consumer_key = :consumer_key"
)
# The org's own, and what it has installed of others.
_ALL: Final = Statement(
    "SELECT a.id, a.name, a.kind FROM app a LEFT JOIN app_policy p"  # noqa: S608 - our own names
    f" ON p.app_id = {POLICY_OF_APP} AND p.org_id = :org_id"
    " WHERE a.org_id = :org_id OR p.app_id IS NOT NULL"
    " ORDER BY a.name, CASE WHEN a.org_id = :org_id THEN 0 ELSE 1 END, a.id"
)
_INSTALLED_BY_NAME: Final = Statement(
    "SELECT a.id FROM app_policy p JOIN app a ON a.id = p.app_id"
    " WHERE p.org_id = :org_id AND lower(a.name) = :name ORDER BY p.installed_at, a.id LIMIT 1"
)
_SET: Final = Statement("UPDATE app SET settings = :settings, version = version + 1 WHERE id = :id")
_SET_POLICY: Final = Statement(
    "UPDATE app_policy SET settings = :settings, run_as = :run_as, version = version + 1"
    " WHERE org_id = :org_id AND app_id = :app_id"
)
_BLOCK: Final = Statement(
    "UPDATE app_policy SET is_blocked = :blocked, version = version + 1 WHERE org_id = :org_id AND app_id = :app_id"
)
_REVOKE: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'app.deleted' WHERE app_id = :id AND revoked_at IS NULL"
)
_CHILDREN: Final = Statement("SELECT id FROM app WHERE parent_id = :id ORDER BY id")
# Codes, refresh and access tokens are dead without their app, at once; the sweep takes their rows.
_DELETE: Final = tuple(
    Statement(text)
    for text in (
        "DELETE FROM approval WHERE app_id = :id",
        "DELETE FROM app_policy WHERE app_id = :id",
        "DELETE FROM app_credential WHERE app_id = :id",
        "DELETE FROM app_use WHERE app_id = :id",
        "DELETE FROM initial_access_token WHERE app_id = :id",
        "DELETE FROM registered_client WHERE app_id = :id",
        "DELETE FROM app_picture WHERE app_id = :id",
        "DELETE FROM token_handler_app WHERE app_id = :id",
        "DELETE FROM app WHERE id = :id",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    """What is asked for when an app is made: API name or label, settings by name; key and secret where chosen."""

    name: str
    kind: AppKind = AppKind.CONNECTED_APP
    values: dict[str, Any] = field(default_factory=dict)
    consumer_key: str = ""
    consumer_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An app after a change, what should be looked at, and how many live grants ended with it."""

    app: InstalledApp
    warnings: tuple[str, ...] = ()
    ended: int = 0


async def create(desk: Desk, org: Org, asked: NewApp) -> Changed:
    """Register an app in an org, which has it installed from the start. It begins with what new apps begin with.

    Raises:
        ManageProblem: no right, apps of this kind cannot be made in this org, a name or key that is taken or unusable,
            or values that are not taken or contradict each other.
    """
    desk.caller.needs(Right.APPS, org.id, asked.kind)
    values = parse_values(asked.values)
    name = api_name(asked.name)
    values = {one: one.starts_with for one in s.held_by(s.Holder.APP, s.Holder.POLICY)} | values
    values[s.LABEL] = values[s.LABEL] or asked.name.strip()[:80]
    if not values[s.CONTACT_EMAIL]:
        raise ManageProblem.at("contact_email", "say whom to write to about this app")
    if asked.consumer_key and (problem := key_problem(asked.consumer_key)):
        raise ManageProblem.at("consumer_key", f"{problem}")
    if asked.consumer_secret and (problem := secret_problem(asked.consumer_secret)):
        raise ManageProblem.at("consumer_secret", f"{problem}")
    async with desk.changing() as changing:
        made = await add(
            changing, org, name, values, key=asked.consumer_key, secret=asked.consumer_secret, kind=asked.kind
        )
        demand_sense(None, made.app)
        return made


async def add(
    desk: Desk,
    org: Org,
    name: str,
    values: Values,
    *,
    key: str = "",
    secret: str = "",
    metadata: str = "",
    kind: AppKind = AppKind.CONNECTED_APP,
) -> Changed:
    """Store a new app with exactly these values; key and secret are generated where they are empty.

    Raises:
        ManageProblem: no right, apps of this kind cannot be made in this org, a name or key that is taken, or values
            that do not fit.
    """
    desk.caller.needs(Right.APPS, org.id, kind)
    # What a new app begins with is nobody's choice; what holds where nothing is set may be looser, and is one.
    chosen = {one: value for one, value in values.items() if value != one.starts_with}
    demand_rights(desk, org, chosen, kind)
    hidden = Secret(secret) if secret else new_consumer_secret()
    key = key or new_consumer_key()
    app_id, now = new_id(kind.id_prefix), desk.clock.now_ms()
    async with desk.changing() as changing:
        await demand_creation(changing, org, kind)
        if await id_of_name(changing, org, name):
            raise ManageProblem.at("name", f"there is an app {name} in {org.name} already")
        if await is_key_taken(changing, key):
            raise ManageProblem.at("consumer_key", "it is taken by another app of this server")
        values = await fit_values(changing, org, with_placeholder(desk, values, None), None)
        policy = held(values, s.Holder.POLICY)
        try:
            await changing.run(
                _ADD,
                app_id,
                org.id,
                name,
                key,
                desk.ring.digest(hidden.reveal(), SECRET_PURPOSE),
                desk.ring.seal(hidden.reveal().encode(), SECRET_PURPOSE),
                write_values(held(values, s.Holder.APP)),
                metadata,
                1,
                now,
                desk.caller.user_id,
                kind.value,
            )
        except Conflict as problem:
            raise ManageProblem.at("name", "an app of this name or key was made at this moment") from problem
        await changing.run(_ADD_POLICY, org.id, app_id, write_values(policy), policy.get(s.RUN_AS, ""), 1, 0, 0, now)
        await follow_pictures(changing, app_id, {}, values)
        after = {one.name: one.kind.write(value) for one, value in values.items()}
        await changing.audit(
            "admin.app.create",
            org.id,
            app_id=app_id,
            name=name,
            app_kind=kind.value,
            consumer_key=key,
            after=recorded(after),
        )
        return await _changed(changing, app_id, org.id)


async def find(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Return an app of an org, its own or one that it has installed, by API name, id or consumer key.

    Raises:
        ManageProblem: no right, or there is none.
    """
    desk.caller.kinds(Right.READ_APPS, org.id)
    app = await met(desk, org, name)
    if app is None or not (app.is_at_home or app.policy is not None):
        raise await unknown(desk, org, name)
    desk.caller.needs(Right.READ_APPS, org.id, app.kind)
    return app


async def met(desk: Desk, org: Org, name: str) -> InstalledApp | None:
    """Return any app as an org meets it, installed or not: by API name where it is the org's own or installed, by id or
    consumer key. None if there is none.

    Whoever asks demands the right, and tells nobody of an app that has nothing to do with the org.
    """
    app_id = await id_of_name(desk, org, name) or await id_of(desk, name) or await _id_of_installed(desk, org, name)
    return await Apps(desk.ring).in_org(desk.session, app_id, org.id) if app_id else None


async def unknown(desk: Desk, org: Org, name: str) -> NotFound:
    """Say that an org has no such app, with the nearest name that the caller may know."""
    kinds = [kind for kind in AppKind if desk.caller.may(Right.READ_APPS, org.id, kind)]
    rows = await desk.session.all(_ALL, org.id)
    names = (cast(str, row[1]) for row in rows if AppKind(row[2]) in kinds)
    return NotFound(f"there is no app {name!r} in the org {org.name}{did_you_mean(name, names)}")


async def id_of_name(desk: Desk, org: Org, name: str) -> str | None:
    """Return the id of the org's own app with an API name, or None.

    Case does not count: two apps are never told apart by it alone, nor are their files on many disks.
    """
    return await id_of_app(desk, org.id, name)


async def id_of_app(desk: Desk, org_id: str, name: str) -> str | None:
    """Return the id of the app with an API name in the org with an id, or None."""
    row = await desk.session.one(_BY_NAME, org_id, name.lower())
    return cast(str, row[0]) if row else None


async def id_of(desk: Desk, text: str) -> str | None:
    """Return the id of the app, of any org, that an id or a consumer key means; None if it is neither."""
    for kind in AppKind:
        if app_id := canonical_id(text, kind.id_prefix):
            return app_id
    row = await desk.session.one(_BY_KEY, text)
    return cast(str, row[0]) if row else None


async def _id_of_installed(desk: Desk, org: Org, name: str) -> str | None:
    """Return the id of an app of another org that this one has installed, by its API name there."""
    row = await desk.session.one(_INSTALLED_BY_NAME, org.id, name.lower())
    return cast(str, row[0]) if row else None


async def is_key_taken(desk: Desk, consumer_key: str) -> bool:
    """Tell whether any app of the server has a consumer key."""
    return await desk.session.one(_BY_KEY, consumer_key) is not None


async def all_apps(desk: Desk, org: Org) -> tuple[InstalledApp, ...]:
    """Return an org's own apps and those that it has installed, by name; of the kinds that the caller may read.

    Raises:
        ManageProblem: no right.
    """
    kinds = desk.caller.kinds(Right.READ_APPS, org.id)
    ids = [cast(str, row[0]) for row in await desk.session.all(_ALL, org.id) if AppKind(row[2]) in kinds]
    return tuple(await Apps(desk.ring).several(desk.session, ids, org.id))


async def change(desk: Desk, org: Org, name: str, asked: dict[str, Any], *, seen: str = "") -> Changed:
    """Change settings of an app and its policies in an org; all of them or none.

    `seen` is the app's version that the caller looked at; empty for a change that does not depend on it.

    Raises:
        ManageProblem: no right, no such app, values that are not taken or newly contradict each other, or
            (StaleVersion) changed since it was seen.
    """
    async with desk.changing() as changing:
        before = await find(changing, org, name)
        changed = await put(changing, org, name, parse_values(asked), seen=seen)
        demand_sense(before, changed.app)
        return changed


async def put(desk: Desk, org: Org, name: str, values: Values, *, seen: str = "") -> Changed:
    """Store values of an app that are read already; what is not among them stays as it is.

    Raises:
        ManageProblem: no right, no such app, values that do not fit, or (StaleVersion) changed since it was seen.
    """
    async with desk.changing() as changing:
        # Read within the transaction: what somebody else changes meanwhile is never overwritten (S42).
        app = await find(changing, org, name)
        # What stays as it is assigns nothing: a form and a file say again what is there.
        demand_rights(changing, org, {one: value for one, value in values.items() if app[one] != value}, app.kind)
        demand_version(app, seen)
        demand_open(app, values)
        if app.app.org_id == org.id:
            values = with_placeholder(desk, values, app)
        values = await fit_values(changing, org, values, app)
        of_app, of_policy = held(values, s.Holder.APP), held(values, s.Holder.POLICY)
        if of_app:
            if not app.is_at_home:
                raise ManageProblem(f"{next(iter(of_app)).name}: {app.app.name} belongs to another org, which sets it")
            await changing.run(_SET, write_values(of_app, over=app.app.settings), app.id)
            await follow_pictures(changing, app.id, {one: app[one] for one in of_app}, of_app)
        if of_policy:
            policy = _installed(app, next(iter(of_policy)).name)
            run_as = of_policy.get(s.RUN_AS, app[s.RUN_AS])
            await changing.run(_SET_POLICY, write_values(of_policy, over=policy.settings), run_as, org.id, app.id)
        before = {one.name: one.kind.write(app[one]) for one in values}
        after = {one.name: one.kind.write(value) for one, value in values.items()}
        changed = await _changed(changing, app.id, org.id)
        ended = {}
        if begins_admin_approval(app, changed.app):
            ended = {"grants_ended": await end_grants(changing, changed.app)}
        about = {"name": app.app.name, **ended}
        await record_changes(changing, "admin.app.change", org.id, before, after, app_id=app.id, **about)
        return replace(changed, ended=ended.get("grants_ended", 0))


async def block(desk: Desk, org: Org, name: str, *, blocked: bool) -> InstalledApp:
    """Block an app in an org, or let it in again. Blocked, nothing of it works from that moment.

    Raises:
        ManageProblem: no right, or no such app.
    """
    async with desk.changing() as changing:
        app = await find(changing, org, name)
        changing.caller.needs(Right.APP_POLICIES, org.id, app.kind)
        if app.is_child:
            raise ManageProblem(f"{app.app.name} has the policies of {app.parent}: block that, or delete this one")
        _installed(app, "block" if blocked else "unblock")
        await changing.run(_BLOCK, int(blocked), org.id, app.id)
        kind = "admin.app.block" if blocked else "admin.app.unblock"
        await changing.audit(kind, org.id, app_id=app.id, name=app.app.name)
        return (await _changed(changing, app.id, org.id)).app


async def delete(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Delete an app for good: its policies, approvals and tokens end with it. Returns what it was.

    Apps that registered with its initial access token go with it.

    Raises:
        ManageProblem: no right, or no such app, or an app of another org.
    """
    async with desk.changing() as changing:
        app = await find(changing, org, name)
        changing.caller.needs(Right.APPS, org.id, app.kind)
        if not app.is_at_home:
            raise ManageProblem(f"{app.app.name} belongs to another org: only that one can delete it")
        children = [cast(str, row[0]) for row in await changing.session.all(_CHILDREN, app.id)]
        for app_id in (*children, app.id):
            await remove(changing, app_id)
        registered = {"registered_apps": len(children)} if children else {}
        await changing.audit("admin.app.delete", org.id, app_id=app.id, name=app.app.name, **registered)
        return app


async def remove(changing: Desk, app_id: str) -> None:
    """Take an app that was found away, with its policies, approvals and tokens.

    The caller's right is demanded, and the record made, by whoever found it.
    """
    await changing.run(_REVOKE, changing.clock.now_ms(), app_id)
    for statement in _DELETE:
        await changing.run(statement, app_id)


async def reveal(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Return an app to somebody who may read its secret; leaves an audit record.

    Raises:
        ManageProblem: no right, no such app, or one that acts as a user with more rights than the caller's.
    """
    async with desk.changing() as changing:
        app = await find(changing, org, name)
        changing.caller.needs(Right.REVEAL_SECRET, org.id, app.kind)
        if not app.is_at_home:
            raise ManageProblem(f"{app.app.name} belongs to another org: only that one can see its secret")
        if app[s.CLIENT_CREDENTIALS] and app[s.RUN_AS]:
            await demand_power_of(changing, app[s.RUN_AS], f"reveal the secret that acts as {app[s.RUN_AS]}")
        await changing.audit("admin.app.reveal", org.id, app_id=app.id, of=app.kind.words, name=app.app.name)
        return app


def demand_open(app: InstalledApp, values: Values) -> None:
    """Demand that an administrator may change what these values change: an app that registered says itself what it is.

    Raises:
        ManageProblem: they change what the app registered, or policies that it has from another.
    """
    changed = {one: value for one, value in values.items() if app[one] != value}
    for one in changed:
        if app.is_child and one.held_by is s.Holder.POLICY:
            raise ManageProblem.at(one.name, f"{app.app.name} has the policies of {app.parent}: change them there")
        if app.is_registered and one.held_by is s.Holder.APP:
            raise ManageProblem.at(one.name, f"{app.app.name} registered itself, and alone changes what it registered")


def demand_version(app: InstalledApp, seen: str) -> None:
    """Demand that an app is as it was when the caller looked; an empty `seen` asks for nothing.

    Raises:
        StaleVersion: it was changed meanwhile.
    """
    if seen and seen != app.version:
        raise StaleVersion(f"{app.app.name} was changed by somebody else since you opened it: look at it again")


def _installed(app: InstalledApp, doing: str) -> Policy:
    if app.policy is None:
        raise ManageProblem(f"{doing}: {app.app.name} is not installed in {app.org.name}")
    return app.policy


async def _changed(desk: Desk, app_id: str, org_id: str) -> Changed:
    app = await Apps(desk.ring).in_org(desk.session, app_id, org_id)
    assert app is not None  # noqa: S101 - written a moment ago
    return Changed(app=app, warnings=await warnings_about(desk, app))
