"""One file per grant. A grant proves; the token endpoint authenticates, applies policy and issues.

Grants do not import each other. `grants.GRANTS` is the list; a new grant is a file, a line there and a test file.
Several grants may share a grant type: the first that claims a request gets it, and the last claims every one.
"""

from collections.abc import Mapping
from typing import Any, Final

from grantway.grants import (
    asset_token,
    authorization_code,
    client_credentials,
    jwt_bearer,
    refresh_token,
    saml_assertion,
    saml_bearer,
    token_exchange,
    username_password,
)
from grantway.grants.grant import Grant
from grantway.protocol.door import Door

GRANTS: Final[tuple[Grant[Any], ...]] = (
    authorization_code.GRANT,
    refresh_token.GRANT,
    client_credentials.GRANT,
    jwt_bearer.GRANT,
    saml_bearer.GRANT,
    saml_assertion.GRANT,
    username_password.GRANT,
    asset_token.GRANT,  # claims our own access tokens; the next one whatever is left
    token_exchange.GRANT,
)
_BY_TYPE: Final[dict[str, tuple[Grant[Any], ...]]] = {
    one.grant_type: tuple(grant for grant in GRANTS if grant.grant_type == one.grant_type) for one in GRANTS
}


def grant_for(params: Mapping[str, str], door: Door) -> Grant[Any] | None:
    """Return the grant that a request is for at a door: of its grant type, and claiming it."""
    for grant in _BY_TYPE.get(params.get("grant_type", ""), ()):
        if door in grant.doors and grant.claims(params):
            return grant
    return None


def offered_at(door: Door) -> list[str]:
    """Return the grant types that a door offers."""
    return list(dict.fromkeys(grant.grant_type for grant in GRANTS if door in grant.doors))
