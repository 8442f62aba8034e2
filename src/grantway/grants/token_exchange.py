"""Token Exchange Flow: another identity provider's token stands for a user (RFC 8693; salesforce-oauth.md 3.11)."""

from functools import partial
from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import canonical_username
from grantway.domain.token import Family, StandingGrant
from grantway.domain.token_handler import UsableHandler
from grantway.grants.grant import Grant, HandlerSources, Proof, Sources, TokenCall, adds_refresh_token, client_of
from grantway.kit.ids import USER, canonical_id, new_row_id
from grantway.kit.secrets import KeyRing, new_refresh_token
from grantway.policy import approval
from grantway.policy.app_use import UseCase
from grantway.policy.approval import ApprovalCase
from grantway.policy.client import ClientCase, known, secret_for_token_exchange
from grantway.policy.guest import guests_let_in, scopes_for_guests, visitor_of
from grantway.protocol.actor import actor_of
from grantway.protocol.decision import Check, Finding, decide
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import exchange as no
from grantway.protocol.no import refresh as no_scope
from grantway.protocol.resource import CHECKS as RESOURCE_CHECKS
from grantway.protocol.resource import ResourceCase, read_resources
from grantway.protocol.token_handler import Believed, HandlerAnswer, Named
from grantway.settings.choices import PermittedUsers
from grantway.settings.token_handlers import (
    ENABLED,
    GUEST_USER,
    NEW_USER_PROFILE,
    SUBJECT_TYPE_PREFIX,
    SUBJECT_TYPES,
    TOKEN_TYPES,
    USER_CREATION,
    Matches,
)
from grantway.store import tokens
from grantway.store.approvals import standing_grants

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = SUBJECT_TYPE_PREFIX + "access_token"
FLOW: Final = "Token Exchange Flow"
REQUEST: Final = "Request"
HANDLER: Final = "Token handler"
PERSON: Final = "User"
ACTOR: Final = "Actor"
SCOPE: Final = "Scope"
_REFRESH: Final = frozenset({"refresh_token", "offline_access"})


class ExchangeCase(msgspec.Struct, frozen=True, gc=False):
    """A token exchange: who asks, the org's handlers, what the one that is meant said, and whom it named.

    - `subject`, `actor`: what the handler made of each token; None while it was not asked.
    - `found`: how many users of the org are the one that is named.
    - `visitor`: the unique visitor ID, where none is and who is named is a guest.
    - `not_created`: why a user who is not there could not be made.
    """

    call: TokenCall
    client: ClientCase
    handlers: tuple[UsableHandler, ...] = ()
    subject: HandlerAnswer | None = None
    actor: HandlerAnswer | None = None
    found: int = 0
    visitor: str = ""
    not_created: str = ""
    approval: ApprovalCase | None = None


async def load(call: TokenCall, sources: Sources) -> ExchangeCase:
    """Read the client; go on only for one that proved itself."""
    client = await client_of(call, sources)
    case = ExchangeCase(call, client)
    app = client.client
    if app is None or decide((known, secret_for_token_exchange), client).refusal is not None:
        return case
    return await asked(case, app, sources)


async def asked(case: ExchangeCase, app: InstalledApp, sources: HandlerSources) -> ExchangeCase:
    """Read the handlers of an app that proved itself, and ask the one that is meant, if the app may exchange tokens.

    A user who is not there is made last, when nothing else stands in the way.
    """
    call = case.call
    case = msgspec.structs.replace(case, handlers=await sources.directory.handlers_for(app.org.id, app.id))
    chosen = _chosen(case)
    if chosen is None or decide(_BEFORE_ASKING, case).refusal is not None:
        return case
    ask = partial(sources.ask_token_handler, chosen, app, names=call.names)
    subject = await ask(_parameter(case, "subject_token"), _type(case, "subject_token_type"), is_actor=False)
    actor = None
    if subject.refusal is None and _parameter(case, "actor_token"):
        actor = await ask(_parameter(case, "actor_token"), _type(case, "actor_token_type"), is_actor=True)
    case = msgspec.structs.replace(case, subject=subject, actor=actor)
    if decide((believed, actor_named), case).refusal is not None:
        return case
    return await _with_user(case, app, sources)


