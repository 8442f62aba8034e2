"""Apps of other orgs of this server: installed in the caller's org, which then has policies for them, and uninstalled.

Uninstalling takes the policies away and nothing else (connected-apps.md 3.10): what users approved before goes on, with
defaults in place of the org's rules. Only packaged apps and external client apps end with it.
"""

from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp, write_values
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import held
from grantway.manage.connected_apps.rules import warnings_about
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound
from grantway.store.apps import Apps
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert(
    "app_policy",
    "org_id app_id settings run_as version is_blocked not_before installed_at".split(),  # noqa: SIM905
)
_REMOVE: Final = Statement("DELETE FROM app_policy WHERE org_id = :org_id AND app_id = :app_id")
_ORG_NAMED: Final = Statement("SELECT id FROM org WHERE lower(name) = :name OR id = :id")
_HOME: Final = Statement("SELECT o.name FROM org o JOIN app a ON a.org_id = o.id WHERE a.id = :app_id")
# What the policy had taken back would come back with it gone: an approval counts from after its mark only.
_FORGET_APPROVALS: Final = Statement(
    "DELETE FROM approval WHERE app_id = :app_id AND last_at <= :mark"
    " AND person_id IN (SELECT id FROM person WHERE org_id = :org_id)"
)
_CHILDREN: Final = Statement("SELECT id FROM app WHERE parent_id = :app_id")
_END_LINES: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'app.uninstalled'"
    " WHERE org_id = :org_id AND app_id = :app_id AND revoked_at IS NULL"
)
_END_ACCESS: Final = Statement(
    "UPDATE access_token SET revoked_at = :now WHERE family_id = '' AND app_id = :app_id AND org_id = :org_id"
    " AND revoked_at IS NULL"
)
_END_CODES: Final = Statement(
    "DELETE FROM authorization_code WHERE org_id = :org_id AND app_id = :app_id AND spent_at IS NULL"
)
_LOOSER: Final = (
    "uninstalling removed your policies only: {app} and its tokens stay, without your rules for it. To end them too: "
    "grantway token revoke --app {key}"
)


async def install(desk: Desk, org: Org, named: str) -> apps.Changed:
    """Install an app of another org of this server: by consumer key or id; for the operator, who knows all
    orgs, also as ORG/APP.

    The org gets policies for it, with the defaults: all users may self-authorize, refresh tokens are valid until
    revoked.

    Raises:
        ManageProblem: no right, no such app, the org's own or one that is installed, or an external client app that is
            local to its org.
    """
    desk.caller.kinds(Right.INSTALL, org.id)
    async with desk.changing() as changing:
        app = await _app_named(changing, org, named)
        _demand_right(changing, app)
        _demand_no_child(app)
        if app.is_at_home:
            raise ManageProblem(f"{app.app.name} is {org.name}'s own app, and installed from the start")
        if app.policy is not None:
            raise ManageProblem(f"{app.app.name} is installed in {org.name} already")
        if _is_local(app):
            raise ManageProblem(
                f"{app.app.name} is a local external client app: its own org must set {s.DISTRIBUTION_STATE.name} to"
                " packaged before another can install it"
            )
        policy = {one: one.default for one in s.held_by(s.Holder.POLICY)}
        try:
            await changing.run(
                _ADD, org.id, app.id, write_values(held(policy, s.Holder.POLICY)), "", 1, 0, 0, desk.clock.now_ms()
            )
        except Conflict as problem:
            raise ManageProblem(f"{app.app.name} is installed in {org.name} already") from problem
        await _audit(changing, "admin.app.install", app)
        installed = await Apps(desk.ring).in_org(changing.session, app.id, org.id)
        assert installed is not None  # noqa: S101 - read a moment ago
        return apps.Changed(app=installed, warnings=await warnings_about(changing, installed))


