"""JWT Bearer Flow: a signed assertion stands for a user who is not there (RFC 7523 2.1; salesforce-oauth.md 3.6)."""

from typing import Final

import msgspec

from grantway.domain.app import AppUser
from grantway.grants.asserted import assertion_case, remembers
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, client_case
from grantway.kit.jose import JwtRefused
from grantway.kit.secrets import KeyRing
from grantway.policy import approval
from grantway.policy.app_use import UseCase
from grantway.policy.approval import ApprovalCase
from grantway.policy.assertion import SALESFORCE_BEARER, STANDARDS_BEARER, AssertionCase, Voices, checks
from grantway.policy.client import ClientCase, secret_if_sent
from grantway.protocol.assertion import Assertion, read_assertion
from grantway.protocol.decision import Check, Finding
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import assertion as no
from grantway.protocol.no import refresh as no_scope
from grantway.protocol.refusal import Refused
from grantway.store.approvals import standing_grants

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE: Final = "Scope"
_ASSERTION_CHECKS: Final = checks(
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


class JwtCase(msgspec.Struct, frozen=True, gc=False):
    """A JWT bearer request: the assertion, the app that issued it, the user it names and what they granted."""

    call: TokenCall
    client: ClientCase
    asserted: AssertionCase
    approval: ApprovalCase


async def load(call: TokenCall, sources: Sources) -> JwtCase:
    """Read the assertion, the app that its issuer names, the user that its subject names, and earlier uses.

    Raises:
        Refused: there is no assertion, or it cannot be read, or it names another client than the request.
    """
    directory = sources.directory
    assertion = _read(call)
    app = await directory.app_by_key(assertion.issuer)
    client = await client_case(call, directory, app)
    if not client.client_id:
        client = msgspec.structs.replace(client, client_id=assertion.issuer)
    rules = SALESFORCE_BEARER if call.door is SALESFORCE else STANDARDS_BEARER
    asserted = await assertion_case(directory.db, assertion, app, names=call.names, rules=rules, now_ms=call.now_ms)
    of = await directory.app_user_named(app.id, assertion.subject) if app is not None and assertion.subject else None
    grants = await standing_grants(directory.db, of.user.id, of.app.id) if of is not None else ()
    return JwtCase(call, client, asserted, ApprovalCase(app, assertion.subject, of, grants, call.now_ms))


def _read(call: TokenCall) -> Assertion:
    text = call.params.get("assertion", "")
    if not text:
        raise Refused(no.MISSING())
    try:
        assertion = read_assertion(text, lax=call.door is SALESFORCE)
    except JwtRefused as problem:
        raise Refused(no.UNREADABLE(why=str(problem))) from problem
    named = call.credentials.client_id
    if not assertion.issuer:
        raise Refused(no.NO_ISSUER())
    if named and named != assertion.issuer:
        raise Refused(no.OTHER_CLIENT(client_id=named[:100]))
    return assertion


def scope_taken(case: JwtCase) -> Finding | None:
    """At Salesforce's door this flow takes no scope. An empty parameter is a missing one (RFC 6749 3.2)."""
    if case.call.params.get("scope") and not case.call.door.scope_narrows:
        return Finding(SCOPE, "sent, and not taken here", no_scope.SCOPE_NOT_SUPPORTED())
    return None


def _on_assertion(check: Check[AssertionCase]) -> Check[JwtCase]:
    return lambda case: check(case.asserted)


def subject(case: JwtCase) -> Finding | None:
    """The assertion must name a user."""
    if case.asserted.assertion.subject:
        return None
    return Finding(approval.APPROVAL, "nobody is named", no.NO_SUBJECT())


def approved(case: JwtCase) -> Finding | None:
    """The user must be pre-authorized or have approved the app before."""
    return approval.approved(case.approval)


def scope_left(case: JwtCase) -> Finding | None:
    """Something must be left of the scopes, and what is asked for must be within."""
    refused = approval.scopes_left(case.approval)
    if refused is not None:
        return refused
    extra = set(case.call.params.get("scope", "").split()).difference(approval.scopes_of(case.approval))
    if extra:
        refusal = no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200])
        return Finding(SCOPE, "more than was approved", refusal)
    return Finding(SCOPE, "what was approved")


def use(case: JwtCase) -> UseCase:
    """The user the assertion names, in the app as the user's org meets it."""
    return approval.use(case.approval)


def prove(case: JwtCase, _ring: KeyRing) -> Proof:
    """A token for the user; never a refresh token (salesforce-oauth.md 3.6)."""
    of: AppUser | None = case.approval.of
    assert of is not None  # noqa: S101 - `approved` refused otherwise
    asked = case.call.params.get("scope", "").split()
    scopes = approval.scopes_of(case.approval)
    return Proof(
        of=of,
        scopes=tuple(name for name in scopes if name in asked) if asked else scopes,
        event="token.jwt_bearer",
        steps=remembers(case.asserted),
        wants_id_token=True,
    )


GRANT: Final = Grant[JwtCase](
    grant_type=GRANT_TYPE,
    title="JWT Bearer Flow",
    authentication=secret_if_sent,
    load=load,
    client=lambda case: case.client,
    checks=(scope_taken, *map(_on_assertion, _ASSERTION_CHECKS), subject, approved, scope_left),
    use=use,
    prove=prove,
)
