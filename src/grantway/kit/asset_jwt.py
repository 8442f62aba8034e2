"""Asset tokens as text: the ids of the keys that sign them, and the row that such a text names."""

import re
from typing import Final

from grantway.kit.ids import ROW_ID_LENGTH, SHORT_ID_LENGTH, TOKEN_ALPHABET
from grantway.kit.jose import RS256, JwtRefused, json_object, payload_of, read_header

_KID: Final = re.compile(r"Assets\.00D[0-9A-Za-z]{12}\.[0-9]{1,16}")
_JTI: Final = re.compile(f"[{re.escape(TOKEN_ALPHABET)}]{{{ROW_ID_LENGTH}}}")


def key_id(org_id: str, made_at: int) -> str:
    """Return the id of an org's key that was made at a time (ms).

    Salesforce writes `Assets` alone; several orgs and keys share this server's JWK set, and each must be found in it.
    """
    return f"Assets.{org_id[:SHORT_ID_LENGTH]}.{made_at}"


def asset_token_row(token: str) -> str | None:
    """Return the row id inside an asset token, or None when the text has not the form of one. Nothing is verified."""
    if not token.startswith("eyJ"):
        return None
    try:
        header = read_header(token)
        kid, jti = header.get("kid"), json_object(payload_of(token)).get("jti")
    except JwtRefused:
        return None
    if header.get("alg") != RS256 or not isinstance(kid, str) or not isinstance(jti, str):
        return None
    return jti if _KID.fullmatch(kid) and _JTI.fullmatch(jti) else None
