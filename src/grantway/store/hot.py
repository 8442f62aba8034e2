"""What a request needs to be decided, each in one joined statement; a test counts them (style.md 6)."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.app import InstalledApp
from grantway.domain.org import User
from grantway.domain.token import AccessToken, Code, Family, RefreshToken
from grantway.settings.choices import PermittedUsers
from grantway.settings.policies import PERMITTED_USERS, PROFILES
from grantway.store.apps import VERSIONS, Apps, Versions
from grantway.store.database import Session
from grantway.store.statement import Row, Statement, columns_of

USER_COLUMNS: Final = (
    "u.id, u.org_id, u.username, u.email, u.first_name, u.last_name, u.is_active, u.is_frozen, u.not_before,"
    " u.details, u.created_at, u.updated_at, r.id, r.name, r.permissions"
)
_USER_END: Final = len(User.__struct_fields__)
_WHO: Final = (
    "JOIN person u ON u.id = {of}.user_id JOIN profile r ON r.id = u.profile_id"
    " JOIN org o ON o.id = {of}.org_id JOIN app a ON a.id = {of}.app_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = o.id"
)

_RUN_AS: Final = Statement(
    f"SELECT {USER_COLUMNS}, a.id, a.org_id, {VERSIONS} FROM app a JOIN org o ON o.id = a.org_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = a.org_id"
    " LEFT JOIN person u ON u.username = p.run_as AND u.org_id = p.org_id LEFT JOIN profile r ON r.id = u.profile_id"
    " WHERE a.consumer_key = :consumer_key"
)
_CODE: Final = Statement(
    f"SELECT {USER_COLUMNS}, {VERSIONS}, {columns_of(Code, 'c')} FROM authorization_code c {_WHO.format(of='c')}"
    " WHERE c.id = :id"
)
_REFRESH: Final = Statement(
    f"SELECT {USER_COLUMNS}, {VERSIONS}, {columns_of(RefreshToken, 't')}, {columns_of(Family, 'f')}"
    f" FROM refresh_token t JOIN token_family f ON f.id = t.family_id {_WHO.format(of='f')} WHERE t.id = :id"
)
_ACCESS: Final = Statement(
    # A line that was swept away was dead: its tokens count as revoked at 0.
    f"SELECT {USER_COLUMNS}, {VERSIONS}, {columns_of(AccessToken, 't')},"
    " CASE WHEN t.family_id <> '' AND f.id IS NULL THEN 0 ELSE f.revoked_at END"
    f" FROM access_token t LEFT JOIN token_family f ON f.id = t.family_id {_WHO.format(of='t')} WHERE t.id = :id"
)
_SUCCESSOR_SPENT: Final = Statement("SELECT spent_at FROM refresh_token WHERE id = :id")
_PERMISSION_SETS: Final = Statement(
    "SELECT s.name FROM permission_set_assignment m JOIN permission_set s ON s.id = m.permission_set_id"
    " WHERE m.person_id = :person_id"
)
_AFTER_VERSIONS: Final = _USER_END + 3
_REFRESH_END: Final = _AFTER_VERSIONS + len(RefreshToken.__struct_fields__)
_ACCESS_END: Final = _AFTER_VERSIONS + len(AccessToken.__struct_fields__)


class HeldCode(msgspec.Struct, frozen=True, gc=False):
    """A code, its user, and the app as the user's org meets it."""

    code: Code
    user: User
    app: InstalledApp
    permission_sets: frozenset[str]


class HeldRefreshToken(msgspec.Struct, frozen=True, gc=False):
    """A refresh token, its family and user, and the app as the user's org meets it.

    `successor_spent`: whether the token that came of it has itself been used, where it was rotated.
    """

    token: RefreshToken
    family: Family
    user: User
    app: InstalledApp
    permission_sets: frozenset[str]
    successor_spent: bool


class HeldAccessToken(msgspec.Struct, frozen=True, gc=False):
    """An access token, its user, the app as the user's org meets it, and when its family was revoked, if it was."""

    token: AccessToken
    user: User
    app: InstalledApp
    permission_sets: frozenset[str]
    family_revoked_at: int | None


def _user(row: Row) -> User:
    return User(*cast(Any, row[:_USER_END]))


async def client_with_run_as(db: Session, apps: Apps, consumer_key: str) -> tuple[InstalledApp, User | None] | None:
    """Return the app with a consumer key, as its home org meets it, and the run-as user of that org's policy."""
    row = await db.one(_RUN_AS, consumer_key)
    if row is None:
        return None
    app = await apps.at(
        db, cast(str, row[_USER_END]), cast(str, row[_USER_END + 1]), cast(Versions, row[_USER_END + 2 :])
    )
    return None if app is None else (app, _user(row) if row[0] is not None else None)


async def held_code(db: Session, apps: Apps, row_id: str) -> HeldCode | None:
    """Return the authorization code in a row, with all that decides about it; None when there is none."""
    row = await db.one(_CODE, row_id)
    if row is None:
        return None
    code = Code(*cast(Any, row[_AFTER_VERSIONS:]))
    app = await apps.at(db, code.app_id, code.org_id, cast(Versions, row[_USER_END:_AFTER_VERSIONS]))
    if app is None:
        return None
    user = _user(row)
    return HeldCode(code, user, app, await permission_sets_that_count(db, app, user))


async def held_refresh_token(db: Session, apps: Apps, row_id: str) -> HeldRefreshToken | None:
    """Return the refresh token in a row, with all that decides about it; None when there is none."""
    row = await db.one(_REFRESH, row_id)
    if row is None:
        return None
    token = RefreshToken(*cast(Any, row[_AFTER_VERSIONS:_REFRESH_END]))
    family = Family(*cast(Any, row[_REFRESH_END:]))
    app = await apps.at(db, family.app_id, family.org_id, cast(Versions, row[_USER_END:_AFTER_VERSIONS]))
    if app is None:
        return None
    user = _user(row)
    successor_spent = False
    if token.spent_at is not None and token.successor_id:
        successor = await db.one(_SUCCESSOR_SPENT, token.successor_id)
        successor_spent = successor is None or successor[0] is not None
    return HeldRefreshToken(token, family, user, app, await permission_sets_that_count(db, app, user), successor_spent)


async def held_access_token(db: Session, apps: Apps, row_id: str) -> HeldAccessToken | None:
    """Return the access token in a row, with all that decides about it; None when there is none."""
    row = await db.one(_ACCESS, row_id)
    if row is None:
        return None
    token = AccessToken(*cast(Any, row[_AFTER_VERSIONS:_ACCESS_END]))
    app = await apps.at(db, token.app_id, token.org_id, cast(Versions, row[_USER_END:_AFTER_VERSIONS]))
    if app is None:
        return None
    user = _user(row)
    family_revoked_at = cast("int | None", row[_ACCESS_END])
    return HeldAccessToken(token, user, app, await permission_sets_that_count(db, app, user), family_revoked_at)


async def permission_sets_that_count(db: Session, app: InstalledApp, user: User) -> frozenset[str]:
    """Return the names of a user's permission sets where they can decide; read only then."""
    if app.policy is not None and (
        app[PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE or user.profile_name in app[PROFILES]
    ):
        return frozenset()
    return await permission_sets_of(db, user.id)


async def permission_sets_of(db: Session, user_id: str) -> frozenset[str]:
    """Return the names of the permission sets a user holds."""
    return frozenset(cast(str, row[0]) for row in await db.all(_PERMISSION_SETS, user_id))
