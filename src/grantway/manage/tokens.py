"""What is out: lines of tokens per user and app, and taking them back."""

from typing import Any, Final

from grantway.domain.org import Org
from grantway.manage import apps, users
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.store.statement import Statement

_LINES: Final = Statement(
    "SELECT f.id, a.name, u.username, f.scopes, f.door, f.created_at, f.used_at, f.has_refresh FROM token_family f"
    " JOIN app a ON a.id = f.app_id JOIN person u ON u.id = f.user_id"
    " WHERE f.org_id = :org_id AND f.revoked_at IS NULL AND (:user_id = '' OR f.user_id = :user_id)"
    " AND (:app_id = '' OR f.app_id = :app_id) ORDER BY f.created_at DESC, f.id DESC LIMIT 1000"
)
_REVOKE_LINES: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'admin.revoked'"
    " WHERE org_id = :org_id AND revoked_at IS NULL AND (:user_id = '' OR user_id = :user_id)"
    " AND (:app_id = '' OR app_id = :app_id) RETURNING id"
)
_REVOKE_ACCESS: Final = Statement(
    "UPDATE access_token SET revoked_at = :now WHERE org_id = :org_id AND revoked_at IS NULL"
    " AND (:user_id = '' OR user_id = :user_id) AND (:app_id = '' OR app_id = :app_id) RETURNING id"
)
_COLUMNS: Final = ("line", "app", "username", "scopes", "door", "created_at", "used_at", "has_refresh")


async def lines(desk: Desk, org: Org, *, username: str = "", app: str = "") -> tuple[dict[str, Any], ...]:
    """Return the live lines of tokens of an org, the newest first, at most 1,000.

    Raises:
        ManageProblem: no right, or no such user or app.
    """
    user_id, app_id = await _ids(desk, org, username, app)
    values = {"org_id": org.id, "user_id": user_id, "app_id": app_id}
    rows = await desk.db.all(_LINES, *(values[name] for name in _LINES.names))
    return tuple(dict(zip(_COLUMNS, row, strict=True)) for row in rows)


async def revoke(desk: Desk, org: Org, *, username: str = "", app: str = "") -> int:
    """End every line and access token of a user, of an app, of a user in an app, or of the whole org.

    Raises:
        ManageProblem: no right, or no such user or app.
    """
    user_id, app_id = await _ids(desk, org, username, app)
    values: dict[str, str | int] = {
        "org_id": org.id,
        "user_id": user_id,
        "app_id": app_id,
        "now": desk.clock.now_ms(),
    }
    async with desk.db.transaction() as transaction:
        ended = await transaction.run(_REVOKE_LINES, *(values[name] for name in _REVOKE_LINES.names))
        access = await transaction.run(_REVOKE_ACCESS, *(values[name] for name in _REVOKE_ACCESS.names))
        await desk.audit(transaction, "admin.tokens.revoke", org.id, app_id=app_id, username=username, lines=len(ended))
    return len(ended) + len(access)


async def _ids(desk: Desk, org: Org, username: str, app: str) -> tuple[str, str]:
    desk.caller.needs(Right.USERS, org.id)
    user_id = (await users.find(desk, org, username)).id if username else ""
    app_id = (await apps.find(desk, org, app)).id if app else ""
    return user_id, app_id
