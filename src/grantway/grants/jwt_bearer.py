"""JWT Bearer Flow: a signed assertion stands for a user who is not there (RFC 7523 2.1; salesforce-oauth.md 3.6)."""

from typing import Final

from grantway.grants import bearer
from grantway.grants.asserted import published_keys
from grantway.grants.bearer import BearerCase
from grantway.grants.grant import Grant, Proof, Sources, TokenCall
from grantway.kit.jose import JwtRefused
from grantway.kit.secrets import KeyRing
from grantway.policy.app_keys import KeyVoices, jwt_signed
from grantway.policy.assertion import Voices, statements
from grantway.policy.client import secret_if_sent
from grantway.protocol.assertion import Assertion, read_assertion
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import assertion as no
from grantway.protocol.refusal import Refused

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_KEYS: Final = KeyVoices(
    none=no.NO_CERTIFICATE,
    not_certificate=no.NOT_SIGNED,
    not_pasted=no.NOT_IN_SET,
    not_published=no.NOT_PUBLISHED,
    unreachable=no.KEYS_UNREACHABLE,
)
_VOICES: Final = Voices(
    no_audience=no.NO_AUDIENCE,
    other_audience=no.OTHER_AUDIENCE,
    no_end=no.NO_END,
    ended=no.ENDED,
    too_early=no.TOO_EARLY,
    too_long=no.TOO_LONG,
    seen=no.SEEN,
    too_many=no.TOO_MANY,
)


async def load(call: TokenCall, sources: Sources) -> BearerCase:
    """Read the assertion, the app that its issuer names, and, if that signed it, the user and earlier uses.

    Raises:
        Refused: there is no assertion, or it cannot be read, or it names another client than the request.
    """
    text = bearer.sent(call)
    assertion = _read(text, call)
    bearer.one_client(call, assertion.issuer, no_issuer=no.NO_ISSUER, other_client=no.OTHER_CLIENT)
    app = await bearer.issuing_app(call, sources, assertion.issuer)
    signed = None
    if app is not None:
        published = await published_keys(app, assertion.text, sources.client_keys)
        signed = jwt_signed(app, assertion.text, published, call.now_ms, _KEYS)
    return await bearer.bearer_case(call, sources, assertion, app, signed)


def _read(text: str, call: TokenCall) -> Assertion:
    try:
        return read_assertion(text, lax=call.door is SALESFORCE)
    except JwtRefused as problem:
        raise Refused(no.UNREADABLE(why=str(problem))) from problem


def prove(case: BearerCase, _ring: KeyRing) -> Proof:
    """A token for the user."""
    return bearer.proof(case, "token.jwt_bearer")


GRANT: Final = Grant[BearerCase](
    grant_type=GRANT_TYPE,
    title="JWT Bearer Flow",
    authentication=secret_if_sent,
    load=load,
    client=lambda case: case.client,
    checks=(
        bearer.scope_taken,
        bearer.signed,
        *map(bearer.on_assertion, statements(_VOICES)),
        *bearer.approval_checks(no.NO_SUBJECT),
    ),
    use=bearer.use,
    prove=prove,
)
