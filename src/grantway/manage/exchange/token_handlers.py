"""Token exchange handlers: whose tokens an org believes, and which of its apps may exchange them.

Who changes one decides who can come in as whom, so it takes as much as to give every user a password.
"""

import base64
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org, User
from grantway.domain.permissions import read_permissions
from grantway.domain.token_handler import SECRET_PURPOSES, Enablement, HandlerRow, TokenHandler
from grantway.kit.ids import TOKEN_HANDLER, new_id
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import demand_power_of, demand_power_of_holders
from grantway.manage.custom.custom_names import permission_name
from grantway.manage.desk import Desk
from grantway.manage.near import did_you_mean
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.settings import token_handlers as f
from grantway.settings.kinds import SettingProblem
from grantway.store.statement import Conflict, Insert, Statement, columns_of

LIMIT: Final = 100
_ADD: Final = Insert("token_handler", HandlerRow.__struct_fields__)
_ALL: Final = Statement(
    f"SELECT {columns_of(HandlerRow)} FROM token_handler WHERE org_id = :org_id"  # noqa: S608 - our own names
    " ORDER BY name"
)
_SET: Final = Statement(
    "UPDATE token_handler SET settings = :settings, secret_box = :secret_box, version = version + 1 WHERE id = :id"
)
_TOUCH: Final = Statement("UPDATE token_handler SET version = version + 1 WHERE id = :id")
_KEEP: Final = Statement("UPDATE token_handler SET metadata = :metadata WHERE id = :id")
_DELETE: Final = Statement("DELETE FROM token_handler WHERE id = :id")
_DISABLE_ALL: Final = Statement("DELETE FROM token_handler_app WHERE handler_id = :id")
_ENABLE: Final = Insert(
    "token_handler_app",
    Enablement.__struct_fields__,
    "(handler_id, app_id) DO UPDATE SET run_as = excluded.run_as, is_default = excluded.is_default",
)
_DISABLE: Final = Statement("DELETE FROM token_handler_app WHERE handler_id = :handler_id AND app_id = :app_id")
_NO_DEFAULT: Final = Statement("UPDATE token_handler_app SET is_default = 0 WHERE app_id = :app_id")
_ENABLED: Final = Statement(
    f"SELECT {columns_of(Enablement, 'e')}, a.name"  # noqa: S608 - our own names
    " FROM token_handler_app e JOIN app a ON a.id = e.app_id"
    " WHERE e.handler_id = :handler_id ORDER BY a.name"
)


