"""Connected apps: registered, changed, blocked, deleted. Every value goes through its setting's one declaration."""

import difflib
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp, read_values, write_values
from grantway.domain.org import Org
from grantway.kit.ids import CONNECTED_APP, new_id
from grantway.kit.secrets import Secret, new_consumer_key, new_consumer_secret
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.manage.rules import warnings_about
from grantway.settings.setting import AnySetting
from grantway.store.apps import SECRET_PURPOSE, Apps
from grantway.store.people import canonical_username, user_and_password
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert(
    "app",
    "id org_id name consumer_key secret_mac secret_box settings metadata version created_at created_by".split(),  # noqa: SIM905
)
_ADD_POLICY: Final = Insert(
    "app_policy",
    "org_id app_id settings run_as version is_blocked not_before installed_at".split(),  # noqa: SIM905
)
_FIND: Final = Statement("SELECT id FROM app WHERE org_id = :org_id AND name = :name")
_ALL: Final = Statement("SELECT id FROM app WHERE org_id = :org_id ORDER BY name")
_SET: Final = Statement("UPDATE app SET settings = :settings, version = version + 1 WHERE id = :id")
_SET_POLICY: Final = Statement(
    "UPDATE app_policy SET settings = :settings, run_as = :run_as, version = version + 1"
    " WHERE org_id = :org_id AND app_id = :app_id"
)
_BLOCK: Final = Statement(
    "UPDATE app_policy SET is_blocked = :blocked, version = version + 1 WHERE org_id = :org_id AND app_id = :app_id"
)
_DELETE: Final = tuple(
    Statement(text)
    for text in (
        "UPDATE token_family SET revoked_at = :now, revoked_why = 'app.deleted'"
        " WHERE app_id = :id AND revoked_at IS NULL",
        "DELETE FROM approval WHERE app_id = :id AND CAST(:now AS BIGINT) > 0",
        "DELETE FROM app_policy WHERE app_id = :id AND CAST(:now AS BIGINT) > 0",
        "DELETE FROM app WHERE id = :id AND CAST(:now AS BIGINT) > 0",
    )
)
_KEY: Final = re.compile(r"[A-Za-z0-9._]{8,256}")
_API_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    """What is asked for when an app is made: API name, settings by name, and a key and secret where they are chosen."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    consumer_key: str = ""
    consumer_secret: str = ""
    metadata: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An app after a change, and what should be looked at."""

    app: InstalledApp
    warnings: tuple[str, ...] = ()


def parse_values(asked: dict[str, Any]) -> dict[AnySetting, Any]:
    """Return values by setting; every problem is named at once.

    Raises:
        ManageProblem: an unknown setting, a setting of an org, or values that are not taken.
    """
    values: dict[AnySetting, Any] = {}
    problems = []
    for name, raw in asked.items():
        setting = s.BY_NAME.get(name)
        if setting is None:
            near = difflib.get_close_matches(name, s.BY_NAME, 1)
            problems.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
        elif setting.held_by is s.Holder.ORG:
            problems.append(f"{name}: is a setting of the org; use grantway org set")
        else:
            try:
                values[setting] = setting.kind.parse(raw)
            except s.SettingProblem as problem:
                problems.append(f"{name}: {problem}")
    if problems:
        raise ManageProblem("; ".join(problems))
    return values


async def create(desk: Desk, org: Org, asked: NewApp) -> Changed:
    """Register an app in an org, which has it installed from the start.

    Raises:
        ManageProblem: no right, a name or key that is taken or unusable, or values that are not taken.
    """
    values = parse_values(asked.values)
    _demand(desk, org, values)
    name = api_name(asked.name)
    values.setdefault(s.LABEL, asked.name.strip()[:80])
    if not asked.imported:
        for setting in s.ALL:
            if setting.held_by is not s.Holder.ORG:
                values.setdefault(setting, setting.starts_with)
        if not values[s.CONTACT_EMAIL]:
            raise ManageProblem("contact_email: say whom to write to about this app")
    if asked.consumer_key and not _KEY.fullmatch(asked.consumer_key):
        raise ManageProblem("consumer_key: 8 to 256 letters, digits, dots and underscores")
    if asked.consumer_secret and not _KEY.fullmatch(asked.consumer_secret):
        raise ManageProblem("consumer_secret: 8 to 256 letters, digits, dots and underscores")
    await _check(desk, org, values, "")
    secret = Secret(asked.consumer_secret) if asked.consumer_secret else new_consumer_secret()
    app_id, now = new_id(CONNECTED_APP), desk.clock.now_ms()
    try:
        async with desk.db.transaction() as transaction:
            await transaction.run(
                _ADD,
                app_id,
                org.id,
                name,
                asked.consumer_key or new_consumer_key(),
                desk.ring.digest(secret.reveal(), SECRET_PURPOSE),
                desk.ring.seal(secret.reveal().encode(), SECRET_PURPOSE),
                write_values(_held(values, s.Holder.APP)),
                asked.metadata,
                1,
                now,
                desk.caller.user_id,
            )
            policy = _held(values, s.Holder.POLICY)
            run_as = canonical_username(policy.get(s.RUN_AS, ""))
            await transaction.run(_ADD_POLICY, org.id, app_id, write_values(policy), run_as, 1, 0, 0, now)
            await desk.audit(transaction, "admin.app.create", org.id, app_id=app_id, name=name)
    except Conflict as problem:
        what = "consumer_key" if "consumer_key" in str(problem) else "name"
        raise ManageProblem(f"{what}: taken by another app") from problem
    return await _changed(desk, app_id, org.id)


