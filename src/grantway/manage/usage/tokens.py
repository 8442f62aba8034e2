"""What is out: lines of tokens per user and app, and taking them back (S16)."""

import hmac
from collections.abc import Sequence
from typing import Any, Final, cast

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org, User
from grantway.kit.secrets import access_token_row, fingerprint, refresh_token_row
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.listing import Listed, Piece
from grantway.manage.live.live_grants import POLICY, Within
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.store.apps import POLICY_OF_APP
from grantway.store.statement import SqlValue, Statement

LISTED: Final = 1000
# Sorts after every row id.
_END: Final = "~"
# Who lists a whole org's tokens, or ends a user's, reads through the table of access tokens; what is asked of one app
# goes by index (migration 0009).
_LIVE: Final = "t.revoked_at IS NULL AND t.expires_at > CAST(:now AS BIGINT)"
_WHO: Final = (
    "JOIN app a ON a.id = {of}.app_id JOIN person u ON u.id = {of}.user_id JOIN org o ON o.id = {of}.org_id"
    " LEFT JOIN app_policy p ON p.app_id = " + POLICY_OF_APP + " AND p.org_id = {of}.org_id"
    " WHERE {of}.org_id = :org_id AND (:user_id = '' OR {of}.user_id = :user_id)"
    " AND (:app_id = '' OR {of}.app_id = :app_id)"
    " AND {at} > u.not_before AND {at} > o.not_before AND {at} > COALESCE(p.not_before, 0)"
)
_LINES: Final = Statement(
    "SELECT f.id, a.name, u.username, f.scopes, f.door, f.created_at, f.used_at, f.has_refresh, COALESCE(l.live, 0),"  # noqa: S608 - our own names
    f" f.uses, {POLICY}"
    " FROM token_family f LEFT JOIN (SELECT t.family_id, COUNT(*) AS live FROM access_token t"
    f" WHERE t.org_id = :org_id AND t.family_id <> '' AND {_LIVE} GROUP BY t.family_id) l ON l.family_id = f.id"
    f" {_WHO.format(of='f', at='f.created_at')} AND f.revoked_at IS NULL AND (f.has_refresh = 1 OR l.live > 0)"
    " AND f.id < :before ORDER BY f.id DESC LIMIT CAST(:most AS BIGINT)"
)
_SINGLE: Final = Statement(
    "SELECT t.id, a.name, u.username, t.scopes, t.door, t.issued_at, t.issued_at, 0, 1, 1, '' FROM access_token t"  # noqa: S608 - our own names
    f" {_WHO.format(of='t', at='t.issued_at')} AND t.family_id = '' AND {_LIVE} AND t.id < :before"
    " ORDER BY t.id DESC LIMIT CAST(:most AS BIGINT)"
)
_OF: Final = "org_id = :org_id AND (:user_id = '' OR user_id = :user_id) AND (:app_id = '' OR app_id = :app_id)"
_END_LINES: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'admin.revoked' WHERE org_id = :org_id"
    " AND (:user_id = '' OR user_id = :user_id) AND revoked_at IS NULL RETURNING id"
)
_END_LINES_OF_APP: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'admin.revoked' WHERE app_id = :app_id"
    " AND org_id = :org_id AND (:user_id = '' OR user_id = :user_id) AND revoked_at IS NULL RETURNING id"
)
# Those of lines end with their line.
_END_SINGLE: Final = (
    "UPDATE access_token SET revoked_at = :now WHERE family_id = '' AND revoked_at IS NULL AND expires_at > :now AND"
)
_END_ACCESS: Final = Statement(f"{_END_SINGLE} org_id = :org_id AND (:user_id = '' OR user_id = :user_id) RETURNING id")
_END_ACCESS_OF_APP: Final = Statement(
    f"{_END_SINGLE} app_id = :app_id AND org_id = :org_id AND (:user_id = '' OR user_id = :user_id) RETURNING id"
)
_END_CODES: Final = Statement(
    f"DELETE FROM authorization_code WHERE {_OF} AND spent_at IS NULL RETURNING id"  # noqa: S608 - our own names
)
_FORGET_APPROVAL: Final = Statement("DELETE FROM approval WHERE person_id = :user_id AND app_id = :app_id")
_FORGET_APPROVALS: Final = Statement(
    "DELETE FROM approval WHERE app_id = :app_id AND person_id IN (SELECT id FROM person WHERE org_id = :org_id)"
)
_HAS: Final = (
    Statement("SELECT id FROM token_family WHERE org_id = :org_id AND app_id = :app_id LIMIT 1"),
    Statement("SELECT id FROM access_token WHERE org_id = :org_id AND app_id = :app_id LIMIT 1"),
    Statement(
        "SELECT y.person_id FROM approval y JOIN person u ON u.id = y.person_id"
        " WHERE u.org_id = :org_id AND y.app_id = :app_id LIMIT 1"
    ),
)
_MARK_USER: Final = Statement("UPDATE person SET not_before = :now WHERE id = :user_id")
_MARK_APP: Final = Statement(
    "UPDATE app_policy SET not_before = :now, version = version + 1 WHERE org_id = :org_id AND app_id = :app_id"
)
_CHILDREN: Final = Statement("SELECT id FROM app WHERE parent_id = :app_id")
_MARK_ORG: Final = Statement("UPDATE org SET not_before = :now, version = version + 1 WHERE id = :org_id")
_ONE_LINE: Final = Statement("SELECT app_id, user_id FROM token_family WHERE id = :id AND org_id = :org_id")
_ONE_ACCESS: Final = Statement("SELECT app_id, user_id, hash FROM access_token WHERE id = :id AND org_id = :org_id")
_ONE_REFRESH: Final = Statement("SELECT family_id, hash FROM refresh_token WHERE id = :id")
_END_ONE_LINE: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'admin.revoked' WHERE id = :id AND revoked_at IS NULL"
    " RETURNING id"
)
_END_ONE_ACCESS: Final = Statement(
    "UPDATE access_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING id"
)
_COLUMNS: Final = (
    "id",
    "app",
    "username",
    "scopes",
    "door",
    "created_at",
    "used_at",
    "has_refresh_token",
    "access_tokens",
    "uses",
)


