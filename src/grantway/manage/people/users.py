"""Users: created, changed, frozen; their passwords and permission sets."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.org import Org, User, UserDetails, canonical_username
from grantway.domain.permissions import MANAGE_USERS, read_permissions
from grantway.kit.ids import USER, canonical_id, new_id
from grantway.manage.audit import record_changes
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.near import did_you_mean
from grantway.manage.people import holders
from grantway.manage.people.administrators import demand_one_left
from grantway.manage.people.passwords import hash_password
from grantway.manage.problem import ManageProblem, NotFound, StaleVersion
from grantway.settings.kinds import EMAIL, FLAG, SettingProblem, text
from grantway.store.people import USER_COLUMNS, permissions_of, user_and_password, user_by_id
from grantway.store.security_tokens import DROP
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert(
    "person",
    [
        "id",
        "org_id",
        "username",
        "email",
        "first_name",
        "last_name",
        "profile_id",
        "password_hash",
        "is_active",
        "is_frozen",
        "not_before",
        "details",
        "created_at",
        "updated_at",
        "is_guest",
    ],
)
_ALL: Final = Statement(
    f"SELECT {USER_COLUMNS} FROM person u JOIN profile r ON r.id = u.profile_id"  # noqa: S608 - our own names
    " WHERE u.org_id = :org_id ORDER BY u.username"
)
_ASSIGNED: Final = Statement(
    "SELECT s.name FROM permission_set_assignment m JOIN permission_set s ON s.id = m.permission_set_id"
    " WHERE m.person_id = :person_id ORDER BY s.name"
)
_ASSIGN: Final = Insert(
    "permission_set_assignment", ["person_id", "permission_set_id"], "(person_id, permission_set_id) DO NOTHING"
)
_UNASSIGN: Final = Statement(
    "DELETE FROM permission_set_assignment WHERE person_id = :person_id AND permission_set_id = :permission_set_id"
)
_SET: Final = Statement(
    "UPDATE person SET email = :email, first_name = :first_name, last_name = :last_name, is_active = :is_active,"
    " profile_id = :profile_id, details = :details, federation_id = :federation_id,"
    " not_before = :not_before, updated_at = :updated_at WHERE id = :id"
)
_FREEZE: Final = Statement("UPDATE person SET is_frozen = :frozen, updated_at = :updated_at WHERE id = :id")
_SET_PASSWORD: Final = Statement(
    "UPDATE person SET password_hash = :hash, not_before = :now, updated_at = :updated_at WHERE id = :id"
)
_GUEST_PASSWORD: Final = "nobody logs in as a guest user, so it has no password"
_USERNAME: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
# How each field is read; the fields of UserDetails are texts or flags by their defaults.
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "email": EMAIL.parse,
    "first_name": text(40).parse,
    "last_name": text(80, required=True).parse,
    "is_active": FLAG.parse,
    "profile": text(80, required=True).parse,
}
_DETAILS: Final[dict[str, Callable[[Any], Any]]] = {
    field.name: FLAG.parse if field.type is bool else text(255).parse for field in msgspec.structs.fields(UserDetails)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What is asked for when a user is made; without a password nobody can log in as the user.

    `guest`: it is to be nobody's account, as whom visitors act who have none. A guest user stays one.
    """

    username: str
    email: str
    password: str = ""
    first_name: str = ""
    last_name: str = ""
    profile: str = "Standard User"
    guest: bool = False


