"""Asking the handler that is meant about the tokens, and finding the user, or the guest, whom it names."""

from functools import partial

import msgspec

from grantway.domain.app import InstalledApp
from grantway.domain.org import canonical_username
from grantway.domain.token import StandingGrant
from grantway.grants.exchange.case import ExchangeCase
from grantway.grants.exchange.checks import (
    BEFORE_ASKING,
    actor_named,
    believed,
    makes_users,
    new_is_approved,
    scope_asked,
)
from grantway.grants.grant import HandlerSources
from grantway.kit.ids import USER, canonical_id
from grantway.policy import approval
from grantway.policy.approval import ApprovalCase
from grantway.policy.guest import visitor_of
from grantway.protocol.decision import decide
from grantway.protocol.token_handler import Named
from grantway.settings.token_handlers import (
    GUEST_USER,
    Matches,
)
from grantway.store.approvals import standing_grants


async def asked(case: ExchangeCase, app: InstalledApp, sources: HandlerSources) -> ExchangeCase:
    """Read the handlers of an app that proved itself, and ask the one that is meant, if the app may exchange tokens.

    A user who is not there is made last, when nothing else stands in the way.
    """
    call = case.call
    case = msgspec.structs.replace(case, handlers=await sources.directory.handlers_for(app.org.id, app.id))
    chosen = case.chosen
    if chosen is None or decide(BEFORE_ASKING, case).refusal is not None:
        return case
    ask = partial(sources.ask_token_handler, chosen, app, names=call.names)
    subject = await ask(case.parameter("subject_token"), case.type_of("subject_token_type"), is_actor=False)
    actor = None
    if subject.refusal is None and case.parameter("actor_token"):
        actor = await ask(case.parameter("actor_token"), case.type_of("actor_token_type"), is_actor=True)
    case = msgspec.structs.replace(case, subject=subject, actor=actor)
    if decide((believed, actor_named), case).refusal is not None:
        return case
    return await _with_user(case, app, sources)


async def _with_user(case: ExchangeCase, app: InstalledApp, sources: HandlerSources) -> ExchangeCase:
    named, chosen = case.named, case.chosen
    if named is None or chosen is None or chosen.enabled_for is None:
        return case
    found = await _users(case, app, sources, named)
    why = ""
    if not found and named.new is not None and decide((makes_users, new_is_approved), case).refusal is None:
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