async def _with_user(case: ExchangeCase, app: InstalledApp, sources: HandlerSources) -> ExchangeCase:
    named, chosen = _named(case), _chosen(case)
    if named is None or chosen is None or chosen.enabled_for is None:
        return case
    found = await _users(case, app, sources, named)
    why = ""
    if not found and named.new is not None and decide((_makes_users, _new_is_approved), case).refusal is None:
        if (refused := scope_asked(case)) is not None and refused.refusal is not None:
            return case
        why = await sources.create_user(app.org, chosen, named)
        # Of several requests for one new user one makes it, and all of them find it.
        found = await _users(case, app, sources, named)
    if not found and chosen.handler[GUEST_USER]:
        visitor = visitor_of(chosen.handler.id, named.visitor if named.visitor.strip() else named.value)
        return await _with_guest(case, app, sources, chosen.handler[GUEST_USER], visitor)
    of = await sources.directory.app_user(app.id, app.org.id, found[0]) if len(found) == 1 else None
    grants: tuple[StandingGrant, ...] = ()
    if of is not None and approval.asks_for_grants(of):
        grants = await standing_grants(sources.directory.db, of.user.id, of.app.id)
    approved_by = ApprovalCase(app, named.value, of, grants, case.call.now_ms)
    return msgspec.structs.replace(case, found=len(found), not_created=why, approval=approved_by)


async def _with_guest(
    case: ExchangeCase, app: InstalledApp, sources: HandlerSources, username: str, visitor: str
) -> ExchangeCase:
    """Read the guest user as whom a visitor acts; guests approve nothing, so no grants of theirs are looked for."""
    of = await sources.directory.app_user_named(app.id, username)
    if of is not None and (of.user.org_id != app.org.id or not of.user.is_guest):
        of = None
    approved_by = ApprovalCase(app, username, of, (), case.call.now_ms)
    return msgspec.structs.replace(case, found=int(of is not None), visitor=visitor, approval=approved_by)


async def _users(case: ExchangeCase, app: InstalledApp, sources: HandlerSources, named: Named) -> tuple[str, ...]:
    value = named.value
    if named.by is Matches.USERNAME:
        value = canonical_username(value)
    elif named.by is Matches.USER_ID:
        value = canonical_id(value, USER) or ""
    return await sources.directory.users_matching(app.org.id, named.by, value) if value else ()


def _parameter(case: ExchangeCase, name: str) -> str:
    return case.call.params.get(name, "")


def _type(case: ExchangeCase, name: str) -> str:
    """Return a type of token by its last word; Salesforce's own pages write JWT and jwt."""
    text = _parameter(case, name)
    word = text[len(SUBJECT_TYPE_PREFIX) :].lower() if text.startswith(SUBJECT_TYPE_PREFIX) else ""
    return word if word in SUBJECT_TYPES else ""


def _chosen(case: ExchangeCase) -> UsableHandler | None:
    """Return the handler that is meant: by name, else the app's default."""
    name = _parameter(case, "token_handler")
    if not name:
        return next((one for one in case.handlers if one.enabled_for is not None and one.enabled_for.is_default), None)
    called = [one for one in case.handlers if one.handler.is_called(name)]
    # Two handlers may stand for one class: the one that the app may use is meant.
    return next((one for one in called if one.enabled_for is not None), called[0] if called else None)


def flow_on(case: ExchangeCase) -> Finding | None:
    """App and org must both have the flow on."""
    app = case.client.client
    if app is None:
        return None
    if not app[s.TOKEN_EXCHANGE]:
        return Finding(FLOW, "off for the app", no.NOT_ENABLED(app=app.app.name))
    if app.policy is None or not app[s.TOKEN_EXCHANGE_ALLOWED]:
        return Finding(FLOW, "not allowed by the org", no.NOT_ALLOWED(app=app.app.name, org=app.org.name))
    return Finding(FLOW, "on for the app, allowed by the org")


