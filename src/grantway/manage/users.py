"""Users: created, changed, frozen; their permission sets."""

import re
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.org import Org, User, UserDetails
from grantway.kit.ids import USER, new_id
from grantway.manage import holders
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.passwords import hash_password
from grantway.manage.problem import ManageProblem
from grantway.store.hot import USER_COLUMNS
from grantway.store.people import canonical_username, user_and_password
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
    ],
)
_ALL: Final = Statement(
    f"SELECT {USER_COLUMNS} FROM person u JOIN profile r ON r.id = u.profile_id"  # noqa: S608 - our own names
    " WHERE u.org_id = :org_id ORDER BY u.username"
)
_ASSIGN: Final = Insert(
    "permission_set_assignment", ["person_id", "permission_set_id"], "(person_id, permission_set_id) DO NOTHING"
)
_USERNAME: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_FREEZE: Final = Statement("UPDATE person SET is_frozen = :frozen, updated_at = :now WHERE id = :id")
_SET: Final = {
    "email": Statement("UPDATE person SET email = :value, updated_at = :now WHERE id = :id"),
    "first_name": Statement("UPDATE person SET first_name = :value, updated_at = :now WHERE id = :id"),
    "last_name": Statement("UPDATE person SET last_name = :value, updated_at = :now WHERE id = :id"),
    "is_active": Statement("UPDATE person SET is_active = :value, updated_at = :now WHERE id = :id"),
    "profile": Statement("UPDATE person SET profile_id = :value, updated_at = :now WHERE id = :id"),
}
_SET_PASSWORD: Final = Statement(
    "UPDATE person SET password_hash = :hash, not_before = :now, updated_at = :now WHERE id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What is asked for when a user is made."""

    username: str
    email: str
    password: str
    first_name: str = ""
    last_name: str = ""
    profile: str = "Standard User"


async def create(desk: Desk, org: Org, asked: NewUser) -> User:
    """Make a user. Usernames are unique over all orgs of the server.

    Raises:
        ManageProblem: no right, a username that is taken or no e-mail-like name, or an unknown profile.
    """
    desk.caller.needs(Right.USERS, org.id)
    username = canonical_username(asked.username)
    if not _USERNAME.fullmatch(username) or not username.isprintable():
        raise ManageProblem("username: write it like an e-mail address, ada@example.com")
    if not _USERNAME.fullmatch(asked.email) or not asked.email.isprintable():
        raise ManageProblem("email: write an e-mail address such as ada@example.com")
    profile = await holders.find(desk, holders.PROFILES, org.id, asked.profile)
    now = desk.clock.now_ms()
    user_id = new_id(USER)
    local = username.split("@", 1)[0]
    values = (
        user_id,
        org.id,
        username,
        asked.email,
        asked.first_name[:40],
        asked.last_name[:80] or local,
        profile.id,
        hash_password(asked.password),
        1,
        0,
        0,
        msgspec.json.encode(UserDetails(nickname=local[:40])).decode(),
        now,
        now,
    )
    try:
        async with desk.db.transaction() as transaction:
            await transaction.run(_ADD, *values)
            await desk.audit(transaction, "admin.user.create", org.id, username=username, profile=profile.name)
    except Conflict as problem:
        raise ManageProblem(f"username: {username} is taken; usernames are unique over all orgs") from problem
    return await find(desk, org, username)


async def all_users(desk: Desk, org: Org) -> tuple[User, ...]:
    """Return an org's users, by username."""
    return tuple(User(*cast(Any, row)) for row in await desk.db.all(_ALL, org.id))


async def find(desk: Desk, org: Org, username: str) -> User:
    """Return an org's user.

    Raises:
        ManageProblem: there is none in this org.
    """
    found = await user_and_password(desk.db, username)
    if found is None or found[0].org_id != org.id:
        raise ManageProblem(f"there is no user {username!r} in the org {org.name}")
    return found[0]


async def change(desk: Desk, org: Org, username: str, asked: dict[str, str]) -> User:
    """Change fields of a user: email, first_name, last_name, is_active, profile; all or none.

    Raises:
        ManageProblem: no right, no such user or field, or a value it does not take.
    """
    desk.caller.needs(Right.USERS, org.id)
    user = await find(desk, org, username)
    now = desk.clock.now_ms()
    changes: list[tuple[Statement, str | int]] = []
    for name, text in asked.items():
        if name not in _SET:
            raise ManageProblem(f"{name!r} is no field of a user; these are: {', '.join(_SET)}")
        value: str | int = text
        if name == "is_active":
            if text not in ("true", "false"):
                raise ManageProblem("is_active: say true or false")
            value = int(text == "true")
        elif name == "profile":
            desk.caller.needs(Right.PROFILES, org.id)
            value = (await holders.find(desk, holders.PROFILES, org.id, text)).id
        elif name == "email" and not _USERNAME.fullmatch(text):
            raise ManageProblem("email: write an e-mail address such as ada@example.com")
        changes.append((_SET[name], value))
    async with desk.db.transaction() as transaction:
        for statement, value in changes:
            await transaction.run(statement, value, now, user.id)
        await desk.audit(transaction, "admin.user.change", org.id, username=user.username, to=asked)
    return await find(desk, org, user.username)


async def set_password(desk: Desk, org: Org, username: str, password: str) -> None:
    """Give a user a new password; every token and session from before ends.

    Raises:
        ManageProblem: no right, no such user, or an unusable password.
    """
    desk.caller.needs(Right.USERS, org.id)
    user = await find(desk, org, username)
    hashed = hash_password(password)
    async with desk.db.transaction() as transaction:
        await transaction.run(_SET_PASSWORD, hashed, desk.clock.now_ms(), user.id)
        await desk.audit(transaction, "admin.user.password", org.id, username=user.username)


async def freeze(desk: Desk, org: Org, username: str, *, frozen: bool) -> User:
    """Freeze or unfreeze a user. While frozen, no login, no token, no session of theirs is good.

    Raises:
        ManageProblem: no right, or no such user.
    """
    desk.caller.needs(Right.USERS, org.id)
    user = await find(desk, org, username)
    async with desk.db.transaction() as transaction:
        await transaction.run(_FREEZE, int(frozen), desk.clock.now_ms(), user.id)
        kind = "admin.user.freeze" if frozen else "admin.user.unfreeze"
        await desk.audit(transaction, kind, org.id, username=user.username)
    return await find(desk, org, user.username)


async def assign(desk: Desk, org: Org, username: str, permission_set: str) -> None:
    """Give a user a permission set.

    Raises:
        ManageProblem: no right, no such user or permission set, or it holds more than the caller does.
    """
    desk.caller.needs(Right.PROFILES, org.id)
    user = await find(desk, org, username)
    chosen = await holders.find(desk, holders.PERMISSION_SETS, org.id, permission_set)
    async with desk.db.transaction() as transaction:
        await transaction.run(_ASSIGN, user.id, chosen.id)
        await desk.audit(transaction, "admin.user.assign", org.id, username=user.username, to=chosen.name)