async def uninstall(desk: Desk, org: Org, name: str) -> apps.Changed:
    """Take an org's policies for an app of another org away; returns what was installed, and what that means.

    Tokens of a packaged app, of an external client app and of apps that registered themselves end with it; those of
    others stay.

    Raises:
        ManageProblem: no right, no such app, the org's own, or one that is blocked, which this would let in again.
    """
    desk.caller.kinds(Right.INSTALL, org.id)
    async with desk.changing() as changing:
        app = await apps.find(changing, org, name)
        _demand_right(changing, app)
        _demand_no_child(app)
        if app.is_at_home:
            raise ManageProblem(f"{app.app.name} is {org.name}'s own app: it cannot be uninstalled, only deleted")
        policy = app.policy
        assert policy is not None  # noqa: S101 - `find` gives an app of another org only where it is installed
        if policy.is_blocked:
            raise ManageProblem(f"{app.app.name} is blocked here, and uninstalling would let it in: unblock it first")
        now = desk.clock.now_ms()
        ends = app.kind is AppKind.EXTERNAL_CLIENT_APP or _is_packaged(app)
        await changing.run(_FORGET_APPROVALS, app_id=app.id, mark=now if ends else policy.not_before, org_id=org.id)
        if ends:
            await _end(changing, org, app.id)
        # What registered with it is refused without its policies; it does not come back with new ones.
        for (child_id,) in await changing.session.all(_CHILDREN, app.id):
            await changing.run(_FORGET_APPROVALS, app_id=cast(str, child_id), mark=now, org_id=org.id)
            await _end(changing, org, cast(str, child_id))
        await changing.run(_REMOVE, org.id, app.id)
        await _audit(changing, "admin.app.uninstall", app)
        warning = _LOOSER.format(app=app.app.name, key=app.consumer_key)
        return apps.Changed(app=app, warnings=() if ends else (warning,))


async def _end(changing: Desk, org: Org, app_id: str) -> None:
    now = changing.clock.now_ms()
    await changing.run(_END_LINES, now=now, org_id=org.id, app_id=app_id)
    await changing.run(_END_ACCESS, now=now, org_id=org.id, app_id=app_id)
    await changing.run(_END_CODES, org_id=org.id, app_id=app_id)


def _demand_no_child(app: InstalledApp) -> None:
    if app.is_child:
        raise ManageProblem(f"{app.app.name} is installed wherever {app.parent} is, which let it in: name that one")


def _demand_right(desk: Desk, app: InstalledApp) -> None:
    desk.caller.needs(Right.INSTALL, app.org.id, app.kind)
    if _is_packaged(app):
        desk.caller.needs(Right.INSTALL_PACKAGED, app.org.id, app.kind)


def may_install(desk: Desk, app: InstalledApp) -> bool:
    """Tell whether the caller may install and uninstall an app in the org that it is met in."""
    return desk.caller.may(Right.INSTALL, app.org.id, app.kind) and (
        not _is_packaged(app) or desk.caller.may(Right.INSTALL_PACKAGED, app.org.id, app.kind)
    )


def _is_packaged(app: InstalledApp) -> bool:
    return app[s.DISTRIBUTION_STATE] is s.Distribution.PACKAGED


def _is_local(app: InstalledApp) -> bool:
    return app.kind is AppKind.EXTERNAL_CLIENT_APP and not _is_packaged(app)


async def _app_named(desk: Desk, org: Org, named: str) -> InstalledApp:
    """Return the app, of any org, that a consumer key, an id or ORG/APP means, as this org meets it."""
    home, slash, name = named.rpartition("/")
    app_id = None
    if slash:
        # By names anybody could find out what other orgs have; a key or an id is known from whoever published the app.
        if desk.caller.is_operator and (row := await desk.session.one(_ORG_NAMED, home.strip().lower(), home.strip())):
            app_id = await apps.id_of_app(desk, cast(str, row[0]), name.strip())
    else:
        app_id = await apps.id_of(desk, named) or await apps.id_of_name(desk, org, named)
    app = await Apps(desk.ring).in_org(desk.session, app_id, org.id) if app_id else None
    if app is None:
        raise NotFound(f"there is no app {named!r} on this server: name it by consumer key or by id")
    return app


async def _audit(desk: Desk, kind: str, app: InstalledApp) -> None:
    row = await desk.session.one(_HOME, app.id)
    home = cast(str, row[0]) if row else ""
    await desk.audit(kind, app.org.id, app_id=app.id, name=app.app.name, consumer_key=app.consumer_key, of_org=home)
