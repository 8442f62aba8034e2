"""The checks of a token exchange, from the two switches to the scopes that are left (salesforce-oauth.md 3.11)."""

from typing import Any, Final

from grantway import settings as s
from grantway.grants.exchange.case import REFRESH_SCOPES, ExchangeCase
from grantway.policy import approval
from grantway.policy.guest import guests_let_in
from grantway.protocol.decision import Check, Finding, decide
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import exchange as no
from grantway.protocol.no import refresh as no_scope
from grantway.protocol.resource import CHECKS as RESOURCE_CHECKS
from grantway.protocol.resource import ResourceCase
from grantway.settings.choices import PermittedUsers
from grantway.settings.token_handlers import (
    ENABLED,
    GUEST_USER,
    NEW_USER_PROFILE,
    SUBJECT_TYPE_PREFIX,
    TOKEN_TYPES,
    USER_CREATION,
)

ACCESS_TOKEN: Final = SUBJECT_TYPE_PREFIX + "access_token"
FLOW: Final = "Token Exchange Flow"
REQUEST: Final = "Request"
HANDLER: Final = "Token handler"
PERSON: Final = "User"
ACTOR: Final = "Actor"
SCOPE: Final = "Scope"


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
        if not case.parameter(name):
            return Finding(REQUEST, f"no {name}", no.MISSING(parameter=name))
    if bool(case.parameter("actor_token")) != bool(case.parameter("actor_token_type")):
        return Finding(REQUEST, "half an actor", no.MISSING(parameter="actor_token or actor_token_type"))
    if case.parameter("actor_token") and case.call.door is SALESFORCE:
        return Finding(REQUEST, "an actor, at Salesforce's door", no.ACTOR_NOT_TAKEN())
    for name in ("subject_token_type", "actor_token_type"):
        if case.parameter(name) and not case.type_of(name):
            refusal = no.TYPE_UNKNOWN(parameter=name, type=case.parameter(name)[:100])
            return Finding(REQUEST, f"an unknown {name}", refusal)
    wanted = case.parameter("requested_token_type")
    if wanted not in ("", ACCESS_TOKEN):
        return Finding(REQUEST, "another type is wanted", no.REQUESTED_TYPE(type=wanted[:100]))
    # Where `resource` is known its own checks look at it.
    for name in ("audience",) if case.call.door.takes_resource else ("resource", "audience"):
        for target in case.parameter(name).split():
            if target.rstrip("/") not in case.call.names:
                refusal = no.OTHER_TARGET(target=target[:200], names=", ".join(sorted(case.call.names)))
                return Finding(REQUEST, "wanted for somebody else", refusal)
    return None


def resource_served(case: ExchangeCase) -> Finding | None:
    """A resource that no token is given for must be refused before anybody is asked, or made a user (RFC 8707)."""
    app = case.client.client
    assert app is not None  # noqa: S101 - `known` refused otherwise
    trail = decide(RESOURCE_CHECKS, ResourceCase(case.resources, app))
    return trail.findings[-1] if trail.refusal is not None else None


def handler_found(case: ExchangeCase) -> Finding | None:
    """The handler that is named, else the app's default, must be there and enabled, also for this app."""
    app, chosen, name = case.client.client, case.chosen, case.parameter("token_handler")
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
    chosen = case.chosen
    assert chosen is not None  # noqa: S101 - `handler_found` refused otherwise
    for name in ("subject_token_type", "actor_token_type"):
        kind = case.type_of(name)
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
    actor, subject = case.believed_actor, case.believed_subject
    if case.acting is None:
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
    app, named, chosen = case.client.client, case.named, case.chosen
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
    refused = new_is_approved(case)
    if refused is not None:
        return refused
    run_as = chosen.enabled_for.run_as if chosen.enabled_for is not None else ""
    refusal = no.NOT_CREATED(user=named.new.username[:200], run_as=run_as, why=case.not_created or "it was not tried")
    return Finding(PERSON, "could not be made", refusal)


def makes_users(case: ExchangeCase) -> Finding | None:
    """The handler must make users."""
    chosen = case.chosen
    if chosen is not None and chosen.handler[USER_CREATION]:
        return None
    return Finding(PERSON, "none is made", no.NO_SUCH_USER())


def new_is_approved(case: ExchangeCase) -> Finding | None:
    """Who is made has a profile and nothing else: it alone can pre-authorize them."""
    app, chosen = case.client.client, case.chosen
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
    allowed, app = case.allowed, case.client.client
    if case.visitor and not allowed and app is not None:
        return Finding(SCOPE, "none is for guests", no.GUEST_WITHOUT_SCOPES(app=app.app.name))
    if case.visitor and (extra := set(case.parameter("scope").split()).difference(allowed)):
        refusal = no.NOT_FOR_GUESTS(extra=" ".join(sorted(extra))[:200], allowed=" ".join(allowed))
        return Finding(SCOPE, "not for guests", refusal)
    return _beyond(case, set(allowed))


def _beyond(case: ExchangeCase, allowed: set[str]) -> Finding | None:
    asked = case.parameter("scope").split()
    extra = set(asked).difference(allowed)
    # A token without any scope opens nothing, and a refresh token alone refreshes nothing.
    if asked and not extra and REFRESH_SCOPES.issuperset(asked):
        extra = set(asked)
    if not extra:
        return None
    refusal = no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200])
    return Finding(SCOPE, "more than was approved", refusal)


BEFORE_ASKING: Final[tuple[Check[Any], ...]] = (flow_on, whole, resource_served, handler_found, type_taken)
"""What must hold before a handler is asked: it costs time, and may make a user."""
