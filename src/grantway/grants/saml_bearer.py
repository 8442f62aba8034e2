"""SAML Bearer Assertion Flow: a signed SAML assertion stands for a user (RFC 7522 2.1; salesforce-oauth.md 3.7)."""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.grants import bearer, signed_saml
from grantway.grants.bearer import BearerCase
from grantway.grants.grant import Grant, Proof, Sources, TokenCall
from grantway.grants.signed_saml import Known, token_endpoints
from grantway.kit.secrets import KeyRing
from grantway.policy.assertion import Voices, statements
from grantway.policy.client import secret_if_sent
from grantway.protocol.decision import Check, Finding
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import saml as no

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:saml2-bearer"
_VOICES: Final = signed_saml.Voices(
    unreadable=no.UNREADABLE,
    no_certificate=no.NO_CERTIFICATE,
    not_signed=no.NOT_SIGNED,
    other_recipient=no.OTHER_RECIPIENT,
)
_STATEMENTS: Final = statements(
    Voices(
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
    """A SAML bearer request. `confirmed` is what was found of the recipient."""

    bearer: BearerCase
    confirmed: Finding | None


async def load(call: TokenCall, sources: Sources) -> SamlCase:
    """Open the assertion, find the app that it says it is from, and read what that app's certificate vouches for.

    Raises:
        Refused: there is no assertion, or its form is not taken, or it names another client than the request.
    """
    text, lax = bearer.sent(call), call.door is SALESFORCE
    message = signed_saml.opened(text, in_response=False, strict=not lax, unreadable=no.UNREADABLE)
    issuer = message.claimed_issuer
    bearer.one_client(call, issuer, no_issuer=no.NO_ISSUER, other_client=no.OTHER_CLIENT)
    app = await bearer.issuing_app(call, sources, issuer)
    if app is None:
        found = signed_saml.unvouched(text, message)
    else:
        recipients = token_endpoints(bearer.audiences_of(call, sources, app))
        found = signed_saml.vouched(text, message, _known(app), recipients=recipients, bare=not lax, no=_VOICES)
    return SamlCase(await bearer.bearer_case(call, sources, found.assertion, app, found.signed), found.confirmed)


def _known(app: InstalledApp) -> Known:
    certificate = app[s.CERTIFICATE]
    if certificate is None:
        return Known(name=app.app.name, pem="", subject="", fingerprint="")
    return Known(
        name=app.app.name,
        pem=certificate.pem,
        subject=certificate.subject,
        fingerprint=certificate.fingerprint,
    )


def _on_bearer(check: Check[BearerCase]) -> Check[SamlCase]:
    return lambda case: check(case.bearer)


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
        _on_bearer(bearer.signed),
        confirmed,
        *(_on_bearer(bearer.on_assertion(check)) for check in _STATEMENTS),
        *map(_on_bearer, bearer.approval_checks(no.NO_SUBJECT)),
    ),
    use=lambda case: bearer.use(case.bearer),
    prove=prove,
)
