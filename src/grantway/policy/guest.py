"""Visitors who have no user of their own: they act as the org's guest user (salesforce-oauth.md 3.15).

Each is known by a unique visitor ID (UVID), which the token carries. Salesforce has guests in the Authorization Code
and Credentials Flow; that a token exchange may name one is ours.
"""

import re
import uuid
from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.protocol.decision import Finding
from grantway.protocol.no import exchange as no

GUEST: Final = "Guest"
# Not one of version 5, as they are made here: else whoever may choose what a source calls them could choose another's.
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-(?!5)(?:[0-9a-fA-F]{4}-){2}[0-9a-fA-F]{12}")
# A guest is nobody: there is no identity to tell, no browser session, and nothing that could be everything.
_ABOUT_SOMEBODY: Final = frozenset(
    {
        *("openid", "id", "profile", "email", "address", "phone"),
        *("web", "visualforce", "lightning", "content"),
        "full",
    }
)


def visitor_of(source: str, value: str) -> str:
    """Return the unique visitor ID of whom a source calls `value`: a UUID as it is, else one made of both.

    It is the same whenever the same source names the same visitor, and of version 5 (RFC 9562, section 5.5); so a UUID
    of that version is not kept.
    """
    if _UUID.fullmatch(value):
        return value.lower()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:grantway:{source}:{value}"))


def scopes_for_guests(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some scopes that a guest's token may have, in their order."""
    return tuple(name for name in scopes if name not in _ABOUT_SOMEBODY)


def guests_let_in(app: InstalledApp, guest_user: str) -> Finding:
    """The app must issue JWTs: they alone say which guest they are for."""
    if not app[s.JWT_ACCESS_TOKENS]:
        return Finding(GUEST, "the app issues no JWTs", no.GUEST_NEEDS_JWT(app=app.app.name))
    return Finding(GUEST, f"a visitor without a user of their own, as {guest_user}")
