"""GET and POST /login: who is there? The page, and what a right password leads to (S33, S34)."""

from dataclasses import replace
from typing import Final

import msgspec

from grantway.domain.org import User
from grantway.endpoints.authorization.flow import LOGIN_PATH, Flow, event, resume, session_end
from grantway.endpoints.authorization.screens import asker_of, logo_of, show
from grantway.endpoints.authorization.steps import go_on, refuse
from grantway.endpoints.authorization.visitor import (
    Visitor,
    csrf_token,
    form_is_ours,
    fresh_cookie,
    known_account,
    make_known,
    remember_username,
    remembered_username,
    set_cookie,
)
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header, Reply
from grantway.kit.ids import new_row_id
from grantway.pages import LoginPage
from grantway.protocol.no import authorize as no
from grantway.store import browsers
from grantway.store.browsers import BrowserSession, LoggedIn
from grantway.store.login_failures import forgive
from grantway.store.statement import Step, Write
from grantway.store.waiting import change_waiting

# One text for every cause: no such user, a wrong password, a user who may not log in.
_WRONG: Final = "That username and password do not fit together. Check both, and try again."
_PAGE: Final = "login"


async def login(call: Call, server: Server, base: str) -> Reply:
    """Show the login page of a request that waits, or take its form."""
    flow = await resume(call, server, base)
    if isinstance(flow, Reply):
        return flow
    if call.method != "POST":
        remembered = remembered_username(call, base)
        return await _page(flow, flow.request.login_hint or remembered, remembered=bool(remembered))
    form = flow.form
    assert flow.waiting is not None  # noqa: S101 - a resumed flow waits
    if not form_is_ours(
        call,
        server,
        base,
        browser_id=flow.visitor.browser_id,
        transaction=flow.waiting.id,
        page=_PAGE,
        token=form.get("csrf", ""),
    ):
        return flow.stop(no.FORM_FORGED())
    if form.get("cancel"):
        return await refuse(flow, no.LOGIN_CANCELLED())
    return await _try(flow, form.get("username", ""), form.get("password", ""), remember=bool(form.get("remember")))


async def _try(flow: Flow, username: str, password: str, *, remember: bool) -> Reply:
    server = flow.server

    def failed(user: User | None) -> Step:
        return event(flow, "login.failed", user.org_id if user else "", user.id if user else "")

    account = known_account(flow.call, server, flow.base, username)
    looked = await server.passwords.look(
        db=server.db,
        clock=server.clock,
        workers=server.workers,
        username=username,
        password=password,
        account=account,
        address=flow.call.address,
        failed=failed,
    )
    if looked.wait_ms:
        seconds = -(-looked.wait_ms // 1000)
        problem = f"Too many tries. Wait {seconds} second{'s' if seconds > 1 else ''}, then try again."
        retry = ((b"retry-after", str(seconds).encode()),)
        return await _page(flow, username, remembered=remember, problem=problem, status=429, headers=retry)
    if looked.user is None:
        return await _page(flow, username, remembered=remember, problem=_WRONG, status=400)
    return await _begin_session(flow, looked.user, account, remember=remember)


async def _begin_session(flow: Flow, user: User, account: str, *, remember: bool) -> Reply:
    """Begin a session under a new cookie, and go on with the request as this person."""
    server, visitor, waiting = flow.server, flow.visitor, flow.waiting
    assert waiting is not None  # noqa: S101 - a resumed flow waits
    now = server.clock.now_ms()
    here = await server.apps.in_org(server.db, flow.app.id, user.org_id) or flow.app
    session = BrowserSession(
        id=new_row_id(now),
        browser_id=visitor.browser_id,
        org_id=user.org_id,
        person_id=user.id,
        auth_time=now,
        seen_at=now,
        expires_at=session_end(here, now, now),
        ended_at=None,
    )
    cookie, cookie_hash = fresh_cookie()
    person = LoggedIn(session, user)
    others = tuple(one for one in visitor.sessions if one.session.org_id != user.org_id)
    headers = (
        set_cookie(cookie, flow.base),
        make_known(server, user.username, flow.base),
        *remember_username(flow.call, user.username if remember else "", flow.base),
    )
    flow = flow.as_person(person, Visitor(browser_id=visitor.browser_id, sessions=(person, *others), headers=headers))
    document = msgspec.json.encode(flow.request).decode()
    steps = (
        browsers.add_session(session),
        browsers.end_other_sessions(session, now),
        browsers.new_cookie(visitor.browser_id, cookie_hash, now),
        forgive(account),
        event(flow, "login.ok", user.org_id, user.id),
    )
    if not await server.db.commit(Write(steps, change_waiting(waiting.id, document))):
        return flow.stop(no.TRANSACTION_GONE())
    return await go_on(replace(flow, waiting=msgspec.structs.replace(waiting, request=document)))


async def _page(
    flow: Flow,
    username: str,
    *,
    remembered: bool,
    problem: str | None = None,
    status: int = 200,
    headers: tuple[Header, ...] = (),
) -> Reply:
    assert flow.waiting is not None  # noqa: S101 - a resumed flow waits
    page = LoginPage(
        host=flow.call.host,
        org_name=flow.app.org.name,
        asker=asker_of(flow.app, flow.app, flow.request.redirect_uri, await logo_of(flow.server, flow.app)),
        action=LOGIN_PATH,
        transaction=flow.waiting.id,
        csrf=csrf_token(flow.server, flow.visitor.browser_id, flow.waiting.id, _PAGE),
        username=username[:255],
        remembered=remembered,
        problem=problem,
    )
    return show(page, status=status, callback=flow.request.redirect_uri, display=flow.request.display, headers=headers)
