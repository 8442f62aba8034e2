"""Custom scopes: what an org's apps may ask for beyond the standard. They open nothing here; other services heed them.

Which apps may ask for one is the setting `custom_scopes` of each app, changed here or with the app's other settings.
"""

import difflib
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.custom import CustomScope
from grantway.domain.org import Org
from grantway.kit.ids import CUSTOM_SCOPE, new_id
from grantway.manage.caller import OPERATOR, Right
from grantway.manage.connected_apps import apps
from grantway.manage.custom.custom_names import scope_description, scope_label
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.settings.custom import scope_name_problem
from grantway.settings.kinds import FLAG, SettingProblem
from grantway.store.custom_claims import custom_scopes_of
from grantway.store.statement import Insert, Statement

_ADD: Final = Insert("custom_scope", CustomScope.__struct_fields__)
_SET: Final = Statement(
    "UPDATE custom_scope SET label = :label, description = :description, is_public = :is_public,"
    " version = version + 1 WHERE id = :id"
)
_KEEP: Final = Statement("UPDATE custom_scope SET metadata = :metadata WHERE id = :id")
_DELETE: Final = Statement("DELETE FROM custom_scope WHERE id = :id")
_FIELDS: Final = ("label", "description", "is_public")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScope:
    """What is asked for when a custom scope is made; without a label it is the name."""

    name: str
    description: str
    label: str = ""
    is_public: bool = False


async def create(desk: Desk, org: Org, asked: NewScope) -> CustomScope:
    """Make a custom scope. No app may ask for it yet.

    Raises:
        ManageProblem: no right, or a name, label or description that is taken or cannot be used.
    """
    desk.caller.needs(Right.CUSTOM_SCOPES, org.id)
    name = asked.name.strip()
    if problem := scope_name_problem(name):
        raise ManageProblem.at("name", problem)
    scope = CustomScope(
        id=new_id(CUSTOM_SCOPE),
        org_id=org.id,
        name=name,
        label=scope_label(asked.label or name),
        description=scope_description(asked.description),
        is_public=int(asked.is_public),
        metadata="",
        version=1,
        created_at=desk.clock.now_ms(),
    )
    async with desk.changing() as changing:
        _demand_unique(scope, await custom_scopes_of(changing.session, org.id))
        await changing.run(_ADD, *msgspec.structs.astuple(scope))
        await changing.audit("admin.scope.create", org.id, name=name, after=fields_of(scope))
    return scope


async def all_of(desk: Desk, org: Org) -> tuple[CustomScope, ...]:
    """Return an org's custom scopes, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.CUSTOM_SCOPES, org.id)
    return await custom_scopes_of(desk.session, org.id)


async def find(desk: Desk, org: Org, name: str) -> CustomScope:
    """Return an org's custom scope, by name (in any case) or id.

    Raises:
        ManageProblem: no right, or there is none.
    """
    found = await all_of(desk, org)
    for scope in found:
        if name == scope.id or name.lower() == scope.name.lower():
            return scope
    near = difflib.get_close_matches(name, [scope.name for scope in found], 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NotFound(f"there is no custom scope {name!r} in the org {org.name}{hint}")


async def change(desk: Desk, org: Org, name: str, asked: dict[str, Any], *, seen: str = "") -> CustomScope:
    """Change label, description or is_public; the name stays, for apps and services know it.

    `seen` is the version that the caller looked at; empty for a change that does not depend on it.

    Raises:
        ManageProblem: no right, no such scope or field, a value it does not take, or (StaleVersion) changed meanwhile.
    """
    async with desk.changing() as changing:
        scope = await find(changing, org, name)
        if seen and seen != str(scope.version):
            raise StaleVersion(f"{scope.name} was changed by somebody else since you opened it: look at it again")
        after = msgspec.structs.replace(scope, **_read(asked))
        _demand_unique(after, await custom_scopes_of(changing.session, org.id))
        await changing.run(
            _SET, label=after.label, description=after.description, is_public=after.is_public, id=scope.id
        )
        await changing.audit(
            "admin.scope.change", org.id, name=scope.name, before=fields_of(scope), after=fields_of(after)
        )
        return await find(changing, org, scope.id)


async def delete(desk: Desk, org: Org, name: str) -> CustomScope:
    """Delete a custom scope, and take it from the apps that have it. Tokens that are out keep the word until they end.

    Raises:
        ManageProblem: no right, also to change one of those apps, or no such scope.
    """
    async with desk.changing() as changing:
        scope = await find(changing, org, name)
        # Every app, also of a kind that the caller may not read: none is left with a scope that is gone, so who may not
        # change one of them deletes nothing. Other orgs' apps have scopes of their own.
        everything = await apps_with(replace(changing, caller=OPERATOR), org, scope)
        for app in (one for one in everything if one.is_at_home):
            await _give(changing, org, app, scope, given=False)
        await changing.run(_DELETE, scope.id)
        await changing.audit("admin.scope.delete", org.id, name=scope.name)
        return scope


async def assign(desk: Desk, org: Org, name: str, app_name: str, *, assigned: bool = True) -> InstalledApp:
    """Let an app ask for a custom scope, or no longer. Returns the app as it is then.

    Raises:
        ManageProblem: no right, no such scope or app, or an app of another org.
    """
    async with desk.changing() as changing:
        scope = await find(changing, org, name)
        return await _give(changing, org, await apps.find(changing, org, app_name), scope, given=assigned)


async def apps_with(desk: Desk, org: Org, scope: CustomScope) -> tuple[InstalledApp, ...]:
    """Return the org's apps that may ask for a custom scope, by name.

    Raises:
        ManageProblem: no right.
    """
    return tuple(app for app in await apps.all_apps(desk, org) if scope.name in app[s.CUSTOM_SCOPES])


async def keep_file(desk: Desk, scope: CustomScope, document: str) -> None:
    """Store the file that a custom scope came from, for its export."""
    await desk.run(_KEEP, document, scope.id)


def fields_of(scope: CustomScope) -> dict[str, Any]:
    """Return what can be changed of a custom scope, by the names that `change` takes."""
    return {"label": scope.label, "description": scope.description, "is_public": bool(scope.is_public)}


async def _give(desk: Desk, org: Org, app: InstalledApp, scope: CustomScope, *, given: bool) -> InstalledApp:
    before = app[s.CUSTOM_SCOPES]
    after = tuple(name for name in before if name != scope.name) + ((scope.name,) if given else ())
    if (scope.name in before) == given:
        return app
    return (await apps.put(desk, org, app.id, {s.CUSTOM_SCOPES: after})).app


def _read(asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, raw in asked.items():
        match field:
            case "label":
                found[field] = scope_label(raw)
            case "description":
                found[field] = scope_description(raw)
            case "is_public":
                try:
                    found[field] = int(FLAG.parse(raw))
                except SettingProblem as problem:
                    raise ManageProblem.at(field, str(problem)) from problem
            case "name":
                raise ManageProblem.at(field, "it cannot be changed: apps and services know it. Make another scope")
            case _:
                raise ManageProblem.at(field, f"is no field of a custom scope; these are: {', '.join(_FIELDS)}")
    return found


def _demand_unique(scope: CustomScope, there: tuple[CustomScope, ...]) -> None:
    for other in there:
        if other.id != scope.id:
            for field in ("name", "label", "description"):
                if getattr(other, field).lower() == getattr(scope, field).lower():
                    raise ManageProblem.at(field, f"it is that of the custom scope {other.name} already")
