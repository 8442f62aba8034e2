"""What the bearer assertion flows share, whatever the format: case, approval, scopes, proof (RFC 7521, section 4.1).

An app signs a statement about a user who is not there, and gets a token for that user; never a refresh token.
"""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.token import StandingGrant
from grantway.grants.asserted import assertion_case, remembers
from grantway.grants.grant import Proof, Sources, TokenCall, client_case
from grantway.kit.urls import SALESFORCE_TOKEN
from grantway.policy import approval
from grantway.policy.app_use import UseCase
from grantway.policy.approval import ApprovalCase
from grantway.policy.assertion import SALESFORCE_BEARER, STANDARDS_BEARER, AssertionCase
from grantway.policy.client import ClientCase
from grantway.protocol.assertion import Assertion
from grantway.protocol.decision import Check, Finding
from grantway.protocol.door import SALESFORCE, STANDARDS
from grantway.protocol.no import assertion as no
from grantway.protocol.no import refresh as no_scope
from grantway.protocol.refusal import Reason, Refused
from grantway.store.approvals import standing_grants

SCOPE: Final = "Scope"


class BearerCase(msgspec.Struct, frozen=True, gc=False):
    """A request with an assertion: what it says, the app that issued it, the user it names and what they granted.

    `signed`: what was found of its signature.
    """

    call: TokenCall
    client: ClientCase
    asserted: AssertionCase
    approval: ApprovalCase
    signed: Finding | None


def sent(call: TokenCall) -> str:
    """Return the assertion as it was sent.

    Raises:
        Refused: there is none.
    """
    text = call.params.get("assertion", "")
    if not text:
        raise Refused(no.MISSING())
    return text


def one_client(call: TokenCall, issuer: str, *, no_issuer: Reason, other_client: Reason) -> None:
    """The assertion must name an issuer, and the request no other client.

    Raises:
        Refused: with one of the two reasons.
    """
    named = call.credentials.client_id
    if not issuer:
        raise Refused(no_issuer())
    if named and named != issuer:
        raise Refused(other_client(client_id=named[:100]))


async def issuing_app(call: TokenCall, sources: Sources, issuer: str) -> InstalledApp | None:
    """Return the app whose consumer key is the issuer; None where Salesforce's door says that there is no such client.

    Raises:
        Refused: there is none, and at the standards' door that is an assertion that is not valid (RFC 7521, 4.1.1).
    """
    app = await sources.directory.app_by_key(issuer)
    if app is None and call.door is STANDARDS and not call.credentials.client_id:
        raise Refused(no.UNKNOWN_ISSUER(issuer=issuer[:100]))
    return app


def audiences_of(call: TokenCall, sources: Sources, app: InstalledApp | None) -> frozenset[str]:
    """Return the audiences by which an app's assertion may mean this server.

    At Salesforce's door the My Domain of the app's org and its sites are too, whichever name was called
    (salesforce-oauth.md 3.6).
    """
    if app is None or call.door is not SALESFORCE:
        return call.names
    own = (*sources.urls.my_domains(app.org.my_domain), *(one.rstrip("/") for one in app[s.SITES]))
    return call.names.union(own, (one + SALESFORCE_TOKEN for one in own)) if own else call.names


async def bearer_case(
    call: TokenCall, sources: Sources, assertion: Assertion, app: InstalledApp | None, signed: Finding | None
) -> BearerCase:
    """Read what the decision needs about an assertion and the app that issued it.

    Nothing is read for one that the app did not sign: who asks without the key finds out nothing about users, by time
    neither.
    """
    directory = sources.directory
    client = await client_case(call, sources, app)
    if not client.client_id:
        client = msgspec.structs.replace(client, client_id=assertion.issuer)
    names = audiences_of(call, sources, app)
    rules = SALESFORCE_BEARER if call.door is SALESFORCE else STANDARDS_BEARER
    if app is None or signed is None or signed.refusal is not None:
        unread = AssertionCase(assertion, app, names, rules, call.now_ms)
        nobody = ApprovalCase(app, assertion.subject, None, (), call.now_ms)
        return BearerCase(call, client, unread, nobody, signed)
    asserted = await assertion_case(directory.db, assertion, app, names=names, rules=rules, now_ms=call.now_ms)
    of = await directory.app_user_named(app.id, assertion.subject) if assertion.subject else None
    grants: tuple[StandingGrant, ...] = ()
    if of is not None and approval.asks_for_grants(of):
        grants = await standing_grants(directory.db, of.user.id, of.app.id)
    return BearerCase(call, client, asserted, ApprovalCase(app, assertion.subject, of, grants, call.now_ms), signed)


def signed(case: BearerCase) -> Finding | None:
    """The app's certificate must have signed the assertion."""
    return case.signed


def scope_taken(case: BearerCase) -> Finding | None:
    """At Salesforce's door these flows take no scope. An empty parameter is a missing one (RFC 6749 3.2)."""
    if case.call.params.get("scope") and not case.call.door.scope_narrows:
        return Finding(SCOPE, "sent, and not taken here", no_scope.SCOPE_NOT_SUPPORTED())
    return None


def on_assertion(check: Check[AssertionCase]) -> Check[BearerCase]:
    """Return a check of the assertion as one of the case."""
    return lambda case: check(case.asserted)


def approval_checks(no_subject: Reason) -> tuple[Check[BearerCase], ...]:
    """Return the checks of who is named and what they approved, in their order."""
    return (lambda case: _subject(case, no_subject), approved, scope_left)


def _subject(case: BearerCase, no_subject: Reason) -> Finding | None:
    """The assertion must name a user."""
    if case.asserted.assertion.subject:
        return None
    return Finding(approval.APPROVAL, "nobody is named", no_subject())


def approved(case: BearerCase) -> Finding | None:
    """The user must be pre-authorized or have approved the app before."""
    return approval.approved(case.approval)


def scope_left(case: BearerCase) -> Finding | None:
    """Something must be left of the scopes, and what is asked for must be within."""
    refused = approval.scopes_left(case.approval)
    if refused is not None:
        return refused
    extra = set(case.call.params.get("scope", "").split()).difference(approval.scopes_of(case.approval))
    if extra:
        refusal = no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200])
        return Finding(SCOPE, "more than was approved", refusal)
    return Finding(SCOPE, "what was approved")


def use(case: BearerCase) -> UseCase:
    """The user the assertion names, in the app as the user's org meets it."""
    return approval.use(case.approval)


def proof(case: BearerCase, event: str) -> Proof:
    """A token for the user; never a refresh token (salesforce-oauth.md 3.6)."""
    of: AppUser | None = case.approval.of
    assert of is not None  # noqa: S101 - `approved` refused otherwise
    asked = case.call.params.get("scope", "").split()
    scopes = approval.scopes_of(case.approval)
    return Proof(
        of=of,
        scopes=tuple(name for name in scopes if name in asked) if asked else scopes,
        event=event,
        steps=remembers(case.asserted),
        wants_id_token=True,
    )
