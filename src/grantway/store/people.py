"""Users with their profile and permission sets, read for decisions."""

from typing import Any, Final, cast

from grantway.domain.app import InstalledApp
from grantway.domain.org import User, canonical_username
from grantway.domain.permissions import read_permissions
from grantway.settings.choices import PermittedUsers
from grantway.settings.org import ADMIN_APPROVED_APPS_ONLY
from grantway.settings.policies import PERMITTED_USERS, PROFILES
from grantway.store.database import Session
from grantway.store.statement import Statement

USER_COLUMNS: Final = (
    "u.id, u.org_id, u.username, u.email, u.first_name, u.last_name, u.is_active, u.is_frozen, u.not_before,"
    " u.details, u.created_at, u.updated_at, r.id, r.name, r.permissions, u.is_guest"
)
_FROM: Final = f"SELECT {USER_COLUMNS} FROM person u JOIN profile r ON r.id = u.profile_id"
_BY_ID: Final = Statement(f"{_FROM} WHERE u.id = :id")
_NAMED: Final = Statement(f"{_FROM} WHERE u.username = :username")
_BY_USERNAME: Final = Statement(
    f"SELECT {USER_COLUMNS}, u.password_hash FROM person u JOIN profile r ON r.id = u.profile_id"
    " WHERE u.username = :username"
)
_PERMISSION_SETS: Final = Statement(
    "SELECT s.name FROM permission_set_assignment m JOIN permission_set s ON s.id = m.permission_set_id"
    " WHERE m.person_id = :person_id"
)
_SET_PERMISSIONS: Final = Statement(
    "SELECT s.permissions FROM permission_set_assignment m JOIN permission_set s ON s.id = m.permission_set_id"
    " WHERE m.person_id = :person_id"
)


async def user_by_id(db: Session, user_id: str) -> User | None:
    """Return the user with an id, or None."""
    row = await db.one(_BY_ID, user_id)
    return None if row is None else User(*cast(Any, row))


async def user_by_username(db: Session, username: str) -> User | None:
    """Return the user with a username, or None. Usernames are unique over all orgs."""
    row = await db.one(_NAMED, canonical_username(username))
    return None if row is None else User(*cast(Any, row))


async def user_and_password(db: Session, username: str) -> tuple[User, str] | None:
    """Return the user with a username and the hash of the password, or None. Usernames are unique over all orgs."""
    row = await db.one(_BY_USERNAME, canonical_username(username))
    return None if row is None else (User(*cast(Any, row[:-1])), cast(str, row[-1]))


async def permission_sets_that_count(db: Session, app: InstalledApp, user: User) -> frozenset[str]:
    """Return the names of a user's permission sets where they can decide; read only then."""
    if app.policy is not None and (
        app[PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE or user.profile_name in app[PROFILES]
    ):
        return frozenset()
    return frozenset(cast(str, row[0]) for row in await db.all(_PERMISSION_SETS, user.id))


async def permissions_of(db: Session, user: User) -> frozenset[str]:
    """Return the user permissions that a user's profile and permission sets give together."""
    found = read_permissions(user.profile_permissions)
    for row in await db.all(_SET_PERMISSIONS, user.id):
        found |= read_permissions(cast(str, row[0]))
    return found


async def permissions_that_count(db: Session, app: InstalledApp, user: User) -> frozenset[str]:
    """Return a user's permissions where they decide about using an app.

    That is where the org has not installed it, and where API Access Control is on.
    """
    decide = app.policy is None or app[ADMIN_APPROVED_APPS_ONLY]
    return await permissions_of(db, user) if decide else frozenset()
