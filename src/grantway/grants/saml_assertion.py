"""SAML Assertion Flow: what the org's identity provider says of a user gives a token (salesforce-oauth.md 3.7).

Off until the org allows it (decision 6). The client is no app; the token belongs to the app that the org named for it:
docs/decisions/0014.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.sso import SingleSignOn
from grantway.grants import bearer, signed_saml
from grantway.grants.asserted import assertion_case, remembers
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, client_case
from grantway.grants.signed_saml import Known, token_endpoints
from grantway.kit.ids import ORG, canonical_id
from grantway.kit.secrets import KeyRing
from grantway.policy.app_use import UseCase
from grantway.policy.approval import all_scopes
from grantway.policy.assertion import SALESFORCE_BEARER, AssertionCase, Voices, statements
from grantway.policy.client import ClientCase, secret_if_sent
from grantway.protocol.decision import Check, Finding
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import refresh as no_scope
from grantway.protocol.no import sso as no
from grantway.protocol.refusal import Reason, Refused
from grantway.store.directory import Directory

if TYPE_CHECKING:
    from grantway.kit.saml import Message

GRANT_TYPE: Final = "assertion"
ASSERTION_TYPE: Final = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:browser"
USER: Final = "User of the org"
SCOPE: Final = "Scope"
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


class SignOnCase(msgspec.Struct, frozen=True, gc=False):
    """A request with a response of an identity provider: the org that takes it, what it says, and whom it names.

    `of` is None where it names no user of the org.
    """

    call: TokenCall
    client: ClientCase
    org: SingleSignOn
    asserted: AssertionCase
    signed: Finding | None
    confirmed: Finding | None
    of: AppUser | None


async def load(call: TokenCall, sources: Sources) -> SignOnCase:
    """Open the response, find the org whose identity provider it says it is from, and read what that one signed.

    Raises:
        Refused: there is no response, or its form is not taken, or no org takes it.
    """
    directory, text = sources.directory, bearer.sent(call)
    kind = call.params.get("assertion_type", "")
    if kind != ASSERTION_TYPE:
        raise Refused(no.TYPE_UNKNOWN(type=kind[:100] or "missing"))
    message = signed_saml.opened(text, in_response=True, strict=False, unreadable=no.UNREADABLE)
    org = _org(call, message, await directory.single_sign_on())
    app = await directory.app_of_org(org.org_id, org.app) if org.app else None
    if app is None:
        raise Refused(no.NO_APP(org=org.org_name, app=org.app), org.org_id)
    client = await _client(call, sources, app)
    endpoints = token_endpoints(call.names)
    found = signed_saml.vouched(
        text,
        message,
        Known(name=org.org_name, pem=org.certificate, subject=org.subject, fingerprint=org.fingerprint),
        # As Salesforce shows it to administrators, the endpoint names the org.
        recipients=endpoints | {f"{url}?so={name}" for url in endpoints for name in (org.org_id, app.org.short_id)},
        bare=False,
        no=_VOICES,
    )
    names = frozenset({org.entity_id.rstrip("/")}) if org.entity_id else call.names
    asserted = await assertion_case(
        directory.db, found.assertion, app, names=names, rules=SALESFORCE_BEARER, now_ms=call.now_ms
    )
    subject = found.assertion.subject
    of = await _user(directory, app, org, subject) if subject else None
    return SignOnCase(call, client, org, asserted, found.signed, found.confirmed, of)


async def _user(directory: Directory, app: InstalledApp, org: SingleSignOn, subject: str) -> AppUser | None:
    """Return whom the provider means, if it is a user of the org that believes it."""
    if org.by_federation_id:
        return await directory.app_user_federated(app.id, org.org_id, subject)
    found = await directory.app_user_named(app.id, subject)
    return found if found is not None and found.user.org_id == org.org_id else None


def _org(call: TokenCall, message: "Message", known: tuple[SingleSignOn, ...]) -> SingleSignOn:
    issuer, asked = message.claimed_issuer, call.params.get("so", "")
    found = [one for one in known if one.issuer == issuer and (not asked or one.org_id == canonical_id(asked, ORG))]
    if not found:
        raise Refused(no.ISSUER_UNKNOWN(issuer=issuer[:200] or "nobody"))
    allowed = [one for one in found if one.is_on]
    if not allowed:
        raise Refused(no.FLOW_OFF(org=found[0].org_name), found[0].org_id)
    if len(allowed) > 1:
        raise Refused(no.ORG_AMBIGUOUS(issuer=issuer[:200]))
    return allowed[0]


async def _client(call: TokenCall, sources: Sources, app: InstalledApp) -> ClientCase:
    named = call.credentials.client_id
    if named and named != app.consumer_key:
        raise Refused(no.OTHER_CLIENT(client_id=named[:100]), app.org.id)
    case = await client_case(call, sources, app)
    return case if case.client_id else msgspec.structs.replace(case, client_id=app.consumer_key)


def scope_taken(case: SignOnCase) -> Finding | None:
    """This flow takes no scope. An empty parameter is a missing one (RFC 6749 3.2)."""
    if case.call.params.get("scope"):
        return Finding(SCOPE, "sent, and not taken here", no_scope.SCOPE_NOT_SUPPORTED())
    return None


def signed(case: SignOnCase) -> Finding | None:
    """The org's identity provider must have signed the assertion, or the response around it."""
    return case.signed


def confirmed(case: SignOnCase) -> Finding | None:
    """The bearer must be confirmed for this token endpoint."""
    return case.confirmed


def _on_assertion(check: Check[AssertionCase]) -> Check[SignOnCase]:
    return lambda case: check(case.asserted)


def user(case: SignOnCase) -> Finding:
    """The assertion must name a user of the org."""
    subject = case.asserted.assertion.subject
    if not subject:
        return Finding(USER, "nobody is named", no.NO_SUBJECT())
    if case.of is None:
        return Finding(USER, "no such user", no.NO_SUCH_USER(user=subject[:200], org=case.org.org_name))
    return Finding(USER, "named by the identity provider")


def use(case: SignOnCase) -> UseCase:
    """The user the assertion names, in the app that the org named."""
    assert case.of is not None  # noqa: S101 - `user` refused otherwise
    return UseCase(case.of, None)


def prove(case: SignOnCase, _ring: KeyRing) -> Proof:
    """A token for the user, with all scopes of the app; never a refresh token."""
    assert case.of is not None  # noqa: S101 - `user` refused otherwise
    return Proof(
        of=case.of,
        scopes=all_scopes(case.of.app),
        event="token.saml_assertion",
        steps=remembers(case.asserted),
    )


def could_be_read(reason: Reason) -> bool:
    """Tell whether a refusal came after the response was read: the answer then says where it is explained (3.7)."""
    return reason.id.startswith(("sso.", "app.", "user.", "client.", "refresh.")) and reason not in _UNREAD


_UNREAD: Final = (no.TYPE_UNKNOWN, no.UNREADABLE)

GRANT: Final = Grant[SignOnCase](
    grant_type=GRANT_TYPE,
    title="SAML Assertion Flow",
    authentication=secret_if_sent,
    load=load,
    client=lambda case: case.client,
    checks=(scope_taken, signed, confirmed, *map(_on_assertion, _STATEMENTS), user),
    use=use,
    prove=prove,
    doors=(SALESFORCE,),
)