def whole(case: ExchangeCase) -> Finding | None:
    """The request must have a token and its type, and want nothing that is not given here."""
    for name in ("subject_token", "subject_token_type"):
        if not _parameter(case, name):
            return Finding(REQUEST, f"no {name}", no.MISSING(parameter=name))
    if bool(_parameter(case, "actor_token")) != bool(_parameter(case, "actor_token_type")):
        return Finding(REQUEST, "half an actor", no.MISSING(parameter="actor_token or actor_token_type"))
    if _parameter(case, "actor_token") and case.call.door is SALESFORCE:
        return Finding(REQUEST, "an actor, at Salesforce's door", no.ACTOR_NOT_TAKEN())
    for name in ("subject_token_type", "actor_token_type"):
        if _parameter(case, name) and not _type(case, name):
            refusal = no.TYPE_UNKNOWN(parameter=name, type=_parameter(case, name)[:100])
            return Finding(REQUEST, f"an unknown {name}", refusal)
    wanted = _parameter(case, "requested_token_type")
    if wanted not in ("", ACCESS_TOKEN):
        return Finding(REQUEST, "another type is wanted", no.REQUESTED_TYPE(type=wanted[:100]))
    # Where `resource` is known its own checks look at it.
    for name in ("audience",) if case.call.door.takes_resource else ("resource", "audience"):
        for target in _parameter(case, name).split():
            if target.rstrip("/") not in case.call.names:
                refusal = no.OTHER_TARGET(target=target[:200], names=", ".join(sorted(case.call.names)))
                return Finding(REQUEST, "wanted for somebody else", refusal)
    return None


def resource_served(case: ExchangeCase) -> Finding | None:
    """A resource that no token is given for must be refused before anybody is asked, or made a user (RFC 8707)."""
    app = case.client.client
    assert app is not None  # noqa: S101 - `known` refused otherwise
    trail = decide(RESOURCE_CHECKS, ResourceCase(_resources(case), app))
    return trail.findings[-1] if trail.refusal is not None else None


def handler_found(case: ExchangeCase) -> Finding | None:
    """The handler that is named, else the app's default, must be there and enabled, also for this app."""
    app, chosen, name = case.client.client, _chosen(case), _parameter(case, "token_handler")
    assert app is not None  # noqa: S101 - `known` refused otherwise
    if chosen is None:
        if name:
            return Finding(HANDLER, "unknown", no.HANDLER_UNKNOWN(handler=name[:100], org=app.org.name))
        return Finding(HANDLER, "none is the default", no.NO_DEFAULT(app=app.app.name))
    called = chosen.handler.name
    if chosen.enabled_for is None:
        return Finding(HANDLER, "not for this app", no.HANDLER_NOT_FOR_APP(handler=called, app=app.app.name))
    if not chosen.handler[ENABLED]:
        return Finding(HANDLER, "switched off", no.HANDLER_OFF(handler=called))
    return Finding(HANDLER, called if name else f"{called}, the app's default")


def type_taken(case: ExchangeCase) -> Finding | None:
    """The handler must take tokens of these types."""
    chosen = _chosen(case)
    assert chosen is not None  # noqa: S101 - `handler_found` refused otherwise
    for name in ("subject_token_type", "actor_token_type"):
        kind = _type(case, name)
        if kind and kind not in chosen.handler[TOKEN_TYPES]:
            return Finding(HANDLER, f"takes no {kind}", no.TYPE_NOT_TAKEN(handler=chosen.handler.name, type=kind))
    return None


def believed(case: ExchangeCase) -> Finding | None:
    """The handler must believe the subject's token, and the actor's."""
    says = []
    for answer in (case.subject, case.actor):
        if answer is not None:
            if answer.refusal is not None:
                found = answer.findings[-1] if answer.findings else Finding(HANDLER, "says no")
                return Finding(HANDLER, f"{found.check}: {found.says}", answer.refusal)
            says += [f"{one.check}: {one.says}" for one in answer.findings]
    return Finding(HANDLER, "believes the token" + (f" ({'; '.join(says)})" if says else ""))


def actor_named(case: ExchangeCase) -> Finding | None:
    """An actor must have a name, and be one that the subject's token lets act."""
    actor, subject = _believed(case.actor), _believed(case.subject)
    if _acting(case) is None:
        return Finding(ACTOR, "not named", no.ACTOR_UNNAMED())
    if actor is None or subject is None:
        return None
    may = subject.claims.get("may_act")
    if may is not None and not (
        isinstance(may, dict) and may and all(actor.claims.get(name) == value for name, value in may.items())
    ):
        return Finding(ACTOR, "not the one that may act", no.ACTOR_MAY_NOT())
    return Finding(ACTOR, "named")


