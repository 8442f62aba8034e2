"""What a JWT-based access token says: Salesforce's header and claims at its door (3.20), RFC 9068's at the other."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grantway.domain.org import User
from grantway.kit.access_jwt import AT_JWT, JWT, sfi_of
from grantway.kit.jose import RS256
from grantway.protocol.actor import act_claim
from grantway.protocol.claims import subject
from grantway.protocol.door import SALESFORCE, Door

# Salesforce's clocks may differ by this much.
EARLY_S: Final = 15
VISITOR: Final = "uvid"
"""The claim with a guest's unique visitor ID. That such tokens carry it is known, its name is not: ours."""
_PLATFORM: Final = "sfap_api"
_PLATFORM_AUDIENCE: Final = "https://api.salesforce.com"


class AccessTerms(msgspec.Struct, frozen=True, gc=False):
    """What a JWT-based access token is made of. Times in seconds; `auth_time` 0 where nobody logged in.

    `actor`: who acts for the user, as the JSON of the claim `act`. `visitor`: the guest that it is for, as `uvid`.
    """

    door: Door
    kid: str
    row_id: str
    issuer: str
    base: str
    user: User
    consumer_key: str
    scopes: tuple[str, ...]
    issued_at: int
    expires_at: int
    auth_time: int
    actor: str = ""
    resources: tuple[str, ...] = ()
    visitor: str = ""


def access_jwt(terms: AccessTerms) -> tuple[dict[str, str], dict[str, Any]]:
    """Return header and claims, their members in the order of the wire."""
    return _salesforce(terms) if terms.door is SALESFORCE else _standard(terms)


def audience_of(resources: Sequence[str]) -> str | list[str] | None:
    """Return `aud` for the resources a token is for: one by its name, several as a list; None where none was named."""
    if not resources:
        return None
    return resources[0] if len(resources) == 1 else list(resources)


def _salesforce(terms: AccessTerms) -> tuple[dict[str, str], dict[str, Any]]:
    header = {
        "tnk": f"core/prod/{terms.user.org_id}",
        "ver": "1.0",
        "kid": terms.kid,
        "tty": "sfdc-core-token",
        "typ": JWT,
        "alg": RS256,
    }
    claims = {
        "scp": " ".join(terms.scopes),
        "aud": [terms.base, _PLATFORM_AUDIENCE] if _PLATFORM in terms.scopes else [terms.base],
        "sub": f"uid:{terms.user.id}",
        "nbf": terms.issued_at - EARLY_S,
        "mty": "oauth",
        "sfi": sfi_of(terms.row_id),
        "roles": [],
        "iss": terms.issuer,
        "hsc": False,
        "exp": terms.expires_at,
        "iat": terms.issued_at,
        "client_id": terms.consumer_key,
    }
    if terms.visitor:
        claims[VISITOR] = terms.visitor
    return header, claims


def _standard(terms: AccessTerms) -> tuple[dict[str, str], dict[str, Any]]:
    claims: dict[str, Any] = {
        "iss": terms.issuer,
        "exp": terms.expires_at,
        # RFC 9068, section 3: without `resource` a default one, here all that answers under the base URL.
        "aud": audience_of(terms.resources) or terms.base,
        "sub": subject(terms.door, terms.base, terms.user),
        "client_id": terms.consumer_key,
        "iat": terms.issued_at,
        "jti": terms.row_id,
        "scope": " ".join(terms.scopes),
    }
    if terms.auth_time:
        claims["auth_time"] = terms.auth_time
    if terms.actor:
        claims["act"] = act_claim(terms.actor)
    if terms.visitor:
        claims[VISITOR] = terms.visitor
    return {"typ": AT_JWT, "alg": RS256, "kid": terms.kid}, claims