async def create(desk: Desk, org: Org, asked: NewUser) -> User:
    """Make a user. Usernames are unique over all orgs of the server.

    Raises:
        ManageProblem: no right, a username that is taken or not like an e-mail address, an unknown profile, or a
            password for a guest user.
    """
    desk.caller.needs(Right.USERS, org.id)
    username = canonical_username(asked.username)
    if not _USERNAME.fullmatch(username) or not username.isprintable():
        raise ManageProblem.at("username", "write it like an e-mail address, ada@example.com")
    if asked.guest and asked.password:
        raise ManageProblem.at("password", _GUEST_PASSWORD)
    local = username.split("@", 1)[0]
    fields = _read({"email": asked.email, "first_name": asked.first_name, "last_name": asked.last_name or local})
    hashed = hash_password(asked.password) if asked.password else ""
    now = desk.clock.now_ms()
    user_id = new_id(USER)
    details = msgspec.json.encode(UserDetails(nickname=local[:40])).decode()
    try:
        async with desk.changing() as changing:
            profile = await holders.find(changing, holders.PROFILES, org.id, asked.profile)
            desk.caller.holds_all(read_permissions(profile.permissions), f"give the profile {profile.name}")
            await changing.run(
                _ADD,
                user_id,
                org.id,
                username,
                fields["email"],
                fields["first_name"],
                fields["last_name"],
                profile.id,
                hashed,
                1,
                0,
                0,
                details,
                now,
                now,
                int(asked.guest),
            )
            await changing.audit(
                "admin.user.create", org.id, username=username, profile=profile.name, guest=asked.guest
            )
            return await find(changing, org, username)
    except Conflict as problem:
        raise ManageProblem.at("username", f"{username} is taken; usernames are unique over all orgs") from problem


async def all_users(desk: Desk, org: Org) -> tuple[User, ...]:
    """Return an org's users, by username.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    return tuple(User(*cast(Any, row)) for row in await desk.session.all(_ALL, org.id))


async def find(desk: Desk, org: Org, username: str) -> User:
    """Return an org's user, by username or id.

    Raises:
        ManageProblem: no right, or there is none in this org.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    user_id = canonical_id(username, USER)
    if user_id is not None:
        user = await user_by_id(desk.session, user_id)
    else:
        found = await user_and_password(desk.session, username)
        user = found[0] if found is not None else None
    if user is None or user.org_id != org.id:
        near = did_you_mean(username, [one.username for one in await all_users(desk, org)])
        raise NotFound(f"there is no user {username!r} in the org {org.name}{near}")
    return user


async def permission_sets_of(desk: Desk, user: User) -> tuple[str, ...]:
    """Return the names of the permission sets that a user has."""
    return tuple(cast(str, row[0]) for row in await desk.session.all(_ASSIGNED, user.id))


async def change(desk: Desk, org: Org, username: str, asked: dict[str, Any], *, seen: str = "") -> User:
    """Change fields of a user: e-mail, names, profile, whether active, and details such as phone or language.

    Deactivating ends every token and session for good: who comes back begins anew.

    Raises:
        ManageProblem: no right, no such user or field, a value it does not take, a user with more rights than the
            caller's, nobody would be left who can manage users, or (StaleVersion) changed since it was `seen`.
    """
    desk.caller.needs(Right.USERS, org.id)
    fields = _read(asked)
    async with desk.changing() as changing:
        user = await find(changing, org, username)
        if seen and seen != version_of(user):
            raise StaleVersion(f"{user.username} was changed by somebody else since you opened it: look at it again")
        desk.caller.holds_all(await permissions_of(changing.session, user), f"change the user {user.username}")
        profile_id = user.profile_id
        if "profile" in fields:
            profile = await holders.find(changing, holders.PROFILES, org.id, fields["profile"])
            desk.caller.holds_all(read_permissions(profile.permissions), f"give the profile {profile.name}")
            profile_id = profile.id
        details = msgspec.json.decode(user.details or "{}", type=UserDetails)
        details = msgspec.structs.replace(details, **{name: fields[name] for name in fields if name in _DETAILS})
        is_active, now = int(fields.get("is_active", user.is_active)), desk.clock.now_ms()
        try:
            await changing.run(
                _SET,
                email=fields.get("email", user.email),
                first_name=fields.get("first_name", user.first_name),
                last_name=fields.get("last_name", user.last_name),
                is_active=is_active,
                profile_id=profile_id,
                details=msgspec.json.encode(details).decode(),
                federation_id=details.federation_id,
                not_before=now if is_active < user.is_active else user.not_before,
                updated_at=_after(user, now),
                id=user.id,
            )
        except Conflict as problem:
            told = "it is another user's; no two users of an org have the same"
            raise ManageProblem.at("federation_id", told) from problem
        if is_active < user.is_active or profile_id != user.profile_id:
            await demand_one_left(changing, org.id)
        changed = await find(changing, org, user.id)
        before, after = fields_of(user), fields_of(changed)
        await record_changes(
            changing,
            "admin.user.change",
            org.id,
            before,
            {name: after[name] for name in fields},
            username=user.username,
        )
        return changed


