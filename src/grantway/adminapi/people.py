"""Users, profiles and permission sets of the token's org."""

from typing import Any, Final

import msgspec

from grantway.adminapi.ask import PAGING, ROOT, SEARCH, Answer, Ask, Handler, Route
from grantway.adminapi.schema import FLAG, TEXTS, TIME, Schema, listed, record, text
from grantway.domain.org import PermissionHolder, User, UserDetails
from grantway.domain.permissions import ALL, read_permissions
from grantway.manage.people import holders, security_tokens, user_pages, users
from grantway.protocol.when import iso_seconds

SEE: Final = (
    "View Setup and Configuration, Manage Users, Manage Profiles and Permission Sets, Assign Permission Sets,"
    " or Customize Application"
)
_USERS: Final = "Manage Users; and every permission that the user has or gets"
_ASSIGN: Final = (
    "Assign Permission Sets or Manage Profiles and Permission Sets; and every permission that is given or taken"
)
_PROFILES: Final = "Manage Profiles and Permission Sets; and every permission that is given or taken"
_DETAILS: Final[dict[str, Schema]] = {
    one.name: FLAG if one.type is bool else text() for one in msgspec.structs.fields(UserDetails)
}
_NAMES: Final[dict[str, Schema]] = {"email": text(254), "first_name": text(40), "last_name": text(80)}
_BRIEF: Final[dict[str, Schema]] = {
    "id": text(18),
    "username": text(),
    **_NAMES,
    "profile": text(80),
    "is_active": FLAG,
    "is_frozen": FLAG,
    "is_guest": FLAG,
    "created_at": TIME,
}
_USER: Final = record(_BRIEF | _DETAILS | {"permission_sets": TEXTS})
_NEW: Final = record(
    {"username": text(255, least=1), **_NAMES, "profile": text(80), "password": text(256, least=1), "guest": FLAG},
    required=("username", "email"),
)
_PERMISSIONS: Final[Schema] = {"type": "array", "items": {"type": "string", "enum": list(ALL)}, "maxItems": 200}
_HOLDER: Final = record({"id": text(18), "name": text(80), "permissions": TEXTS, "created_at": TIME})


def _brief(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "profile": user.profile_name,
        "is_active": bool(user.is_active),
        "is_frozen": bool(user.is_frozen),
        "is_guest": bool(user.is_guest),
        "created_at": iso_seconds(user.created_at),
    }


async def _whole(ask: Ask, user: User) -> dict[str, Any]:
    sets = await users.permission_sets_of(ask.desk, user)
    return users.fields_of(user) | _brief(user) | {"permission_sets": list(sets)}


async def _list(ask: Ask) -> Answer:
    found = await user_pages.page(ask.desk, ask.org, ask.query.get("search", ""), ask.piece())
    return Answer(value=ask.piece_of(found, [_brief(user) for user in found.items]))


async def _get(ask: Ask) -> Answer:
    return Answer(value=await _whole(ask, await users.find(ask.desk, ask.org, ask.params["user"])))


async def _create(ask: Ask) -> Answer:
    user = await users.create(ask.desk, ask.org, users.NewUser(**ask.body))
    location = (b"location", f"{ask.base}{ROOT}/users/{user.id}".encode())
    return Answer(value=await _whole(ask, user), status=201, headers=(location,))


async def _change(ask: Ask) -> Answer:
    user = await users.change(ask.desk, ask.org, ask.params["user"], dict(ask.body))
    return Answer(value=await _whole(ask, user))


async def _freeze(ask: Ask) -> Answer:
    frozen = ask.call.path.endswith("/freeze")
    return Answer(value=await _whole(ask, await users.freeze(ask.desk, ask.org, ask.params["user"], frozen=frozen)))


async def _password(ask: Ask) -> Answer:
    await users.set_password(ask.desk, ask.org, ask.params["user"], ask.body["password"])
    return Answer(status=204)


async def _security_token(ask: Ask) -> Answer:
    token = await security_tokens.reset(ask.desk, ask.org, ask.params["user"])
    return Answer(value={"security_token": token}, tagged=False)


async def _assign(ask: Ask) -> Answer:
    given = ask.call.method == "PUT"
    await users.assign(ask.desk, ask.org, ask.params["user"], ask.params["permission_set"], assigned=given)
    return Answer(status=204)


def _held(holder: PermissionHolder) -> dict[str, Any]:
    return {
        "id": holder.id,
        "name": holder.name,
        "permissions": sorted(read_permissions(holder.permissions)),
        "created_at": iso_seconds(holder.created_at),
    }


