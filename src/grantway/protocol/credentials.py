"""Reading who the client says it is and how it proves it: Basic, the body, or nothing (RFC 6749 2.3.1)."""

from collections.abc import Mapping

import msgspec

from grantway.kit.form import FormError, basic_auth
from grantway.protocol.no import client as no
from grantway.protocol.refusal import Refused


class Credentials(msgspec.Struct, frozen=True, gc=False):
    """The client id and the readings of the secret that came with it; no secret means `none`."""

    client_id: str
    secrets: tuple[str, ...] = ()


def read_credentials(params: Mapping[str, str], authorization: bytes | None) -> Credentials:
    """Return the client's credentials.

    An Authorization header of another scheme than Basic is no client authentication (clients.md 7.4). Repeating the
    client id in the body is fine; a second secret is not (S21). An assertion is refused and not overlooked: whoever
    sends one means to prove something.

    Raises:
        Refused: the Basic header is malformed, an assertion came, or the client authenticates or names itself twice.
    """
    client_id = params.get("client_id", "")
    secret = params.get("client_secret", "")
    is_basic = authorization is not None and authorization[:6].lower() == b"basic "
    if params.get("client_assertion"):
        raise Refused(no.TWO_METHODS() if secret or is_basic else no.ASSERTION_NOT_TAKEN())
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