async def lines(desk: Desk, org: Org, *, username: str = "", app: str = "") -> Sequence[dict[str, Any]]:
    """Return what is out in an org, the newest first, at most 1,000: lines of tokens that came of one approval, and
    access tokens that stand alone (client credentials). Times in ms; `uses` is how many access tokens came of it.

    Raises:
        ManageProblem: no right, or no such user or app.
    """
    return (await page_of_lines(desk, org, Piece(limit=LISTED), username=username, app=app)).items


async def page_of_lines(
    desk: Desk, org: Org, piece: Piece, *, username: str = "", app: str = ""
) -> Listed[dict[str, Any]]:
    """Return a piece of what is out in an org, as `lines` tells it. What ended meanwhile is in no later piece.

    Raises:
        ManageProblem: no right, or no such user or app.
    """
    user_id, app_id = await _ids(desk, org, username, app)
    values: dict[str, SqlValue] = {
        "org_id": org.id,
        "user_id": user_id,
        "app_id": app_id,
        "now": desk.clock.now_ms(),
        "before": piece.after[0] if piece.after else _END,
        "most": piece.limit + 1,
    }
    found: list[tuple[dict[str, Any], bool]] = []
    within = Within(desk.clock.now_ms())
    for statement in (_LINES, _SINGLE):
        for *row, policy in await desk.session.all(statement, *(values[name] for name in statement.names)):
            one: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
            live = bool(one["has_refresh_token"]) and within(cast(str, policy), one["created_at"], one["used_at"])
            found.append((one, live))
    # Ids begin with the time at which their row was written.
    found.sort(key=lambda pair: pair[0]["id"], reverse=True)
    looked = found[: piece.limit]
    shown = tuple(one | {"has_refresh_token": live} for one, live in looked if live or one["access_tokens"])
    return Listed(items=shown, next=(looked[-1][0]["id"],) if len(found) > piece.limit else None)


async def revoke(desk: Desk, org: Org, *, username: str = "", app: str = "") -> int:
    """End everything that is out of a user, of an app, of a user in an app, or (neither named) of the whole org.

    Codes and requests under way end too: what they would give was granted before this moment; and what was approved
    has to be approved again. A user's sessions in browsers end with all of their tokens. Returns how many lines and
    single access tokens ended.

    Raises:
        ManageProblem: no right, or no such user or app.
    """
    desk.caller.needs(Right.USAGE, org.id)
    async with desk.changing() as changing:
        user = await users.find(changing, org, username) if username else None
        of_app = await _app(changing, org, app) if app else None
        return await end(changing, org, user=user, app=of_app)


