"""An org's users, piece by piece, by username."""

from typing import Any, Final, cast

from grantway.domain.org import Org, User
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.listing import Listed, Piece, like
from grantway.store.people import USER_COLUMNS
from grantway.store.statement import SqlValue, Statement

_LIST: Final = Statement(
    f"SELECT {USER_COLUMNS} FROM person u JOIN profile r ON r.id = u.profile_id"  # noqa: S608 - our own names
    " WHERE u.org_id = :org_id AND u.username > :after"
    " AND (:words = '' OR u.username LIKE :pattern ESCAPE '!' OR lower(u.email) LIKE :pattern ESCAPE '!'"
    " OR lower(u.first_name || ' ' || u.last_name) LIKE :pattern ESCAPE '!')"
    " ORDER BY u.username LIMIT CAST(:most AS BIGINT)"
)


async def page(desk: Desk, org: Org, search: str, piece: Piece) -> Listed[User]:
    """Return a piece of an org's users, with these letters in username, e-mail address or name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SEE_PEOPLE, org.id)
    words = search.strip()
    values: dict[str, SqlValue] = {
        "org_id": org.id,
        "after": piece.after[0] if piece.after else "",
        "words": words,
        "pattern": like(words),
        "most": piece.limit + 1,
    }
    rows = await desk.session.all(_LIST, *(values[name] for name in _LIST.names))
    found = [User(*cast(Any, row)) for row in rows[: piece.limit]]
    return Listed(items=found, next=(found[-1].username,) if len(rows) > piece.limit else None)
