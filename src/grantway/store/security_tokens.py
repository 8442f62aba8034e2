"""Security tokens of users, which follow the password in the username-password flow (salesforce-oauth.md 3.9)."""

from typing import Final, cast

from grantway.domain.org import canonical_username
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement

OF_USERNAME: Final = Statement(
    "SELECT s.hash FROM person u JOIN security_token s ON s.person_id = u.id WHERE u.username = :username"
)
SET: Final = Insert(
    "security_token",
    ["person_id", "hash", "created_at"],
    "(person_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at",
)
DROP: Final = Statement("DELETE FROM security_token WHERE person_id = :person_id")


async def security_token_hash(db: Session, username: str) -> bytes:
    """Return the hash of a user's security token; empty where there is no such user, or none was made."""
    row = await db.one(OF_USERNAME, canonical_username(username))
    return b"" if row is None else cast(bytes, row[0])
