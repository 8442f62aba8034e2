"""Grants and tokens: the steps that codes, families, refresh and access tokens are made and ended with."""

from typing import Final, cast

import msgspec

from grantway.domain.token import AccessToken, Code, Family, RefreshToken
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step, Update

_ADD_CODE: Final = Insert("authorization_code", Code.__struct_fields__)
_ADD_FAMILY: Final = Insert("token_family", (*Family.__struct_fields__, "revoked_why"))
_ADD_REFRESH: Final = Insert("refresh_token", RefreshToken.__struct_fields__)
_ADD_ACCESS: Final = Insert("access_token", AccessToken.__struct_fields__)
_SPEND_CODE: Final = Update("authorization_code", ["spent_at"], where="t.spent_at IS NULL")
_SETTLE_CODE: Final = Update("authorization_code", ["settled_us"])
_SPEND_REFRESH: Final = Update("refresh_token", ["spent_at", "successor_id"], where="t.spent_at IS NULL")
_SETTLE_REFRESH: Final = Update("refresh_token", ["settled_us"])
_USED_FAMILY: Final = Update("token_family", ["used_at"], counts=["uses"])
_REVOKE_FAMILY: Final = Update("token_family", ["revoked_at", "revoked_why"], where="t.revoked_at IS NULL")
_REVOKE_ACCESS: Final = Update("access_token", ["revoked_at"], where="t.revoked_at IS NULL")
_RENEW_ACCESS: Final = Update("access_token", ["expires_at"], where="t.revoked_at IS NULL")
# Five approvals a user and app: the sixth drops the oldest (salesforce-oauth.md 9).
KEPT_FAMILIES: Final = 5
_DROP_OLDEST: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'approvals.sixth'"
    " WHERE user_id = :user_id AND app_id = :app_id AND has_refresh = 1 AND revoked_at IS NULL AND id NOT IN ("
    "SELECT id FROM token_family WHERE user_id = :user_id AND app_id = :app_id AND has_refresh = 1"
    f" AND revoked_at IS NULL AND id <> :family_id ORDER BY id DESC LIMIT {KEPT_FAMILIES - 1}) AND id <> :family_id"
)


_LOGIN: Final = Statement("SELECT auth_time FROM token_family WHERE id = :id")


async def login_behind(db: Session, family_id: str) -> int | None:
    """Return when the user logged in (ms) to approve a family; None where no user did, or the family is gone."""
    row = await db.one(_LOGIN, family_id)
    seconds = cast(int, row[0]) if row else 0
    return seconds * 1000 or None


def _row(record: AccessToken | Code | Family | RefreshToken) -> tuple[str | int | bytes | None, ...]:
    return msgspec.structs.astuple(record)


def add_code(code: Code) -> Step:
    """Store a new authorization code."""
    return Step(_ADD_CODE, _row(code))


def spend_code(code_id: str, now_ms: int) -> Step:
    """Guard: mark a code as used; exactly one request can."""
    return Step(_SPEND_CODE, (now_ms, code_id))


def settle_code(code_id: str) -> Step:
    """Note when the redemption of a code was on disk."""
    return Step(_SETTLE_CODE, (code_id,))


def add_family(family: Family) -> Step:
    """Store a new family."""
    return Step(_ADD_FAMILY, (*_row(family), ""))


def drop_oldest_families(user_id: str, app_id: str, family_id: str, now_ms: int) -> Step:
    """Revoke what is more than five approvals of a user for an app, the oldest first, never `family_id` itself."""
    return Step(_DROP_OLDEST, (now_ms, user_id, app_id, family_id))


def add_refresh(token: RefreshToken) -> Step:
    """Store a new refresh token."""
    return Step(_ADD_REFRESH, _row(token))


def spend_refresh(token_id: str, successor_id: str, now_ms: int) -> Step:
    """Guard: rotate a refresh token out; exactly one request can."""
    return Step(_SPEND_REFRESH, (now_ms, successor_id, token_id))


def settle_refresh(token_id: str) -> Step:
    """Note when the rotation of a refresh token was on disk."""
    return Step(_SETTLE_REFRESH, (token_id,))


def use_family(family_id: str, now_ms: int) -> Step:
    """Note and count the use of a family's refresh token: its idle time starts again."""
    return Step(_USED_FAMILY, (now_ms, family_id))


def revoke_family(family_id: str, why: str, now_ms: int) -> Step:
    """End a family: its refresh token and all its access tokens are dead from the commit on."""
    return Step(_REVOKE_FAMILY, (now_ms, why, family_id))


def add_access(token: AccessToken) -> Step:
    """Store a new access token."""
    return Step(_ADD_ACCESS, _row(token))


def revoke_access(token_id: str, now_ms: int) -> Step:
    """End one access token."""
    return Step(_REVOKE_ACCESS, (now_ms, token_id))


def renew_access(token_id: str, expires_at: int) -> Step:
    """Move the end of an access token that is in use (salesforce-oauth.md 7: expiry is idle-based)."""
    return Step(_RENEW_ACCESS, (expires_at, token_id))
