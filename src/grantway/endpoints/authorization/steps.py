"""The steps of an authorization request: log in, consent, code. Each may be the last one before the callback."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.token import Code
from grantway.endpoints.authorization.outcome import back, refuse_at_callback, refuse_on_page, see, stays_here
from grantway.endpoints.authorization.visitor import Visitor, visitor_of
from grantway.endpoints.parameters import form_of, query_of
from grantway.endpoints.server import Server
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.kit.http import Call, Reply
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import fingerprint, new_code
from grantway.policy import app_use
from grantway.policy.client import ClientCase, known
from grantway.protocol.authorization import STILL_GOOD, AuthorizationRequest, case_of
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE, Door
from grantway.protocol.no import app as no_app
from grantway.protocol.no import authorize as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.scopes import allowed_by
from grantway.settings.callbacks import is_private_use
from grantway.settings.choices import PermittedUsers
from grantway.store import browsers, tokens
from grantway.store.approvals import Approval, approval_of, approve
from grantway.store.browsers import BrowserSession, LoggedIn
from grantway.store.events import add_event
from grantway.store.people import permission_sets_that_count, permissions_that_count
from grantway.store.statement import Step, Write
from grantway.store.waiting import Waiting, add_waiting, change_waiting, finish_waiting, waiting_by_id

LOGIN_PATH: Final = "/login"
CONSENT_PATH: Final = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
SESSION_MS: Final = DAY_MS
"""The absolute limit of a login session; its idle limit is the org's session timeout."""
WAITING_MS: Final = DAY_MS
"""How long a login or consent page may stand open: long enough that nobody has to be warned of its end (WCAG 2.2.6)."""
# A session in use is noted at most this often: its end is measured in minutes.
_NOTED_MS: Final = MINUTE_MS
_USE_CHECKS: Final = app_use.checks(
    app_use.Voices(
        app_blocked=no_app.APP_BLOCKED,
        app_not_installed=no.APP_NOT_INSTALLED,
        user_inactive=no_app.USER_INACTIVE,
        not_admin_approved=no.NOT_ADMIN_APPROVED,
        tokens_ended=no_app.TOKENS_ENDED,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One call within the course of an authorization request.

    - `app`: the app as its home org meets it.
    - `waiting`: the stored request; None while it has not needed to wait.
    - `form`: what a page of ours sent; empty when a page is asked for.
    """

    call: Call
    server: Server
    base: str
    request: AuthorizationRequest
    visitor: Visitor
    app: InstalledApp
    waiting: Waiting | None = None
    trail: Trail = field(default_factory=Trail)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def door(self) -> Door:
        """The door at which the request came in."""
        return DOORS[self.request.door]

    @property
    def person(self) -> LoggedIn | None:
        """Who answers the request; None when somebody has to log in first."""
        return self.visitor.session(self.request.session_id)

    def stop(self, refusal: Refusal) -> Reply:
        """Refuse on a page of ours; the request goes on waiting."""
        person = self.person
        return refuse_on_page(
            self.call,
            self.server,
            self.door,
            refusal,
            trail=self.trail,
            app=self.app,
            user_id=person.user.id if person else "",
            headers=self.visitor.headers,
        )


async def resume(call: Call, server: Server, base: str) -> Flow | Reply:
    """Return the flow that a page of ours belongs to, or the refusal of a page that leads nowhere (any more).

    A request goes on only in the browser that began it, only until it is answered, and only as long as the app is
    still known, its callback still registered and its scopes still its own.
    """
    try:
        form = form_of(call, SALESFORCE) if call.method == "POST" else {}
        transaction = (form if call.method == "POST" else query_of(call)).get("transaction", "")
    except Refused as refused:
        return refuse_on_page(call, server, SALESFORCE, refused.refusal)
    waiting = await waiting_by_id(server.db, transaction) if transaction else None
    visitor = await visitor_of(call, server, base)
    now = server.clock.now_ms()
    if waiting is None or waiting.browser_id != visitor.browser_id or now - waiting.created_at > WAITING_MS:
        return refuse_on_page(call, server, SALESFORCE, no.TRANSACTION_GONE())
    request = msgspec.json.decode(waiting.request, type=AuthorizationRequest)
    door = DOORS[request.door]
    if waiting.done_at is not None:
        return refuse_on_page(call, server, door, no.TRANSACTION_GONE())
    app = await server.apps.by_key(server.db, request.consumer_key)
    trail = Trail()
    passed = trail.passes((known,), ClientCase(door, request.consumer_key, app, ()))
    if app is None or not passed or not trail.passes(STILL_GOOD, case_of(request, door, app)):
        return refuse_on_page(call, server, door, trail.refusal or no.TRANSACTION_GONE(), trail=trail, app=app)
    return Flow(
        call=call,
        server=server,
        base=base,
        request=request,
        visitor=visitor,
        app=app,
        waiting=waiting,
        trail=trail,
        form=form,
    )


async def go_on(flow: Flow, *, allowed: bool = False) -> Reply:
    """Take the next step of a request. `allowed`: the person has just said yes on the page of this very request."""
    request, server, person = flow.request, flow.server, flow.person
    hinted = request.hinted_user
    if person is None:
        if request.is_silent:
            other = hinted and flow.visitor.sessions
            return await refuse(flow, no.USER_MISMATCH() if other else no.LOGIN_REQUIRED())
        return await _to_page(flow, LOGIN_PATH)
    user = person.user
    if hinted and hinted != user.id:
        return await refuse(flow, no.USER_MISMATCH())
    here = await app_here(flow)
    of = AppUser(
        here,
        user,
        await permission_sets_that_count(server.db, here, user),
        await permissions_that_count(server.db, here, user),
    )
    if not flow.trail.passes(_USE_CHECKS, app_use.UseCase(of, None)):
        assert flow.trail.refusal is not None  # noqa: S101 - `passes` said so
        return await refuse(flow, flow.trail.refusal)
    approval = None
    if here[s.PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE:
        approval = await standing_approval(flow, here)
        if not (allowed or _is_remembered(request, here, approval)):
            if request.is_silent:
                refusal = no.CONSENT_REQUIRED(user=user.username, scopes=" ".join(request.scopes))
                return await refuse(flow, refusal)
            return await _to_page(flow, CONSENT_PATH)
    return await _issue(flow, person, here, approval, allowed=allowed)


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
        user_id=person.user.id if person else "",
        headers=flow.visitor.headers if waiting is not None else (),
    )


async def app_here(flow: Flow) -> InstalledApp:
    """Return the app as the org of the person who answers meets it; its home org's while nobody is known."""
    person = flow.person
    if person is None or person.user.org_id == flow.app.org.id:
        return flow.app
    here = await flow.server.apps.in_org(flow.server.db, flow.app.id, person.user.org_id)
    return here or flow.app


async def standing_approval(flow: Flow, here: InstalledApp) -> Approval | None:
    """Return what the person has approved for the app, unless it was taken back since."""
    person = flow.person
    if person is None:
        return None
    approval = await approval_of(flow.server.db, person.user.id, here.id)
    taken_back = max(person.user.not_before, here.org.not_before, here.policy.not_before if here.policy else 0)
    return approval if approval is not None and approval.last_at > taken_back else None


def session_end(here: InstalledApp, auth_time: int, now_ms: int) -> int:
    """Return when a session in use ends (ms): the org's timeout from now, at most a day from the login."""
    return min(auth_time + SESSION_MS, now_ms + here[s.ORG_SESSION_TIMEOUT] * MINUTE_MS)


def event(flow: Flow, kind: str, org_id: str, user_id: str, detail: str = "") -> Step:
    """Return the step that records something that happened in a flow."""
    return add_event(
        kind,
        at=flow.server.clock.now_ms(),
        org_id=org_id,
        app_id=flow.app.id,
        user_id=user_id,
        address=flow.call.address,
        request_id=flow.call.request_id,
        detail=detail,
    )


def _is_remembered(request: AuthorizationRequest, app: InstalledApp, approval: Approval | None) -> bool:
    """Tell whether an earlier yes covers this request."""
    if approval is None or "consent" in request.prompts:
        return False
    if not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW] and is_private_use(request.redirect_uri):
        # Any program on the person's device can pose as this app, so an earlier yes proves nothing (S9).
        return False
    return allowed_by(request.scopes) <= allowed_by(tuple(approval.scopes.split()))


async def _to_page(flow: Flow, path: str) -> Reply:
    """Let the request wait, and send the browser to a page."""
    server, waiting, visitor = flow.server, flow.waiting, flow.visitor
    document = msgspec.json.encode(flow.request).decode()
    if waiting is None:
        now = server.clock.now_ms()
        waiting = Waiting(new_row_id(now), visitor.browser_id, document, now, None)
        await server.db.commit(Write((*visitor.steps, add_waiting(waiting))))
    elif waiting.request != document and not await server.db.commit(Write((), change_waiting(waiting.id, document))):
        return flow.stop(no.TRANSACTION_GONE())
    return see(flow.call, f"{flow.base}{path}?transaction={waiting.id}", visitor.headers)


async def _issue(
    flow: Flow, person: LoggedIn, here: InstalledApp, approval: Approval | None, *, allowed: bool
) -> Reply:
    """Issue the code, with all that goes with it, in one write that only one call can make."""
    server, request, session, user = flow.server, flow.request, person.session, person.user
    now = server.clock.now_ms()
    row_id, text = new_code(now)
    scopes = " ".join(request.scopes)
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
        scopes=scopes,
        challenge=request.challenge,
        nonce=request.nonce,
        auth_time=session.auth_time // 1000,
        session_id=session.id,
        issued_at=now,
        expires_at=now + flow.door.code_lifetime_ms,
        spent_at=None,
        settled_us=None,
    )
    steps = [tokens.add_code(code), event(flow, "code.issued", user.org_id, user.id), *_in_use(session, here, now)]
    if allowed:
        # One who allows less than before takes nothing back by it.
        held = approval.scopes.split() if approval else []
        steps.append(approve(user.id, here.id, " ".join(dict.fromkeys((*held, *request.scopes))), now))
        detail = msgspec.json.encode({"scopes": scopes, "first": approval is None}).decode()
        steps.append(event(flow, "approval.given", user.org_id, user.id, detail))
    guard = finish_waiting(flow.waiting.id, now) if flow.waiting is not None else None
    if not await server.db.commit(Write(tuple(steps), guard)):
        return flow.stop(no.TRANSACTION_GONE())
    headers = flow.visitor.headers if flow.waiting is not None else ()
    return back(flow.call, flow.server, flow.base, request, {"code": text}, headers)


def _in_use(session: BrowserSession, here: InstalledApp, now_ms: int) -> tuple[Step, ...]:
    if now_ms - session.seen_at < _NOTED_MS:
        return ()
    return (browsers.keep_session(session.id, now_ms, session_end(here, session.auth_time, now_ms)),)


def with_person(flow: Flow, person: LoggedIn, visitor: Visitor) -> Flow:
    """Return the flow as it goes on after a login."""
    return replace(flow, request=msgspec.structs.replace(flow.request, session_id=person.session.id), visitor=visitor)