async def end(changing: Desk, org: Org, *, user: User | None, app: InstalledApp | None) -> int:
    """End what `revoke` ends, for a user and an app that were found, in the transaction that is open.

    The caller's right is demanded by whoever found them.
    """
    user_id, app_id = user.id if user else "", app.id if app else ""
    now = changing.clock.now_ms()
    values: dict[str, SqlValue] = {"org_id": org.id, "user_id": user_id, "app_id": app_id, "now": now}
    lines_ended = await changing.run(_END_LINES_OF_APP if app_id else _END_LINES, **values)
    access_ended = await changing.run(_END_ACCESS_OF_APP if app_id else _END_ACCESS, **values)
    await changing.run(_END_CODES, **values)
    if user_id and app_id:
        # Elsewhere the mark takes the approval back too; without it the app would be given new tokens unasked.
        await changing.run(_FORGET_APPROVAL, **values)
    elif user_id:
        await changing.run(_MARK_USER, **values)
    elif app is not None and (app.policy is None or app.is_child):
        # Not installed, or with the policy of another app: there is none that could bear a mark.
        await changing.run(_FORGET_APPROVALS, **values)
    elif app_id:
        await changing.run(_MARK_APP, **values)
        for (child_id,) in await changing.session.all(_CHILDREN, app_id):
            # The mark ends theirs too; told apart, they no longer stand in lists of what is out.
            of_child = values | {"app_id": child_id}
            lines_ended = [*lines_ended, *await changing.run(_END_LINES_OF_APP, **of_child)]
            await changing.run(_END_CODES, **of_child)
    else:
        await changing.run(_MARK_ORG, **values)
    await changing.audit(
        "admin.tokens.revoke",
        org.id,
        app_id=app_id,
        username=user.username if user else "",
        lines=len(lines_ended),
        access_tokens=len(access_ended),
    )
    return len(lines_ended) + len(access_ended)


async def revoke_one(desk: Desk, org: Org, text: str) -> int:
    """End one line or access token, by its id in the list or by the token itself; a refresh token ends its line.

    Returns 0 when it had ended already.

    Raises:
        ManageProblem: no right, or this org has no such token. The text is never shown.
    """
    desk.caller.needs(Right.USAGE, org.id)
    async with desk.changing() as changing:
        line_id, access_id = await _line_and_access(changing, org, text)
        row = await changing.session.one(_ONE_LINE, line_id, org.id) if line_id else None
        if row is None and access_id:
            row = await changing.session.one(_ONE_ACCESS, access_id, org.id)
            line_id = ""
        if row is None:
            raise ManageProblem.at(
                "token", f"the org {org.name} knows no such token; it may have been swept after its end"
            )
        statement = _END_ONE_LINE if line_id else _END_ONE_ACCESS
        ended = await changing.run(statement, now=desk.clock.now_ms(), id=line_id or access_id)
        await changing.audit(
            "admin.tokens.revoke",
            org.id,
            app_id=cast(str, row[0]),
            of_user=row[1],
            lines=len(ended) if line_id else 0,
            access_tokens=0 if line_id else len(ended),
        )
        return len(ended)


async def _line_and_access(desk: Desk, org: Org, text: str) -> tuple[str, str]:
    """Return the ids of the line and of the access token that a text may mean; a token must be right to its end."""
    if row_id := access_token_row(text):
        access = await desk.session.one(_ONE_ACCESS, row_id, org.id)
        right = access is not None and hmac.compare_digest(cast(bytes, access[2]), fingerprint(text))
        return "", row_id if right else ""
    if row_id := refresh_token_row(text):
        refresh = await desk.session.one(_ONE_REFRESH, row_id)
        right = refresh is not None and hmac.compare_digest(cast(bytes, refresh[1]), fingerprint(text))
        return cast(str, refresh[0]) if refresh is not None and right else "", ""
    return text, text


async def _ids(desk: Desk, org: Org, username: str, app: str) -> tuple[str, str]:
    desk.caller.needs(Right.USAGE, org.id)
    user_id = (await users.find(desk, org, username)).id if username else ""
    return user_id, (await _app(desk, org, app)).id if app else ""


async def _app(desk: Desk, org: Org, named: str) -> InstalledApp:
    """Return an app of the org, or one that is not installed here and yet has tokens or approvals of its users.

    Whose tokens may be ended, that app may be named: it takes no right to read the app.
    """
    app = await apps.met(desk, org, named)
    if app is None or not (app.is_at_home or app.policy is not None or await _has_something(desk, app)):
        raise await apps.unknown(desk, org, named)
    return app


async def _has_something(desk: Desk, app: InstalledApp) -> bool:
    for statement in _HAS:
        if await desk.session.one(statement, app.org.id, app.id) is not None:
            return True
    return False