def scope_asked(case: ExchangeCase) -> Finding | None:
    """What is asked for must be within the app's scopes."""
    app = case.client.client
    assert app is not None  # noqa: S101 - `known` refused otherwise
    return _beyond(case, {*app[s.SCOPES], *app[s.CUSTOM_SCOPES]})


def person(case: ExchangeCase) -> Finding | None:
    """The token must name one user of the handler's org, or one who can be made, or may be a guest."""
    app, named, chosen = case.client.client, _named(case), _chosen(case)
    assert app is not None and chosen is not None  # noqa: S101, PT018 - refused before
    if named is None:
        return Finding(PERSON, "nobody is named", no.NOBODY_NAMED(claim="whom the handler's code names"))
    if case.visitor:
        user = chosen.handler[GUEST_USER]
        if case.found and case.approval is not None and case.approval.of is not None:
            # The app as the token is issued for it: with what was read a moment before a guest's could be opaque.
            return guests_let_in(case.approval.of.app, user)
        refusal = no.GUEST_USER_GONE(handler=chosen.handler.name, user=user, org=app.org.name)
        return Finding(PERSON, "no such guest user", refusal)
    if case.found == 1:
        return Finding(PERSON, f"found by {named.by.value}")
    facts: dict[str, Any] = {"org": app.org.name, "by": named.by.value.replace("_", " "), "value": named.value[:200]}
    if case.found:
        return Finding(PERSON, "more than one", no.AMBIGUOUS(**facts))
    if named.new is None or not chosen.handler[USER_CREATION]:
        return Finding(PERSON, "none", no.NO_SUCH_USER(handler=chosen.handler.name, **facts))
    refused = _new_is_approved(case)
    if refused is not None:
        return refused
    run_as = chosen.enabled_for.run_as if chosen.enabled_for is not None else ""
    refusal = no.NOT_CREATED(user=named.new.username[:200], run_as=run_as, why=case.not_created or "it was not tried")
    return Finding(PERSON, "could not be made", refusal)


def _makes_users(case: ExchangeCase) -> Finding | None:
    chosen = _chosen(case)
    if chosen is not None and chosen.handler[USER_CREATION]:
        return None
    return Finding(PERSON, "none is made", no.NO_SUCH_USER())


def _new_is_approved(case: ExchangeCase) -> Finding | None:
    """Who is made has a profile and nothing else: it alone can pre-authorize them."""
    app, chosen = case.client.client, _chosen(case)
    assert app is not None and chosen is not None  # noqa: S101, PT018 - refused before
    profile = chosen.handler[NEW_USER_PROFILE]
    if app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED and profile in app[s.PROFILES]:
        return None
    refusal = no.NEW_USER_UNAPPROVED(profile=profile, app=app.app.name)
    return Finding(PERSON, "would not be pre-authorized", refusal)


def approved(case: ExchangeCase) -> Finding | None:
    """The user must be pre-authorized, or have a grant with a refresh token that still counts."""
    held = case.approval
    assert held is not None and held.of is not None  # noqa: S101, PT018 - `person` refused otherwise
    of = held.of
    if of.app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED:
        return Finding(approval.APPROVAL, "not asked: admin approved users are pre-authorized")
    if not approval.scopes_of(held):
        refusal = no.NOT_APPROVED(user=of.user.username, app=of.app.app.name)
        return Finding(approval.APPROVAL, "nothing that still counts", refusal)
    return Finding(approval.APPROVAL, "a grant with a refresh token")


def scope_left(case: ExchangeCase) -> Finding | None:
    """What is asked for must be within what was approved; for a guest, something must be left of it."""
    allowed, app = _allowed(case), case.client.client
    if case.visitor and not allowed and app is not None:
        return Finding(SCOPE, "none is for guests", no.GUEST_WITHOUT_SCOPES(app=app.app.name))
    if case.visitor and (extra := set(_parameter(case, "scope").split()).difference(allowed)):
        refusal = no.NOT_FOR_GUESTS(extra=" ".join(sorted(extra))[:200], allowed=" ".join(allowed))
        return Finding(SCOPE, "not for guests", refusal)
    return _beyond(case, set(allowed))


