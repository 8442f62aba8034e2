"""One file per grant type. A grant proves; the token endpoint authenticates, applies policy and issues.

Grants do not import each other. `grants.GRANTS` is the list; a new grant is a file, a line there and a test file.
"""

from typing import Any, Final

from grantway.grants import (
    authorization_code,
    client_credentials,
    jwt_bearer,
    refresh_token,
    saml_assertion,
    saml_bearer,
    username_password,
)
from grantway.grants.grant import Grant
from grantway.protocol.door import Door

GRANTS: Final[dict[str, Grant[Any]]] = {
    grant.grant_type: grant
    for grant in (
        authorization_code.GRANT,
        refresh_token.GRANT,
        client_credentials.GRANT,
        jwt_bearer.GRANT,
        saml_bearer.GRANT,
        saml_assertion.GRANT,
        username_password.GRANT,
    )
}


def offered_at(door: Door) -> list[str]:
    """Return the grant types that a door offers."""
    return [name for name, grant in GRANTS.items() if door in grant.doors]
