"""The two doors: Salesforce's dialect and the RFCs', as data (decision 1). A door renders; it never decides."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from grantway.kit.clock import MINUTE_MS
from grantway.kit.urls import STANDARDS_PREFIX
from grantway.settings.choices import Doors


class Voice(Enum):
    """How a refusal is put: each kind of endpoint has its own form on the wire."""

    SALESFORCE = "salesforce"
    """OAuth JSON with Salesforce's texts."""
    STANDARDS = "standards"
    """OAuth JSON as the RFCs have it."""
    IDENTITY = "identity"
    """One plain word (salesforce-oauth.md 1.6)."""
    DATA = "data"
    """A JSON array of errorCode and message (salesforce-oauth.md 7)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """What differs between the doors. There are two, which are told apart by identity.

    - `code_lifetime_ms`: how long an authorization code lives (security.md, section 1).
    - `verifier_max`: the longest PKCE verifier; `challenge_method_optional`: an absent method means S256.
    - `scope_narrows`: `scope` may be sent with refresh and client credentials, and narrows; else it is refused.
    - `pkce_for_public`: a client that need not send a secret must use PKCE.
    - `takes_resource`: `resource` says where a token is to be used (RFC 8707); else it is passed over.
    - `tells_expiry`: answers have `expires_in`, and the token's end never moves.
    """

    name: str
    voice: Voice
    code_lifetime_ms: int
    verifier_max: int
    challenge_method_optional: bool
    scope_narrows: bool
    pkce_for_public: bool
    takes_resource: bool
    tells_expiry: bool
    closed_for: Doors


SALESFORCE: Final = Door(
    name="salesforce",
    voice=Voice.SALESFORCE,
    code_lifetime_ms=15 * MINUTE_MS,
    verifier_max=256,
    challenge_method_optional=True,
    scope_narrows=False,
    pkce_for_public=False,
    takes_resource=False,
    tells_expiry=False,
    closed_for=Doors.STANDARDS,
)
STANDARDS: Final = Door(
    name="standards",
    voice=Voice.STANDARDS,
    code_lifetime_ms=MINUTE_MS,
    verifier_max=128,
    challenge_method_optional=False,
    scope_narrows=True,
    pkce_for_public=True,
    takes_resource=True,
    tells_expiry=True,
    closed_for=Doors.SALESFORCE,
)
_BELOW_STANDARDS: Final = STANDARDS_PREFIX + "/"
DOORS: Final = {door.name: door for door in (SALESFORCE, STANDARDS)}


def door_of(path: str) -> Door:
    """Return the door that a path belongs to; the path alone chooses, before any app is known (decision 1)."""
    if path.startswith(_BELOW_STANDARDS) or path == STANDARDS_PREFIX:
        return STANDARDS
    if path.startswith("/.well-known/") and path.endswith(STANDARDS_PREFIX):
        return STANDARDS
    return SALESFORCE


def issuer_of(door: Door, root_door: Door, base: str) -> str:
    """Return a door's issuer under a base URL: that URL, unless the other door has the root."""
    return base if door is SALESFORCE or door is root_door else base + STANDARDS_PREFIX
