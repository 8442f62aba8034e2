"""Reading who the client says it is and how it proves it: Basic, the body, an assertion, or nothing (RFC 6749 2.3)."""

from collections.abc import Mapping

import msgspec

from grantway.kit.form import FormError, basic_auth
from grantway.kit.jose import JwtRefused
from grantway.protocol.assertion import CLIENT_ASSERTION_TYPE, Assertion, read_assertion
from grantway.protocol.no import assertion as no_assertion
from grantway.protocol.no import client as no
from grantway.protocol.refusal import Refused


class Credentials(msgspec.Struct, frozen=True, gc=False):
    """The client id, and either the readings of the secret that came with it, or an assertion, or none of them."""

    client_id: str
    secrets: tuple[str, ...] = ()
    assertion: Assertion | None = None


def read_credentials(params: Mapping[str, str], authorization: bytes | None) -> Credentials:
    """Return the client's credentials.

    An Authorization header of another scheme than Basic is no client authentication (clients.md 7.4). Repeating the
    client id in the body is fine; a second way to prove it is not (S21).

    Raises:
        Refused: the Basic header or the assertion is malformed, or the client authenticates or names itself twice.
    """
    client_id = params.get("client_id", "")
    secret = params.get("client_secret", "")
    is_basic = authorization is not None and authorization[:6].lower() == b"basic "
    if assertion := params.get("client_assertion"):
        if secret or is_basic:
            raise Refused(no.TWO_METHODS())
        return _asserted(client_id, assertion, params.get("client_assertion_type", ""))
    if authorization is None or not is_basic:
        return Credentials(client_id, (secret,) if secret else ())
    try:
        candidates = basic_auth(authorization)
    except FormError as problem:
        raise Refused(no.BASIC_MALFORMED()) from problem
    if secret:
        raise Refused(no.TWO_METHODS())
    for name, password in candidates:
        if not client_id or name == client_id:
            return Credentials(name, tuple({found for _, found in candidates if found}) if password else ())
    raise Refused(no.TWO_METHODS())


def _asserted(client_id: str, text: str, kind: str) -> Credentials:
    """Read a client's assertion: it is issued by the client and about the client (RFC 7523, section 3)."""
    if kind != CLIENT_ASSERTION_TYPE:
        raise Refused(no_assertion.CLIENT_TYPE_UNKNOWN(type=kind[:100] or "missing"))
    try:
        assertion = read_assertion(text, lax=False)
    except JwtRefused as problem:
        raise Refused(no_assertion.CLIENT_UNREADABLE(why=str(problem))) from problem
    if not assertion.issuer or assertion.issuer != assertion.subject or client_id not in ("", assertion.issuer):
        raise Refused(no_assertion.CLIENT_OTHER_SUBJECT())
    return Credentials(assertion.issuer, (), assertion)
