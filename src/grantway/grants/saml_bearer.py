"""SAML Bearer Assertion Flow: a signed SAML assertion stands for a user (RFC 7522 2.1; salesforce-oauth.md 3.7)."""

from typing import TYPE_CHECKING, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.grants import bearer
from grantway.grants.bearer import BearerCase
from grantway.grants.grant import Grant, Proof, Sources, TokenCall
from grantway.kit.secrets import KeyRing
from grantway.policy.assertion import SIGNED, Voices, statements
from grantway.policy.client import secret_if_sent
from grantway.protocol.assertion import Assertion
from grantway.protocol.decision import Check, Finding
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import saml as no
from grantway.protocol.refusal import Refused

if TYPE_CHECKING:
    from grantway.kit.saml import Message

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:saml2-bearer"
RECIPIENT: Final = "Recipient"
_TOKEN_ENDPOINT: Final = "/token"
_STATEMENTS: Final = statements(
    Voices(
        no_certificate=no.NO_CERTIFICATE,
        not_signed=no.NOT_SIGNED,
        no_audience=no.NO_AUDIENCE,
        other_audience=no.OTHER_AUDIENCE,
        no_end=no.NO_END,
        ended=no.ENDED,
        too_early=no.TOO_EARLY,
        too_long=no.TOO_LONG,
        seen=no.SEEN,
        too_many=no.TOO_MANY,
    )
)


class SamlCase(msgspec.Struct, frozen=True, gc=False):
    """A SAML bearer request. `signed` and `confirmed` are what was found of the signature and of the recipient."""

    bearer: BearerCase
    signed: Finding | None
    confirmed: Finding | None


async def load(call: TokenCall, sources: Sources) -> SamlCase:
    """Open the assertion, find the app that it says it is from, and read what that app's certificate vouches for.

    Raises:
        Refused: there is no assertion, or its form is not taken, or it names another client than the request.
    """
    text = bearer.sent(call)
    message = _opened(text, call)
    issuer = message.claimed_issuer
    bearer.one_client(call, issuer, no_issuer=no.NO_ISSUER, other_client=no.OTHER_CLIENT)
    app = await sources.directory.app_by_key(issuer)
    assertion, signed, confirmed = _read(text, message, app, call)
    return SamlCase(await bearer.bearer_case(call, sources, assertion, app), signed, confirmed)


def _opened(text: str, call: TokenCall) -> "Message":
    from grantway.kit import saml

    try:
        return saml.opened(text, root=saml.ASSERTION, strict=call.door is not SALESFORCE)
    except saml.SamlRefused as problem:
        raise Refused(no.UNREADABLE(why=str(problem))) from problem


def _read(
    text: str, message: "Message", app: InstalledApp | None, call: TokenCall
) -> tuple[Assertion, Finding | None, Finding | None]:
    """Return what the assertion says, if its signature holds, and what was found of signature and recipient."""
    from grantway.kit.saml import SamlRefused
    from grantway.protocol.saml import read_statement, unsigned

    nothing = unsigned(text, message.claimed_issuer)
    if app is None:
        return nothing, None, None
    certificate = app[s.CERTIFICATE]
    if certificate is None:
        return nothing, Finding(SIGNED, "the app has no certificate", no.NO_CERTIFICATE(app=app.app.name)), None
    try:
        element = message.verified(certificate.pem)
    except SamlRefused as problem:
        refusal = no.NOT_SIGNED(app=app.app.name, why=str(problem), certificate=certificate.fingerprint)
        return nothing, Finding(SIGNED, str(problem), refusal), None
    signed = Finding(SIGNED, f"by the certificate of {certificate.subject}")
    try:
        statement = read_statement(element)
    except SamlRefused as problem:
        return nothing, signed, Finding(RECIPIENT, str(problem), no.UNREADABLE(why=str(problem)))
    recipients = {name for name in call.names if name.endswith(_TOKEN_ENDPOINT)}
    by = statement.confirmed(recipients, bare=call.door is not SALESFORCE)
    if by is not None:
        return statement.as_assertion(text, by), signed, Finding(RECIPIENT, "this server's token endpoint")
    sent = ", ".join(one.recipient or "none" for one in statement.confirmations) or "none"
    refusal = no.OTHER_RECIPIENT(sent=sent[:200], names=", ".join(sorted(recipients)))
    return statement.as_assertion(text, None), signed, Finding(RECIPIENT, f"another: {sent[:200]}", refusal)


def _on_bearer(check: Check[BearerCase]) -> Check[SamlCase]:
    return lambda case: check(case.bearer)


def signed(case: SamlCase) -> Finding | None:
    """The app's certificate must have signed the assertion."""
    return case.signed


def confirmed(case: SamlCase) -> Finding | None:
    """The bearer must be confirmed for this token endpoint."""
    return case.confirmed


def prove(case: SamlCase, _ring: KeyRing) -> Proof:
    """A token for the user."""
    return bearer.proof(case.bearer, "token.saml_bearer")


GRANT: Final = Grant[SamlCase](
    grant_type=GRANT_TYPE,
    title="SAML Bearer Assertion Flow",
    authentication=secret_if_sent,
    load=load,
    client=lambda case: case.bearer.client,
    checks=(
        _on_bearer(bearer.scope_taken),
        signed,
        confirmed,
        *(_on_bearer(bearer.on_assertion(check)) for check in _STATEMENTS),
        *map(_on_bearer, bearer.approval_checks(no.NO_SUBJECT)),
    ),
    use=lambda case: bearer.use(case.bearer),
    prove=prove,
)