# What is said to people changes nothing of who is believed, and switching a handler off takes nothing.
_HARMLESS: Final = frozenset({f.LABEL, f.DESCRIPTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledApp:
    """An app that may use a handler: as whom it works, and whether it is the app's default."""

    app_id: str
    app: str
    run_as: str
    is_default: bool


async def create(desk: Desk, org: Org, name: str, asked: Mapping[str, Any]) -> TokenHandler:
    """Make a handler. No app may use it yet.

    Raises:
        ManageProblem: no right, a name that is taken or cannot be used, an unknown field, or a value it does not take.
    """
    desk.caller.needs(Right.TOKEN_HANDLERS, org.id)
    name = permission_name(name.strip())
    values = _parsed({"label": name, **asked})
    boxes = _sealed(desk, values)
    try:
        async with desk.changing() as changing:
            await _name_guest_user(changing, org, values)
            row = HandlerRow(
                id=new_id(TOKEN_HANDLER),
                org_id=org.id,
                name=name,
                settings=_document(values, boxes),
                secret_box=boxes.get(f.INTROSPECTION_SECRET, b""),
                metadata="",
                version=1,
                created_at=desk.clock.now_ms(),
            )
            there = await all_of(changing, org)
            if len(there) >= LIMIT:
                raise ManageProblem(f"an org has at most {LIMIT} token exchange handlers")
            if any(one.name.lower() == name.lower() for one in there):
                raise ManageProblem.at("name", f"there is a token exchange handler {name} already")
            handler = TokenHandler(row)
            await _demand_profile(changing, org, handler)
            await _demand_guest_user(changing, org, handler)
            await changing.run(_ADD, *msgspec.structs.astuple(row))
            await changing.audit("admin.handler.create", org.id, name=name, after=_audited(handler))
            return handler
    except Conflict as problem:
        raise ManageProblem.at("name", f"there is a token exchange handler {name} already") from problem


async def all_of(desk: Desk, org: Org) -> tuple[TokenHandler, ...]:
    """Return an org's handlers, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.TOKEN_HANDLERS, org.id)
    return tuple(TokenHandler(HandlerRow(*cast(Any, row))) for row in await desk.session.all(_ALL, org.id))


async def find(desk: Desk, org: Org, name: str) -> TokenHandler:
    """Return an org's handler, by name (in any case) or id.

    Raises:
        ManageProblem: no right, or there is none.
    """
    found = await all_of(desk, org)
    for handler in found:
        if name == handler.id or name.lower() == handler.name.lower():
            return handler
    near = did_you_mean(name, [one.name for one in found])
    raise NotFound(f"there is no token exchange handler {name!r} in the org {org.name}{near}")


async def change(desk: Desk, org: Org, name: str, asked: Mapping[str, Any], *, seen: str = "") -> TokenHandler:
    """Change fields of a handler; its name stays. A secret that is given empty leaves the one that is stored.

    Whoever points the introspection URL elsewhere gives the secret anew: it would be sent there. So with the webhook's.

    Raises:
        ManageProblem: no right, no such handler or field, a value it does not take, or (StaleVersion) changed since it
            was `seen`.
    """
    async with desk.changing() as changing:
        handler = await find(changing, org, name)
        if seen and seen != str(handler.row.version):
            raise StaleVersion(f"{handler.name} was changed by somebody else since you opened it: look at it again")
        values = _parsed(asked)
        await _name_guest_user(changing, org, values)
        boxes = _sealed(desk, values)
        given = bool(boxes)
        for secret, url in f.SECRETS.items():
            if secret not in boxes and handler[url] and values.get(url, handler[url]) != handler[url]:
                boxes[secret] = b""
        settings = _document(values, boxes, over=handler.row.settings)
        box = boxes.get(f.INTROSPECTION_SECRET, handler.row.secret_box)
        after = TokenHandler(msgspec.structs.replace(handler.row, settings=settings, secret_box=box))
        touched = {one for one in f.FIELDS if one not in _HARMLESS and after[one] != handler[one]}
        if not after[f.ENABLED]:
            touched.discard(f.ENABLED)
        if touched or given:
            await demand_change(changing, org, handler)
        if after[f.NEW_USER_PROFILE] != handler[f.NEW_USER_PROFILE] or after[f.USER_CREATION]:
            await _demand_profile(changing, org, after)
        if touched or given:
            await _demand_guest_user(changing, org, after)
        await changing.run(_SET, settings=settings, secret_box=box, id=handler.id)
        await changing.audit(
            "admin.handler.change",
            org.id,
            name=handler.name,
            before=_audited(handler),
            after=_audited(after),
            secret_changed=given,
        )
        return await find(changing, org, handler.id)


async def demand_change(desk: Desk, org: Org, handler: TokenHandler) -> None:
    """Demand what it takes to decide whom a handler believes: all that its apps' pre-authorized users hold.

    Raises:
        ManageProblem: no right, or less than they hold.
    """
    for enabled in await enabled_apps(desk, org, handler):
        await _demand_power_over(desk, org, await apps.met(desk, org, enabled.app_id))


async def delete(desk: Desk, org: Org, name: str) -> TokenHandler:
    """Delete a handler. Nothing more is exchanged by it; tokens that were given stay until they end.

    Raises:
        ManageProblem: no right, or no such handler.
    """
    async with desk.changing() as changing:
        handler = await find(changing, org, name)
        await changing.run(_DISABLE_ALL, handler.id)
        await changing.run(_DELETE, handler.id)
        await changing.audit("admin.handler.delete", org.id, name=handler.name)
        return handler


async def enable(
    desk: Desk, org: Org, name: str, app_name: str, run_as: str, *, is_default: bool = False
) -> tuple[TokenHandler, InstalledApp]:
    """Let an app use a handler, which works for it as a user of the org; as its default, no other handler is.

    Raises:
        ManageProblem: no right, no such handler or app, no such active user, or one with more rights than the caller's.
    """
    async with desk.changing() as changing:
        handler = await find(changing, org, name)
        app = await apps.find(changing, org, app_name)
        desk.caller.needs(Right.APP_POLICIES, org.id, app.kind)
        try:
            user = await users.find(changing, org, run_as)
        except NotFound as problem:
            raise ManageProblem.at("run_as", str(problem)) from problem
        if not user.may_act:
            raise ManageProblem.at("run_as", f"{user.username} is not active")
        if user.is_guest:
            raise ManageProblem.at("run_as", f"{user.username} is a guest user: only visitors act as one")
        await demand_power_of(changing, user.username, f"let a handler work as {user.username}")
        await _demand_power_over(changing, org, app)
        await _demand_guest_user(changing, org, handler)
        if is_default:
            await changing.run(_NO_DEFAULT, app.id)
        await changing.run(_ENABLE, handler.id, app.id, user.username, int(is_default))
        await changing.run(_TOUCH, handler.id)
        await changing.audit(
            "admin.handler.enable",
            org.id,
            app_id=app.id,
            name=handler.name,
            app=app.app.name,
            run_as=user.username,
            is_default=is_default,
        )
        return handler, app


async def disable(desk: Desk, org: Org, name: str, app_name: str) -> TokenHandler:
    """Let an app use a handler no longer.

    Raises:
        ManageProblem: no right, or no such handler or app.
    """
    async with desk.changing() as changing:
        handler = await find(changing, org, name)
        app = await apps.find(changing, org, app_name)
        await changing.run(_DISABLE, handler.id, app.id)
        await changing.run(_TOUCH, handler.id)
        await changing.audit("admin.handler.disable", org.id, app_id=app.id, name=handler.name, app=app.app.name)
        return handler


async def enabled_apps(desk: Desk, org: Org, handler: TokenHandler) -> tuple[EnabledApp, ...]:
    """Return the apps that may use a handler, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.TOKEN_HANDLERS, org.id)
    rows = await desk.session.all(_ENABLED, handler.id)
    return tuple(
        EnabledApp(app_id=app_id, app=name, run_as=run_as, is_default=bool(is_default))
        for _, app_id, run_as, is_default, name in cast(Any, rows)
    )


async def keep_file(desk: Desk, handler: TokenHandler, document: str) -> None:
    """Store the file that a handler came from, for its export."""
    await desk.run(_KEEP, document, handler.id)


def fields_of(handler: TokenHandler) -> dict[str, Any]:
    """Return the fields of a handler as JSON, by the names that `change` takes; secrets are left out."""
    return {one.name: one.kind.write(handler[one]) for one in f.FIELDS if not one.secret}


def _audited(handler: TokenHandler) -> dict[str, Any]:
    return {one.name: one.kind.says(handler[one])[:300] for one in f.FIELDS if not one.secret}


def _parsed(asked: Mapping[str, Any]) -> dict[f.HandlerField[Any], Any]:
    values: dict[f.HandlerField[Any], Any] = {}
    problems: dict[str, str] = {}
    for name, raw in asked.items():
        field = f.BY_NAME.get(name)
        if field is None:
            near = difflib.get_close_matches(name, f.BY_NAME, 1)
            hint = f"did you mean {near[0]}?" if near else f"these are: {', '.join(f.BY_NAME)}"
            problems[name] = f"is no field of a token exchange handler; {hint}"
            continue
        try:
            values[field] = field.kind.parse(raw)
        except SettingProblem as problem:
            problems[name] = str(problem)
    if problems:
        raise ManageProblem.of(problems)
    return values


def _sealed(desk: Desk, values: dict[f.HandlerField[Any], Any]) -> dict[f.HandlerField[str], bytes]:
    """Take the secrets that were given out of the values, and return them sealed."""
    given = {secret: values.pop(secret, "") for secret in f.SECRETS}
    return {secret: desk.ring.seal(text.encode(), SECRET_PURPOSES[secret]) for secret, text in given.items() if text}


def _document(
    values: Mapping[f.HandlerField[Any], Any], boxes: Mapping[f.HandlerField[str], bytes], over: str = "{}"
) -> str:
    """Return what is stored of the fields; the introspection secret alone has a column of its own."""
    written = {field.name: field.kind.write(value) for field, value in values.items()}
    sealed = {
        secret.name: base64.b64encode(box).decode()
        for secret, box in boxes.items()
        if secret is not f.INTROSPECTION_SECRET
    }
    merged = msgspec.json.decode(over, type=dict[str, Any]) | written | sealed
    return msgspec.json.encode(dict(sorted(merged.items()))).decode()


async def _demand_power_over(desk: Desk, org: Org, app: InstalledApp | None) -> None:
    """Demand that the caller holds all that the app's pre-authorized users do: the handler says who is one of them."""
    if app is not None:
        doing = "decide whose tokens speak for"
        profiles, sets = app[s.PROFILES], app[s.PERMISSION_SETS]
        await demand_power_of_holders(desk, org, holders.PROFILES, set(profiles), doing)
        await demand_power_of_holders(desk, org, holders.PERMISSION_SETS, set(sets), doing)


async def _name_guest_user(desk: Desk, org: Org, values: dict[f.HandlerField[Any], Any]) -> None:
    """Put the guest user's username where another spelling of it, or its id, was given."""
    if name := values.get(f.GUEST_USER):
        values[f.GUEST_USER] = (await _guest_user(desk, org, name)).username


async def _guest_user(desk: Desk, org: Org, name: str) -> User:
    try:
        return await users.find(desk, org, name)
    except NotFound as problem:
        raise ManageProblem.at(f.GUEST_USER.name, str(problem)) from problem


async def _demand_guest_user(desk: Desk, org: Org, handler: TokenHandler) -> None:
    """Demand that the guest user is one, and holds no more than the caller does."""
    name = handler[f.GUEST_USER]
    if not name:
        return
    if handler[f.USER_CREATION]:
        told = "who has no user here is made one or is a guest, not both: switch user_creation off, or leave this empty"
        raise ManageProblem.at(f.GUEST_USER.name, told)
    user = await _guest_user(desk, org, name)
    if not user.is_guest:
        told = f"{user.username} is somebody's account; `grantway user create USERNAME --guest` makes a guest user"
        raise ManageProblem.at(f.GUEST_USER.name, told)
    await demand_power_of(desk, user.username, f"let guests act as {user.username}")


async def _demand_profile(desk: Desk, org: Org, handler: TokenHandler) -> None:
    """Demand that the profile of users who are made is there, and gives no more than the caller holds."""
    if not handler[f.USER_CREATION]:
        return
    try:
        profile = await holders.find(desk, holders.PROFILES, org.id, handler[f.NEW_USER_PROFILE])
    except NotFound as problem:
        raise ManageProblem.at(f.NEW_USER_PROFILE.name, str(problem)) from problem
    desk.caller.holds_all(read_permissions(profile.permissions), f"have users made with the profile {profile.name}")