def _beyond(case: ExchangeCase, allowed: set[str]) -> Finding | None:
    asked = _parameter(case, "scope").split()
    extra = set(asked).difference(allowed)
    # A token without any scope opens nothing, and a refresh token alone refreshes nothing.
    if asked and not extra and _REFRESH.issuperset(asked):
        extra = set(asked)
    if not extra:
        return None
    refusal = no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200])
    return Finding(SCOPE, "more than was approved", refusal)


def use(case: ExchangeCase) -> UseCase:
    """The user that the token names, in the app as the org meets it."""
    assert case.approval is not None  # noqa: S101 - `person` refused otherwise
    found = approval.use(case.approval)
    return msgspec.structs.replace(found, as_guest=True) if case.visitor else found


def _resources(case: ExchangeCase) -> tuple[str, ...]:
    """Return the resource servers that the token is wanted for; none at a door that does not know them."""
    return read_resources(_parameter(case, "resource")) if case.call.door.takes_resource else ()


def _named(case: ExchangeCase) -> Named | None:
    subject = _believed(case.subject)
    named = subject.named if subject is not None else None
    # A blank is no name: whoever had it would be one guest with all others who have it.
    return named if named is not None and named.value.strip() else None


def _acting(case: ExchangeCase) -> str | None:
    """Return who acts for the user, as the claim `act`; empty where nobody does, None where that cannot be said."""
    actor, subject = _believed(case.actor), _believed(case.subject)
    return actor_of(actor.claims if actor is not None else None, subject.claims) if subject is not None else ""


def _believed(answer: HandlerAnswer | None) -> Believed | None:
    return answer.believed if answer is not None else None


def _allowed(case: ExchangeCase) -> tuple[str, ...]:
    """Return the scopes that the token may have, in the app's order.

    Somebody who acts for the user gets nothing that outlives the access token; a guest neither.
    """
    held = case.approval
    if held is None or held.of is None:
        return ()
    app = held.of.app
    if case.visitor:
        return scopes_for_guests(approval.scopes_of(held))
    allowed = set(approval.scopes_of(held))
    if allowed and not _acting(case):
        allowed |= _REFRESH
    return tuple(name for name in (*app[s.SCOPES], *app[s.CUSTOM_SCOPES]) if name in allowed)


def prove(case: ExchangeCase, _ring: KeyRing) -> Proof:
    """A token for the user, with a refresh token where that is among the scopes."""
    held, now = case.approval, case.call.now_ms
    assert held is not None and held.of is not None  # noqa: S101, PT018 - `person` refused otherwise
    of = held.of
    asked, scopes = _parameter(case, "scope").split(), _allowed(case)
    scopes = tuple(name for name in scopes if name in asked) if asked else scopes
    proof = Proof(
        of=of,
        scopes=scopes,
        event="token.exchange",
        wants_id_token=True,
        issued_token_type=ACCESS_TOKEN,
        actor=_acting(case) or "",
        visitor=case.visitor,
    )
    if _REFRESH.isdisjoint(scopes):
        return proof
    family = Family(
        id=new_row_id(now),
        app_id=of.app.id,
        org_id=of.user.org_id,
        user_id=of.user.id,
        door=case.call.door.name,
        scopes=" ".join(scopes),
        auth_time=0,
        created_at=now,
        used_at=now,
        has_refresh=1,
        revoked_at=None,
        resources=" ".join(_resources(case)),
    )
    row_id, refresh_token = new_refresh_token(now)
    steps = (
        tokens.add_family(family),
        tokens.drop_oldest_families(family.user_id, family.app_id, family.id, now),
        adds_refresh_token(row_id, refresh_token, family.id, now),
    )
    return msgspec.structs.replace(proof, family_id=family.id, steps=steps, refresh_token=refresh_token)


_BEFORE_ASKING: Final[tuple[Check[Any], ...]] = (flow_on, whole, resource_served, handler_found, type_taken)
GRANT: Final = Grant[ExchangeCase](
    grant_type=GRANT_TYPE,
    title="Token Exchange Flow",
    authentication=secret_for_token_exchange,
    load=load,
    client=lambda case: case.client,
    checks=(*_BEFORE_ASKING, believed, actor_named, scope_asked, person, approved, scope_left),
    use=use,
    prove=prove,
)
