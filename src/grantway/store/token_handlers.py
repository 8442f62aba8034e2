"""Token exchange handlers, read for decisions, and the users that outside tokens may name."""

from typing import Any, Final, cast

from grantway.domain.token_handler import Enablement, HandlerRow, TokenHandler, UsableHandler
from grantway.settings.token_handlers import Matches
from grantway.store.database import Session
from grantway.store.statement import Statement, columns_of

_OF_APP: Final = Statement(
    f"SELECT {columns_of(HandlerRow, 'h')}, {columns_of(Enablement, 'e')} FROM token_handler h"
    " LEFT JOIN token_handler_app e ON e.handler_id = h.id AND e.app_id = :app_id"
    " WHERE h.org_id = :org_id ORDER BY h.name"
)
# Two are enough to know that one value names several.
_MATCHING: Final = {
    Matches.USERNAME: Statement(
        "SELECT id FROM person WHERE org_id = :org_id AND username = :value ORDER BY id LIMIT 2"
    ),
    # A guest user's email is nobody's: it must not hide whose it is.
    Matches.EMAIL: Statement(
        "SELECT id FROM person WHERE org_id = :org_id AND email = :value AND is_guest = 0 ORDER BY id LIMIT 2"
    ),
    Matches.FEDERATION_ID: Statement(
        "SELECT id FROM person WHERE org_id = :org_id AND federation_id = :value AND federation_id <> '' LIMIT 1"
    ),
    Matches.USER_ID: Statement("SELECT id FROM person WHERE org_id = :org_id AND id = :value ORDER BY id LIMIT 2"),
}
_HANDLER_COLUMNS: Final = len(HandlerRow.__struct_fields__)


async def handlers_for(db: Session, org_id: str, app_id: str) -> tuple[UsableHandler, ...]:
    """Return an org's handlers, by name, each with what lets an app use it."""
    found = []
    for row in await db.all(_OF_APP, app_id, org_id):
        handler, enabled = row[:_HANDLER_COLUMNS], row[_HANDLER_COLUMNS:]
        enablement = Enablement(*cast(Any, enabled)) if enabled[0] is not None else None
        found.append(UsableHandler(TokenHandler(HandlerRow(*cast(Any, handler))), enablement))
    return tuple(found)


async def users_matching(db: Session, org_id: str, by: Matches, value: str) -> tuple[str, ...]:
    """Return the ids of an org's users of whom something equals a value, byte by byte; two at most."""
    return tuple(cast(str, row[0]) for row in await db.all(_MATCHING[by], org_id, value))
