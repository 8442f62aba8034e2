"""Certificates of an org whose private keys this server holds."""

from typing import Any, Final, cast

from grantway.domain.asset import OrgCertificate
from grantway.store.database import Session
from grantway.store.statement import Statement, columns_of

DEFAULT_NAME: Final = "AssetTokens"
"""The certificate that signs where an app names none; it is made at the first need."""
_NAMED: Final = Statement(
    f"SELECT {columns_of(OrgCertificate)} FROM org_certificate WHERE org_id = :org_id AND (name = :name OR id = :id)"
)
_OF_KEY: Final = Statement("SELECT id FROM org_certificate WHERE org_id = :org_id AND kid = :kid")


async def is_in_use(db: Session, org_id: str, kid: str) -> bool:
    """Tell whether a key is still that of one of an org's certificates."""
    return await db.one(_OF_KEY, org_id, kid) is not None


async def certificate_named(db: Session, org_id: str, name: str) -> OrgCertificate | None:
    """Return an org's certificate by name or 18-character id; None when it has no such one."""
    row = await db.one(_NAMED, org_id, name, name)
    return None if row is None else OrgCertificate(*cast(Any, row))
