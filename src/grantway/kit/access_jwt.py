"""Access tokens that are JWTs: which row such a text names, before anything in it is believed (S15, S22).

The row's id stands inside: in `sfi` at Salesforce's door, as `jti` at the standards'. It only says where to look; that
the text is the one that was issued is shown by its hash in the row.
"""

import os
import re
from typing import Final

from grantway.kit.ids import ROW_ID_LENGTH, SHORT_ID_LENGTH, TOKEN_ALPHABET, token_bytes, token_text
from grantway.kit.jose import RS256, JwtRefused, json_object, payload_of, read_header

JWT: Final = "JWT"
AT_JWT: Final = "at+jwt"
_MEMBERS: Final = frozenset({"tnk", "ver", "tty", "kid", "typ", "alg"})
_KID: Final = re.compile(r"CORE_ATJWT\.(00D[0-9A-Za-z]{12})\.[0-9]{1,16}")
_SFI: Final = re.compile(r"[0-9a-f]{64}")
_JTI: Final = re.compile(f"[{re.escape(TOKEN_ALPHABET)}]{{{ROW_ID_LENGTH}}}")
_ROW_BYTES: Final = 12
_SFI_BYTES: Final = 32


def key_id(org_id: str, made_at: int) -> str:
    """Return the id of an org's key that was made at a time (ms): `CORE_ATJWT.<org15>.<ms>` (3.20)."""
    return f"CORE_ATJWT.{org_id[:SHORT_ID_LENGTH]}.{made_at}"


def sfi_of(row_id: str) -> str:
    """Return `sfi` for a row: 64 hexadecimal digits, the row's id and then chance."""
    return (token_bytes(row_id) + os.urandom(_SFI_BYTES - _ROW_BYTES)).hex()


def read_names(token: str) -> tuple[str, str]:
    """Return the row id and the 15-character org id that a JWT names, as its sender has it: nothing is verified.

    Raises:
        JwtRefused: it has not the form of our access tokens; the text says what it lacks.
    """
    header, claims = read_header(token, _MEMBERS), json_object(payload_of(token))
    kid = header.get("kid")
    key = _KID.fullmatch(kid) if isinstance(kid, str) else None
    if key is None:
        raise JwtRefused("its key is none that signs access tokens")
    if header.get("alg") != RS256:
        raise JwtRefused("its algorithm is not the one of our keys")
    if header.get("typ") == AT_JWT:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not _JTI.fullmatch(jti):
            raise JwtRefused("jti is not one of ours")
        return jti, key[1]
    sfi = claims.get("sfi")
    if header.get("typ") != JWT or not isinstance(sfi, str) or not _SFI.fullmatch(sfi):
        raise JwtRefused("typ or sfi is not one of ours")
    return token_text(bytes.fromhex(sfi)[:_ROW_BYTES]), key[1]


def problem_of(token: str) -> str:
    """Say of a JWT that is no access token of ours what gives it away; holds nothing of the token."""
    try:
        read_names(token)
    except JwtRefused as problem:
        return str(problem)
    return "nothing that was issued has this very text: it was altered, made up, or swept away after its end"
