"""One call within the course of an authorization request, and which waiting request a page belongs to (S3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.endpoints.authorization.outcome import refuse_on_page
from grantway.endpoints.authorization.visitor import Visitor, visitor_of
from grantway.endpoints.parameters import form_of, refuse_secrets_in_url
from grantway.endpoints.server import Server
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.kit.http import Call, Reply
from grantway.policy.client import ClientCase, known
from grantway.protocol.authorization import STILL_GOOD, AuthorizationRequest, case_of
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE, Door
from grantway.protocol.no import authorize as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.store.browsers import LoggedIn
from grantway.store.events import add_event
from grantway.store.statement import Step
from grantway.store.waiting import Waiting, waiting_by_id

LOGIN_PATH: Final = "/login"
CONSENT_PATH: Final = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
SESSION_MS: Final = DAY_MS
"""The absolute limit of a login session; its idle limit is the org's session timeout."""
WAITING_MS: Final = DAY_MS
"""How long a login or consent page may stand open: long enough that nobody has to be warned of its end (WCAG 2.2.6)."""


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
            user=person.user if person else None,
            headers=self.visitor.headers,
        )

    def as_person(self, person: LoggedIn, visitor: Visitor) -> "Flow":
        """Return the flow as it goes on after a login."""
        request = msgspec.structs.replace(self.request, session_id=person.session.id)
        return replace(self, request=request, visitor=visitor)


async def resume(call: Call, server: Server, base: str) -> Flow | Reply:
    """Return the flow that a page of ours belongs to, or the refusal of a page that leads nowhere (any more).

    A request goes on only in the browser that began it, only until it is answered, and only as long as the app is
    still known, its callback still registered and its scopes still its own.
    """
    try:
        query = refuse_secrets_in_url(call)
        form = form_of(call, SALESFORCE) if call.method == "POST" else {}
        transaction = (form if call.method == "POST" else query).get("transaction", "")
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
    app = await server.directory.app_by_key(request.consumer_key)
    trail = Trail()
    passed = trail.passes((known,), ClientCase(door, request.consumer_key, app, (), now))
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


async def app_here(flow: Flow) -> InstalledApp:
    """Return the app as the org of the person who answers meets it; its home org's while nobody is known."""
    person = flow.person
    if person is None or person.user.org_id == flow.app.org.id:
        return flow.app
    here = await flow.server.apps.in_org(flow.server.db, flow.app.id, person.user.org_id)
    return here or flow.app


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
