"""GET and POST /login: who is there? The page, and the one place where a password is looked at (S34, S35, S36)."""

import asyncio
from typing import Final

import msgspec

from grantway import settings as s
from grantway.endpoints.authorization import LOGIN_PATH, asker_of, go_on, html, refuse_on_page, refuse_to_callback
from grantway.endpoints.browser import Visitor, csrf_token, form_is_ours, fresh_cookie, set_cookie, visitor_of
from grantway.endpoints.parameters import form_of, query_of
from grantway.endpoints.server import Server
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.kit.http import Call, Reply
from grantway.kit.ids import new_row_id
from grantway.manage.passwords import MAX_LENGTH, hash_password, password_matches
from grantway.pages import LoginPage
from grantway.protocol.authorization import AuthorizationRequest
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE
from grantway.protocol.no import authorize as no
from grantway.protocol.refusal import Refused
from grantway.store import browsers
from grantway.store.events import add_event
from grantway.store.people import canonical_username, user_and_password
from grantway.store.statement import Write

SESSION_MS: Final = DAY_MS
_WRONG: Final = "That username and password do not fit together. Check both, and try again."
_FREE_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 30
_FORGET_MS: Final = 15 * MINUTE_MS
# Verified when there is no such user, so that both cases take the same time.
_NOBODY: Final = hash_password("nobody has this password")


async def login(call: Call, server: Server, base: str) -> Reply:
    """Show the login page of a waiting request, or take its form."""
    found = await waiting_request(call, server, base)
    if found is None:
        return refuse_on_page(call, server, SALESFORCE, no.TRANSACTION_GONE(), Trail(), None)
    waiting, request, visitor = found
    if call.method != "POST":
        return await _page(call, server, request, waiting, visitor, request.login_hint, None)
    try:
        form = form_of(call, SALESFORCE)
    except Refused as refused:
        return refuse_on_page(call, server, DOORS[request.door], refused.refusal, Trail(), None)
    if not form_is_ours(call, server, base, visitor.browser.id, waiting.id, form.get("csrf", "")):
        return refuse_on_page(call, server, DOORS[request.door], no.FORM_FORGED(), Trail(), None)
    if form.get("cancel"):
        app = await server.apps.by_key(server.db, request.consumer_key)
        if app is None or not await server.db.commit(
            Write((), browsers.finish_waiting(waiting.id, server.clock.now_ms()))
        ):
            return refuse_on_page(call, server, DOORS[request.door], no.TRANSACTION_GONE(), Trail(), None)
        return refuse_to_callback(call, server, base, request, no.LOGIN_CANCELLED(), Trail(), app)
    username, password = form.get("username", ""), form.get("password", "")
    return await _log_in(call, server, base, request, waiting, visitor, username, password)


async def waiting_request(
    call: Call, server: Server, base: str
) -> tuple[browsers.Waiting, AuthorizationRequest, Visitor] | None:
    """Return the waiting request that a page belongs to; only in the browser that began it, and only until answered."""
    try:
        params = query_of(call) if call.method != "POST" else form_of(call, SALESFORCE)
    except Refused:
        return None
    waiting = await browsers.waiting_by_id(server.db, params.get("transaction", "")[:60])
    visitor = await visitor_of(call, server, base, make=False)
    if waiting is None or visitor is None or waiting.browser_id != visitor.browser.id or waiting.done_at is not None:
        return None
    if server.clock.now_ms() - waiting.created_at > DAY_MS:
        return None
    return waiting, msgspec.json.decode(waiting.request, type=AuthorizationRequest), visitor


async def _page(
    call: Call,
    server: Server,
    request: AuthorizationRequest,
    waiting: browsers.Waiting,
    visitor: Visitor,
    username: str,
    problem: str | None,
    status: int = 200,
) -> Reply:
    app = await server.apps.by_key(server.db, request.consumer_key)
    page = LoginPage(
        host=call.host,
        org_name=app.org.name if app else None,
        asker=asker_of(app, request.redirect_uri) if app else None,
        action=LOGIN_PATH,
        transaction=waiting.id,
        csrf=csrf_token(server, visitor.browser.id, waiting.id),
        username=username[:80],
        problem=problem,
    )
    return html(page, status=status, callback=request.redirect_uri)


async def _log_in(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    waiting: browsers.Waiting,
    visitor: Visitor,
    username: str,
    password: str,
) -> Reply:
    now = server.clock.now_ms()
    principal = canonical_username(username)[:200]
    failures, last_at = await browsers.failures_of(server.db, principal)
    wait_s = min(_LONGEST_WAIT_S, 2 ** max(0, failures - _FREE_TRIES)) if failures >= _FREE_TRIES else 0
    if wait_s and now - last_at < wait_s * 1000 and now - last_at < _FORGET_MS:
        text = f"Too many tries for this username. Wait {wait_s} seconds, then try again."
        return await _page(call, server, request, waiting, visitor, username, text, 429)
    found = await user_and_password(server.db, username) if 0 < len(password) <= MAX_LENGTH else None
    stored = found[1] if found is not None and found[1] else _NOBODY
    matches = await asyncio.get_running_loop().run_in_executor(
        server.workers, password_matches, stored, password[:MAX_LENGTH]
    )
    if found is None or not found[1] or not matches or not found[0].may_act:
        user_id, org_id = (found[0].id, found[0].org_id) if found else ("", "")
        failed = add_event(
            "login.failed",
            at=now,
            org_id=org_id,
            app_id=request.app_id,
            user_id=user_id,
            address=call.address,
            request_id=call.request_id,
        )
        await server.db.commit(Write((browsers.note_failure(principal, now), failed)))
        return await _page(call, server, request, waiting, visitor, username, _WRONG, 401)
    user = found[0]
    cookie, cookie_hash = fresh_cookie()
    app = await server.apps.by_key(server.db, request.consumer_key)
    idle = app[s.ORG_SESSION_TIMEOUT] * MINUTE_MS if app else DAY_MS
    session = browsers.BrowserSession(
        id=new_row_id(now),
        browser_id=visitor.browser.id,
        org_id=user.org_id,
        person_id=user.id,
        auth_time=now,
        seen_at=now,
        expires_at=now + min(SESSION_MS, max(idle, MINUTE_MS)),
        ended_at=None,
    )
    steps = (
        browsers.add_session(session),
        browsers.end_other_sessions(session, now),
        browsers.new_cookie(visitor.browser.id, cookie_hash, now),
        browsers.forgive(principal),
        add_event(
            "login.ok",
            at=now,
            org_id=user.org_id,
            app_id=request.app_id,
            user_id=user.id,
            address=call.address,
            request_id=call.request_id,
        ),
    )
    await server.db.commit(Write(steps))
    logged_in = Visitor(visitor.browser, session, user, (set_cookie(cookie, base),))
    return await go_on(call, server, base, request, logged_in, waiting=waiting)
