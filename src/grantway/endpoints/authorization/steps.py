"""The steps of an authorization request: log in, consent, code. Each may be the last one before the callback."""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.org import User
from grantway.domain.token import Code
from grantway.endpoints.authorization.approval import approval_steps, earlier_approval, is_remembered
from grantway.endpoints.authorization.flow import CONSENT_PATH, LOGIN_PATH, Flow, app_here, event, session_end
from grantway.endpoints.authorization.outcome import back, refuse_at_callback, see, stays_here
from grantway.kit.clock import MINUTE_MS
from grantway.kit.http import Reply
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import fingerprint, new_code
from grantway.policy import app_use
from grantway.protocol.authorization import case_of, challenge_sent, resource
from grantway.protocol.no import app as no_app
from grantway.protocol.no import authorize as no
from grantway.protocol.refusal import Refusal
from grantway.settings.choices import PermittedUsers
from grantway.store import browsers, tokens
from grantway.store.browsers import BrowserSession, LoggedIn
from grantway.store.people import permission_sets_that_count, permissions_that_count
from grantway.store.statement import Step, Write
from grantway.store.waiting import Waiting, add_waiting, change_waiting, finish_waiting

# A session in use is noted at most this often: its end is measured in minutes.
_NOTED_MS: Final = MINUTE_MS
USE_CHECKS: Final = app_use.checks(
    app_use.Voices(
        app_blocked=no_app.APP_BLOCKED,
        oauth_off=no_app.OAUTH_OFF,
        off_in_org=no_app.OFF_IN_ORG,
        app_not_installed=no.APP_NOT_INSTALLED,
        external_not_installed=no.EXTERNAL_NOT_INSTALLED,
        external_is_local=no.EXTERNAL_IS_LOCAL,
        user_inactive=no_app.USER_INACTIVE,
        user_is_guest=no_app.USER_IS_GUEST,
        not_admin_approved=no.NOT_ADMIN_APPROVED,
        api_access_limited=no.API_ACCESS_LIMITED,
        tokens_ended=no_app.TOKENS_ENDED,
    )
)


async def go_on(flow: Flow, *, allowed: bool = False) -> Reply:
    """Take the next step of a request. `allowed`: the person has just said yes on the page of this very request."""
    request, person = flow.request, flow.person
    if person is None:
        return await _ask_for_login(flow)
    if request.hinted_user not in ("", person.user.id):
        return await refuse(flow, no.USER_MISMATCH())
    here = await app_here(flow)
    if refusal := await _use_refused(flow, person.user, here):
        return await refuse(flow, refusal)
    if here[s.PERMITTED_USERS] is not PermittedUsers.SELF_AUTHORIZE and not here.is_child:
        # Nobody looked at an app that registered: its parent's users are asked all the same.
        return await _issue(flow, person, here)
    earlier = await earlier_approval(flow, here)
    if allowed:
        steps = approval_steps(flow, person, here, earlier, flow.server.clock.now_ms())
        return await _issue(flow, person, here, *steps)
    if is_remembered(request, here, earlier):
        return await _issue(flow, person, here)
    if request.is_silent:
        return await refuse(flow, no.CONSENT_REQUIRED(user=person.user.username, scopes=" ".join(request.scopes)))
    return await _to_page(flow, CONSENT_PATH)


async def refuse(flow: Flow, refusal: Refusal, *steps: Step) -> Reply:
    """End a request with a refusal where its door says it; `steps` are written with it."""
    waiting, person = flow.waiting, flow.person
    if not stays_here(flow.door, refusal) and waiting is not None:
        write = Write(steps, finish_waiting(waiting.id, flow.server.clock.now_ms()))
        if not await flow.server.db.commit(write):
            return flow.stop(no.TRANSACTION_GONE())
    return refuse_at_callback(
        flow.call,
        flow.server,
        flow.base,
        flow.request,
        refusal,
        trail=flow.trail,
        app=flow.app,
        user=person.user if person else None,
        headers=flow.visitor.headers if waiting is not None else (),
    )


async def _ask_for_login(flow: Flow) -> Reply:
    if not flow.request.is_silent:
        return await _to_page(flow, LOGIN_PATH)
    somebody_else = flow.request.hinted_user and flow.visitor.sessions
    return await refuse(flow, no.USER_MISMATCH() if somebody_else else no.LOGIN_REQUIRED())


async def _use_refused(flow: Flow, user: User, here: InstalledApp) -> Refusal | None:
    """Return why a user may not use the app in their org; None when they may."""
    db = flow.server.db
    sets = await permission_sets_that_count(db, here, user)
    of = AppUser(here, user, sets, await permissions_that_count(db, here, user))
    passed = flow.trail.passes(USE_CHECKS, app_use.UseCase(of, None))
    if passed and here is not flow.app:
        # The app's own org was asked when the request came in; only now it is known whose data is asked for.
        passed = flow.trail.passes((challenge_sent, resource), case_of(flow.request, flow.door, here))
    return None if passed else flow.trail.refusal


async def _to_page(flow: Flow, path: str) -> Reply:
    """Let the request wait, and send the browser to a page."""
    server, waiting, visitor = flow.server, flow.waiting, flow.visitor
    document = msgspec.json.encode(flow.request).decode()
    if waiting is None:
        now = server.clock.now_ms()
        waiting = Waiting(new_row_id(now), visitor.browser_id, document, now, None)
        of_browser = visitor.steps or (browsers.seen(visitor.browser_id, now),)
        await server.db.commit(Write((*of_browser, add_waiting(waiting))))
    elif waiting.request != document and not await server.db.commit(Write((), change_waiting(waiting.id, document))):
        return flow.stop(no.TRANSACTION_GONE())
    return see(flow.call, f"{flow.base}{path}?transaction={waiting.id}", visitor.headers)


async def _issue(flow: Flow, person: LoggedIn, here: InstalledApp, *more: Step) -> Reply:
    """Issue the code, with all that goes with it, in one write that only one call can make."""
    server, request, session, user = flow.server, flow.request, person.session, person.user
    now = server.clock.now_ms()
    row_id, text = new_code(now)
    code = Code(
        id=row_id,
        hash=fingerprint(text),
        family_id=new_row_id(now),
        app_id=here.id,
        org_id=user.org_id,
        user_id=user.id,
        door=request.door,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=1,
        scopes=" ".join(request.scopes),
        challenge=request.challenge,
        nonce=request.nonce,
        auth_time=session.auth_time // 1000,
        session_id=session.id,
        issued_at=now,
        expires_at=now + flow.door.code_lifetime_ms,
        spent_at=None,
        settled_us=None,
        resources=" ".join(request.resources),
    )
    issued = event(flow, "code.issued", user.org_id, user.id)
    guard = finish_waiting(flow.waiting.id, now) if flow.waiting is not None else None
    if not await server.db.commit(Write((tokens.add_code(code), issued, *_in_use(session, here, now), *more), guard)):
        return flow.stop(no.TRANSACTION_GONE())
    headers = flow.visitor.headers if flow.waiting is not None else ()
    return back(flow.call, flow.server, flow.base, request, {"code": text}, headers)


def _in_use(session: BrowserSession, here: InstalledApp, now_ms: int) -> tuple[Step, ...]:
    if now_ms - session.seen_at < _NOTED_MS:
        return ()
    return (browsers.keep_session(session.id, now_ms, session_end(here, session.auth_time, now_ms)),)
