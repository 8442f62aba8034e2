"""Looking into a database for writes that were done by halves."""

import asyncio
from typing import Final

from grantway.kit.clock import HOUR_MS, SystemClock
from grantway.store.open import open_database
from grantway.store.statement import Statement

# Each finds what a whole write cannot leave behind. Only the last hour counts: what is older may have been swept.
_HALVES: Final = {
    "an access token without its line": Statement(
        "SELECT t.id FROM access_token t LEFT JOIN token_family f ON f.id = t.family_id"
        " WHERE t.issued_at > :since AND t.family_id <> '' AND f.id IS NULL"
    ),
    "a refresh token without its line": Statement(
        "SELECT t.id FROM refresh_token t LEFT JOIN token_family f ON f.id = t.family_id"
        " WHERE t.issued_at > :since AND f.id IS NULL"
    ),
    "a spent code without its line, or a line whose code is not spent": Statement(
        "SELECT c.id FROM authorization_code c LEFT JOIN token_family f ON f.id = c.family_id"
        " WHERE c.issued_at > :since AND (c.spent_at IS NULL) <> (f.id IS NULL)"
    ),
    "a refresh token that was rotated out for none": Statement(
        "SELECT t.id FROM refresh_token t LEFT JOIN refresh_token s ON s.id = t.successor_id"
        " WHERE t.issued_at > :since AND t.spent_at IS NOT NULL AND s.id IS NULL"
    ),
    "a line without its one current refresh token": Statement(
        "SELECT f.id FROM token_family f LEFT JOIN refresh_token t ON t.family_id = f.id AND t.spent_at IS NULL"
        " WHERE f.created_at > :since AND f.has_refresh = 1 GROUP BY f.id HAVING count(t.id) <> 1"
    ),
    "an access token without its event, or an event without its token": Statement(
        "SELECT 1 WHERE (SELECT count(*) FROM access_token WHERE issued_at > :since) <> (SELECT count(*) FROM event"
        " WHERE at > :since AND kind IN ('token.code', 'token.refresh', 'token.client_credentials'))"
    ),
}


def halves(url: str) -> list[str]:
    """Return what is not whole in a database, in words."""
    return asyncio.run(_look(url))


async def _look(url: str) -> list[str]:
    clock = SystemClock()
    db = await open_database(url, clock)
    try:
        since = clock.now_ms() - HOUR_MS
        return [what for what, look in _HALVES.items() if await db.all(look, since)]
    finally:
        await db.close()
