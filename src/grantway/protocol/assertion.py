"""Assertions: what a signed statement says, read once into a record (RFC 7521; RFC 7523, section 3)."""

from typing import Any, Final

import msgspec

from grantway.kit.certified import claims_of, digest_of
from grantway.kit.jose import HEADER_MEMBERS, JwtRefused

CLIENT_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Seconds have ten digits until the year 2286; what is larger counts milliseconds, as Salesforce's CLI sends it.
_MILLISECONDS: Final = 100_000_000_000
_LATEST_MS: Final = 253_402_300_799_000
_TEXT_LIMIT: Final = 1024


class Assertion(msgspec.Struct, frozen=True, gc=False):
    """What an assertion says. Whether any of it is true is for the checks (`policy.assertion`) to find out.

    - `text`: the assertion as it came; never logged.
    - `subject`: whom it is about; at Salesforce's door `prn`, its older name, counts where both stand
      (salesforce-oauth.md 3.6).
    - `ends_at`, `starts_at`, `issued_at`: `exp`, `nbf` and `iat` in milliseconds; None where absent.
    - `jti`: its own id; empty where it has none.
    """

    text: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    ends_at: int | None
    starts_at: int | None
    issued_at: int | None
    jti: str
    claims: dict[str, Any]

    def digest(self, use: str, app_id: str) -> str:
        """Return what a repetition of the same use is recognized by: the id where it has one, else what was signed.

        Of one statement there may be several signatures: with r and s of ECDSA, r and n - s is one too.
        """
        if self.jti:
            return digest_of("jti", use, app_id, self.jti)
        return digest_of("assertion", use, self.text.rpartition(".")[0] or self.text)


def read_assertion(text: str, *, lax: bool, members: frozenset[str] = HEADER_MEMBERS) -> Assertion:
    """Read a JWT assertion.

    Args:
        text: the JWT, in compact form.
        lax: take times as numeric strings and in milliseconds too, and `prn` for `sub`, as Salesforce's JWT bearer flow
            does (decision 9).
        members: the header members that are taken.

    Raises:
        JwtRefused: it is no JWT, or one of the claims has not the form that it should have.
    """
    return assertion_of(text, claims_of(text, members), lax=lax)


def assertion_of(text: str, claims: dict[str, Any], *, lax: bool) -> Assertion:
    """Return what claims say, whatever bore them: `text` itself, or somebody's answer about it.

    Raises:
        JwtRefused: one of the claims has not the form that it should have.
    """
    subject = _text(claims, "sub")
    if lax and "prn" in claims:
        subject = _text(claims, "prn")
    return Assertion(
        text=text,
        issuer=_text(claims, "iss"),
        subject=subject,
        audiences=_audiences(claims.get("aud")),
        ends_at=_time(claims, "exp", lax=lax),
        starts_at=_time(claims, "nbf", lax=lax),
        issued_at=_time(claims, "iat", lax=lax),
        jti=_text(claims, "jti"),
        claims=claims,
    )


def _text(claims: dict[str, Any], name: str) -> str:
    return _checked(name, claims.get(name, ""))


def _checked(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or "\0" in value:
        raise JwtRefused(f"{name} is no text of at most {_TEXT_LIMIT} characters")
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        raise JwtRefused(f"{name} holds half a character") from problem
    return value


def _audiences(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    if len(found) > 10:
        raise JwtRefused("aud names more than ten")
    return tuple([_checked("aud", one) for one in found])


def _time(claims: dict[str, Any], name: str, *, lax: bool) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if lax and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST_MS:
        raise JwtRefused(f"{name} is no time: seconds since 1970")
    in_ms = lax and value >= _MILLISECONDS
    return min(int(value if in_ms else value * 1000), _LATEST_MS)
