"""What codes and tokens need to be decided: each read in one statement, their users and apps from the directory."""

from typing import Any, Final, cast

import msgspec

from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.org import User
from grantway.domain.token import AccessToken, Code, Family, RefreshToken
from grantway.store.directory import Directory
from grantway.store.statement import Statement, columns_of

_CODE: Final = Statement(f"SELECT {columns_of(Code, 'c')} FROM authorization_code c WHERE c.id = :id")
_REFRESH: Final = Statement(
    f"SELECT {columns_of(RefreshToken, 't')}, {columns_of(Family, 'f')}"
    " FROM refresh_token t JOIN token_family f ON f.id = t.family_id WHERE t.id = :id"
)
_ACCESS: Final = Statement(
    # A line that was swept away was dead: its tokens count as revoked at 0.
    f"SELECT {columns_of(AccessToken, 't')}, CASE WHEN t.family_id <> '' AND f.id IS NULL THEN 0 ELSE f.revoked_at END"
    " FROM access_token t LEFT JOIN token_family f ON f.id = t.family_id WHERE t.id = :id"
)
_UNUSED_SUCCESSOR: Final = Statement("SELECT hash FROM refresh_token WHERE id = :id AND spent_at IS NULL")
_REFRESH_END: Final = len(RefreshToken.__struct_fields__)


class HeldCode(msgspec.Struct, frozen=True, gc=False):
    """A code, and who redeems it in which app."""

    code: Code
    of: AppUser

    @property
    def app(self) -> InstalledApp:
        """The app, as the user's org meets it."""
        return self.of.app


class HeldRefreshToken(msgspec.Struct, frozen=True, gc=False):
    """A refresh token, its family, and whose it is in which app.

    `successor_hash`: of the token that came of it, where it was rotated and that one has not been used; else empty.
    """

    token: RefreshToken
    family: Family
    of: AppUser
    successor_hash: bytes

    @property
    def app(self) -> InstalledApp:
        """The app, as the user's org meets it."""
        return self.of.app

    @property
    def user(self) -> User:
        """Whose token it is."""
        return self.of.user


class HeldAccessToken(msgspec.Struct, frozen=True, gc=False):
    """An access token, whose it is in which app, and when its family was revoked, if it was."""

    token: AccessToken
    of: AppUser
    family_revoked_at: int | None

    @property
    def app(self) -> InstalledApp:
        """The app, as the user's org meets it."""
        return self.of.app

    @property
    def user(self) -> User:
        """Whose token it is."""
        return self.of.user


async def held_code(directory: Directory, row_id: str) -> HeldCode | None:
    """Return the authorization code in a row, with all that decides about it; None when there is none."""
    row = await directory.db.one(_CODE, row_id)
    if row is None:
        return None
    code = Code(*cast(Any, row))
    of = await directory.app_user(code.app_id, code.org_id, code.user_id)
    return None if of is None else HeldCode(code, of)


async def held_refresh_token(directory: Directory, row_id: str) -> HeldRefreshToken | None:
    """Return the refresh token in a row, with all that decides about it; None when there is none."""
    row = await directory.db.one(_REFRESH, row_id)
    if row is None:
        return None
    token = RefreshToken(*cast(Any, row[:_REFRESH_END]))
    family = Family(*cast(Any, row[_REFRESH_END:]))
    of = await directory.app_user(family.app_id, family.org_id, family.user_id)
    if of is None:
        return None
    successor = None
    if token.spent_at is not None and token.successor_id:
        successor = await directory.db.one(_UNUSED_SUCCESSOR, token.successor_id)
    return HeldRefreshToken(token, family, of, cast(bytes, successor[0]) if successor else b"")


async def held_access_token(directory: Directory, row_id: str) -> HeldAccessToken | None:
    """Return the access token in a row, with all that decides about it; None when there is none."""
    row = await directory.db.one(_ACCESS, row_id)
    if row is None:
        return None
    token = AccessToken(*cast(Any, row[:-1]))
    of = await directory.app_user(token.app_id, token.org_id, token.user_id)
    return None if of is None else HeldAccessToken(token, of, cast("int | None", row[-1]))