async def find(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Return an app of an org by its API name.

    Raises:
        ManageProblem: no right, or there is none.
    """
    desk.caller.needs(Right.APPS, org.id)
    row = await desk.db.one(_FIND, org.id, name)
    app = await Apps(desk.ring).in_org(desk.db, cast(str, row[0]), org.id) if row else None
    if app is None:
        near = difflib.get_close_matches(name, [one.app.name for one in await all_apps(desk, org)], 1)
        raise ManageProblem(f"there is no app {name!r} in {org.name}" + (f"; did you mean {near[0]}?" if near else ""))
    return app


async def all_apps(desk: Desk, org: Org) -> tuple[InstalledApp, ...]:
    """Return an org's own apps, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.APPS, org.id)
    reader = Apps(desk.ring)
    found = [await reader.in_org(desk.db, cast(str, row[0]), org.id) for row in await desk.db.all(_ALL, org.id)]
    return tuple(app for app in found if app is not None)


async def change(desk: Desk, org: Org, name: str, asked: dict[str, Any]) -> Changed:
    """Change settings of an app and its policies in an org; all of them or none.

    Raises:
        ManageProblem: no right, no such app, or values that are not taken.
    """
    app = await find(desk, org, name)
    values = parse_values(asked)
    _demand(desk, org, values)
    await _check(desk, org, {**app.values(), **values}, app.id)
    of_app = read_values(app.app.settings) | _held(values, s.Holder.APP)
    of_policy = (read_values(app.policy.settings) if app.policy else {}) | _held(values, s.Holder.POLICY)
    before = {one.name: one.kind.write(app[one]) for one in values}
    after = {one.name: one.kind.write(value) for one, value in values.items()}
    async with desk.db.transaction() as transaction:
        await transaction.run(_SET, write_values(of_app), app.id)
        run_as = canonical_username(of_policy.get(s.RUN_AS, ""))
        await transaction.run(_SET_POLICY, write_values(of_policy), run_as, org.id, app.id)
        await desk.audit(transaction, "admin.app.change", org.id, app_id=app.id, before=before, after=after)
    return await _changed(desk, app.id, org.id)


async def block(desk: Desk, org: Org, name: str, *, blocked: bool) -> InstalledApp:
    """Block an app in an org, or let it in again. Blocked, nothing of it works from that moment.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await find(desk, org, name)
    async with desk.db.transaction() as transaction:
        await transaction.run(_BLOCK, int(blocked), org.id, app.id)
        await desk.audit(transaction, "admin.app.block" if blocked else "admin.app.unblock", org.id, app_id=app.id)
    return (await _changed(desk, app.id, org.id)).app


async def delete(desk: Desk, org: Org, name: str) -> None:
    """Delete an app for good: its policies, approvals and tokens end with it.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await find(desk, org, name)
    now = desk.clock.now_ms()
    async with desk.db.transaction() as transaction:
        for statement in _DELETE:
            values: dict[str, str | int] = {"now": now, "id": app.id}
            await transaction.run(statement, *(values[one] for one in statement.names))
        await desk.audit(transaction, "admin.app.delete", org.id, app_id=app.id, name=name)


def api_name(text: str) -> str:
    """Return the API name made of a name: letters, digits and single underscores.

    Raises:
        ManageProblem: nothing usable is left.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:80].rstrip("_")
    if not _API_NAME.fullmatch(name):
        raise ManageProblem(f"name: {text!r} gives no API name; begin with a letter, use letters and digits")
    return name


def _held(values: dict[AnySetting, Any], holder: s.Holder) -> dict[AnySetting, Any]:
    return {one: value for one, value in values.items() if one.held_by is holder}


def _demand(desk: Desk, org: Org, values: dict[AnySetting, Any]) -> None:
    desk.caller.needs(Right.APPS, org.id)
    if s.PROFILES in values or s.PERMISSION_SETS in values:
        desk.caller.needs(Right.APP_ASSIGNMENTS, org.id)


async def _check(desk: Desk, org: Org, values: dict[AnySetting, Any], app_id: str) -> None:
    """Check what one value alone cannot tell: users that must exist, and settings that one app an org may have."""
    run_as = values.get(s.RUN_AS, "")
    if run_as:
        found = await user_and_password(desk.db, run_as)
        if found is None or found[0].org_id != org.id or not found[0].may_act:
            raise ManageProblem(f"run_as: there is no active user {run_as!r} in the org {org.name}")
    if values.get(s.INTROSPECT_ALL):
        for other in await all_apps(desk, org):
            if other.id != app_id and other[s.INTROSPECT_ALL]:
                raise ManageProblem(f"introspect_all: one app an org may have it, and {other.app.name} has it")


async def _changed(desk: Desk, app_id: str, org_id: str) -> Changed:
    app = await Apps(desk.ring).in_org(desk.db, app_id, org_id)
    assert app is not None  # noqa: S101 - written a moment ago
    return Changed(app=app, warnings=warnings_about(app))


async def reveal(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Return an app to somebody who may read its secret; leaves an audit record.

    Raises:
        ManageProblem: no right, or no such app.
    """
    desk.caller.needs(Right.REVEAL_SECRET, org.id)
    app = await find(desk, org, name)
    async with desk.db.transaction() as transaction:
        await desk.audit(transaction, "admin.app.reveal", org.id, app_id=app.id, name=name)
    return app