def _holder_handlers(kind: holders.Kind) -> tuple[Handler, Handler, Handler, Handler]:
    async def every(ask: Ask) -> Answer:
        every_one = await holders.all_of(ask.desk, kind, ask.org.id)
        found = ask.cut(every_one, lambda one: (one.name, one.id))
        return Answer(value=ask.piece_of(found, [_held(one) for one in found.items]))

    async def get(ask: Ask) -> Answer:
        return Answer(value=_held(await holders.find(ask.desk, kind, ask.org.id, ask.params["name"])))

    async def create(ask: Ask) -> Answer:
        body = ask.body
        made = await holders.create(ask.desk, kind, ask.org.id, body["name"], tuple(body.get("permissions", ())))
        return Answer(value=_held(made), status=201)

    async def change(ask: Ask) -> Answer:
        name, permissions = ask.params["name"], tuple(ask.body["permissions"])
        return Answer(value=_held(await holders.change(ask.desk, kind, ask.org.id, name, permissions)))

    return every, get, create, change


def _holder_routes(kind: holders.Kind, path: str, named: str) -> tuple[Route, ...]:
    every, get, create, change = _holder_handlers(kind)
    new = record({"name": text(80, least=1), "permissions": _PERMISSIONS}, required=("name",))
    one = f"{path}/{{name}}"
    return (
        Route(
            method="GET",
            path=path,
            name=f"list{named}s",
            summary=f"List {kind.word}s",
            right=SEE,
            answer=every,
            gives=listed(_HOLDER),
            query=PAGING,
        ),
        Route(
            method="POST",
            path=path,
            name=f"create{named}",
            summary=f"Make a {kind.word}",
            right=_PROFILES,
            answer=create,
            gives=_HOLDER,
            takes=new,
            status=201,
            once=True,
        ),
        Route(
            method="GET",
            path=one,
            name=f"get{named}",
            summary=f"A {kind.word} by its name or id",
            right=SEE,
            answer=get,
            gives=_HOLDER,
        ),
        Route(
            method="PATCH",
            path=one,
            name=f"change{named}",
            summary=f"Set all user permissions of a {kind.word}",
            right=_PROFILES,
            answer=change,
            gives=_HOLDER,
            takes=record({"permissions": _PERMISSIONS}),
            guarded=True,
        ),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/users",
        name="listUsers",
        summary="List users",
        right=SEE,
        answer=_list,
        gives=listed(record(_BRIEF)),
        query=(SEARCH, *PAGING),
    ),
    Route(
        method="POST",
        path="/users",
        name="createUser",
        summary="Make a user; without a password nobody can log in as the user",
        right=_USERS,
        answer=_create,
        gives=_USER,
        takes=_NEW,
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/users/{user}",
        name="getUser",
        summary="A user by username or id",
        right=SEE,
        answer=_get,
        gives=_USER,
    ),
    Route(
        method="PATCH",
        path="/users/{user}",
        name="changeUser",
        summary="Change fields of a user; what is not named stays as it is",
        right=_USERS,
        answer=_change,
        gives=_USER,
        takes=record(
            _NAMES | {"profile": text(80), "is_active": FLAG} | _DETAILS,
            required=(),
            minProperties=1,
        ),
        guarded=True,
    ),
    Route(
        method="POST",
        path="/users/{user}/freeze",
        name="freezeUser",
        summary="Freeze a user: no login, token or session of theirs is good",
        right="Manage Users",
        answer=_freeze,
        gives=_USER,
        once=True,
    ),
    Route(
        method="POST",
        path="/users/{user}/unfreeze",
        name="unfreezeUser",
        summary="Let a frozen user act again",
        right=_USERS,
        answer=_freeze,
        gives=_USER,
        once=True,
    ),
    Route(
        method="POST",
        path="/users/{user}/password",
        name="setPassword",
        summary="Give a user a new password; tokens and sessions from before end",
        right=_USERS,
        answer=_password,
        takes=record({"password": text(256, least=1)}),
        status=204,
        once=True,
    ),
    Route(
        method="POST",
        path="/users/{user}/security-token",
        name="resetSecurityToken",
        summary="Make a user's security token anew, and give it once; the one before ends",
        right=_USERS,
        answer=_security_token,
        gives=record({"security_token": text(64)}),
        once=True,
    ),
    Route(
        method="PUT",
        path="/users/{user}/permission-sets/{permission_set}",
        name="assignPermissionSet",
        summary="Give a user a permission set",
        right=_ASSIGN,
        answer=_assign,
        status=204,
    ),
    Route(
        method="DELETE",
        path="/users/{user}/permission-sets/{permission_set}",
        name="unassignPermissionSet",
        summary="Take a permission set back",
        right=_ASSIGN,
        answer=_assign,
        status=204,
    ),
    *_holder_routes(holders.PROFILES, "/profiles", "Profile"),
    *_holder_routes(holders.PERMISSION_SETS, "/permission-sets", "PermissionSet"),
)
