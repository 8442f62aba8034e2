"""Orgs, read for requests that name none."""

from typing import Final, cast

from grantway.store.database import Session
from grantway.store.statement import Statement

# The first made, unless the server's settings name another (contract.md, "HTTP").
_DEFAULT: Final = Statement(
    "SELECT id FROM org ORDER BY CASE WHEN id = (SELECT value FROM setting_of_server WHERE name = 'default_org')"
    " THEN 0 ELSE 1 END, created_at, id LIMIT 1"
)


async def default_org_id(db: Session) -> str | None:
    """Return the id of the org that requests belong to which name none; None while there is no org."""
    row = await db.one(_DEFAULT)
    return None if row is None else cast(str, row[0])