async def set_password(desk: Desk, org: Org, username: str, password: str) -> User:
    """Give a user a new password; every token and session from before ends, and the security token.

    Raises:
        ManageProblem: no right, no such user, an unusable password, a guest user, or a user with more rights than the
            caller's.
    """
    desk.caller.needs(Right.USERS, org.id)
    hashed = hash_password(password)
    async with desk.changing() as changing:
        user = await find(changing, org, username)
        if user.is_guest:
            raise ManageProblem.at("password", _GUEST_PASSWORD)
        doing = f"give {user.username} a password"
        desk.caller.holds_all(await permissions_of(changing.session, user), doing)
        now = desk.clock.now_ms()
        await changing.run(_SET_PASSWORD, hash=hashed, now=now, updated_at=_after(user, now), id=user.id)
        # Who changes a password because somebody knows it means the text that apps send, too.
        await changing.run(DROP, person_id=user.id)
        await changing.audit("admin.user.password", org.id, username=user.username)
        return user


async def freeze(desk: Desk, org: Org, username: str, *, frozen: bool) -> User:
    """Freeze or unfreeze a user. While frozen, no login, no token, no session of theirs is good.

    A stolen account must stop at once, so whoever manages users may freeze anybody; but what unfreezing gives back,
    the caller must hold.

    Raises:
        ManageProblem: no right, no such user, unfreezing one with more rights than the caller's, or nobody would be
            left who can manage users.
    """
    desk.caller.needs(Right.USERS, org.id)
    async with desk.changing() as changing:
        user = await find(changing, org, username)
        if not frozen:
            desk.caller.holds_all(await permissions_of(changing.session, user), f"unfreeze the user {user.username}")
        await changing.run(_FREEZE, int(frozen), _after(user, desk.clock.now_ms()), user.id)
        if frozen:
            await demand_one_left(changing, org.id)
        kind = "admin.user.freeze" if frozen else "admin.user.unfreeze"
        await changing.audit(kind, org.id, username=user.username)
        return await find(changing, org, user.id)


async def assign(desk: Desk, org: Org, username: str, permission_set: str, *, assigned: bool = True) -> User:
    """Give a user a permission set, or take it back.

    Raises:
        ManageProblem: no right, no such user or permission set, it holds more than the caller does, or nobody would
            be left who can manage users.
    """
    desk.caller.needs(Right.ASSIGN_PERMISSION_SETS, org.id)
    async with desk.changing() as changing:
        user = await find(changing, org, username)
        chosen = await holders.find(changing, holders.PERMISSION_SETS, org.id, permission_set)
        permissions = read_permissions(chosen.permissions)
        desk.caller.holds_all(permissions, f"assign {chosen.name}")
        await changing.run(_ASSIGN if assigned else _UNASSIGN, user.id, chosen.id)
        if not assigned and MANAGE_USERS.name in permissions:
            await demand_one_left(changing, org.id)
        kind = "admin.user.assign" if assigned else "admin.user.unassign"
        await changing.audit(kind, org.id, username=user.username, permission_set=chosen.name)
        return user


def version_of(user: User) -> str:
    """Return what changes whenever a user's own record does: what a form was filled in over (S42)."""
    return str(user.updated_at)


def _after(user: User, now_ms: int) -> int:
    """Return when a user is changed; two changes never bear the same time."""
    return max(now_ms, user.updated_at + 1)


def fields_of(user: User) -> dict[str, Any]:
    """Return what can be changed of a user, by the names that `change` takes."""
    details = msgspec.json.decode(user.details or "{}", type=UserDetails)
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": bool(user.is_active),
        "profile": user.profile_name,
        **{name: getattr(details, name) for name in _DETAILS},
    }


def _read(asked: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, raw in asked.items():
        read = _READ.get(name) or _DETAILS.get(name)
        if read is None:
            near = difflib.get_close_matches(name, (*_READ, *_DETAILS), 1)
            hint = f"did you mean {near[0]}?" if near else f"these are: {', '.join((*_READ, *_DETAILS))}"
            raise ManageProblem.at(name, f"is no field of a user; {hint}")
        try:
            found[name] = read(raw)
        except SettingProblem as problem:
            raise ManageProblem.at(name, str(problem)) from problem
    return found
