"""Signing in to the console and out of it: the same login, delays and sessions as when an app asks (S33, S35)."""

from typing import Final
from urllib.parse import quote, unquote

from grantway import settings as s
from grantway.console.carried import FIELD, CarriedPage, carry, read_carried
from grantway.console.navigation import HOME
from grantway.console.visit import Visit
from grantway.domain.app import read_values
from grantway.domain.org import Org, User
from grantway.endpoints.authorization.flow import SESSION_MS
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
    visitor_of,
)
from grantway.endpoints.server import Server
from grantway.kit.clock import MINUTE_MS
from grantway.kit.form import FormError, parse_fields
from grantway.kit.http import Call, Header, Reply
from grantway.kit.ids import new_row_id
from grantway.manage.caller import caller_of
from grantway.manage.desk import Desk
from grantway.manage.server import orgs
from grantway.pages import LoginPage, render, security_headers
from grantway.store import browsers
from grantway.store.browsers import BrowserSession, LoggedIn
from grantway.store.events import add_event
from grantway.store.login_failures import forgive
from grantway.store.statement import Step, Write

LOGIN: Final = "/setup/login"
LOGOUT: Final = "/setup/logout"
PATHS: Final = frozenset({LOGIN, LOGOUT})

_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")
_PAGE: Final = "setup-login"
_WRONG: Final = "That username and password do not fit together. Check both, and try again."
_FORGED: Final = "This page had been open for too long. Please log in again."
_NOT_KEPT: Final = (b"cache-control", b"no-store")


def send(call: Call, base: str) -> Reply:
    """Lead somebody who is not signed in to the login page, and from there back."""
    back = call.path + (f"?{call.query}" if call.query else "") if call.method in ("GET", "HEAD") else HOME
    return Reply(303, b"", ((b"location", f"{base}{LOGIN}?to={quote(back, safe='/')}".encode()), _NOT_KEPT))


async def send_over(call: Call, server: Server, base: str, visitor: Visitor) -> Reply:
    """Answer somebody who is not signed in: a form they sent goes with them through the login, and is not lost."""
    carried = carry(call, base)
    if not carried:
        return send(call, base)
    if visitor.steps:
        await server.db.commit(Write(visitor.steps))
    name = remembered_username(call, base)
    return _page(call, server, base, visitor, name, remembered=bool(name), headers=visitor.headers, carried=carried)


def session_end(org: Org, auth_time: int, now_ms: int) -> int:
    """Return when a session in use ends (ms): the org's timeout from now, at most a day from the login."""
    minutes: int = read_values(org.settings).get(s.ORG_SESSION_TIMEOUT, s.ORG_SESSION_TIMEOUT.default)
    return min(auth_time + SESSION_MS, now_ms + minutes * MINUTE_MS)


async def answer(call: Call, server: Server, base: str) -> Reply:
    """Answer the login page, its form, or the form that logs out."""
    visitor = await visitor_of(call, server, base)
    if call.method != "POST":
        if call.path == LOGOUT:
            return Reply(303, b"", ((b"location", f"{base}{HOME}".encode()), _NOT_KEPT))
        if visitor.steps:
            await server.db.commit(Write(visitor.steps))
        name = remembered_username(call, base)
        return _page(call, server, base, visitor, name, remembered=bool(name), headers=visitor.headers)
    try:
        form = {name: values[-1] for name, values in parse_fields(call.body, most=20).items()}
    except FormError:
        form = {}
    page, transaction = (_PAGE, "") if call.path == LOGIN else ("setup", _session_id(visitor))
    ours = form_is_ours(
        call,
        server,
        base,
        browser_id=visitor.browser_id,
        transaction=transaction,
        page=page,
        token=form.get("csrf", ""),
    )
    if call.path == LOGOUT:
        return await _log_out(server, base, visitor) if ours else send(call, base)
    if not ours:
        if visitor.steps:
            await server.db.commit(Write(visitor.steps))
        name = form.get("username", "")
        carried = form.get(FIELD, "")
        return _page(
            call, server, base, visitor, name, problem=_FORGED, status=400, headers=visitor.headers, carried=carried
        )
    return await _try(call, server, base, visitor, form)


def _session_id(visitor: Visitor) -> str:
    return visitor.sessions[0].session.id if visitor.sessions else ""


async def _try(call: Call, server: Server, base: str, visitor: Visitor, form: dict[str, str]) -> Reply:
    username = form.get("username", "")

    def failed(user: User | None) -> Step:
        return _event(call, server, "login.failed", user)

    account = known_account(call, server, base, username)
    looked = await server.passwords.look(
        db=server.db,
        clock=server.clock,
        workers=server.workers,
        username=username,
        password=form.get("password", ""),
        account=account,
        address=call.address,
        failed=failed,
    )
    remember, carried = bool(form.get("remember")), form.get(FIELD, "")
    if looked.wait_ms:
        seconds = -(-looked.wait_ms // 1000)
        problem = f"Too many tries. Wait {seconds} second{'s' if seconds > 1 else ''}, then try again."
        retry = ((b"retry-after", str(seconds).encode()),)
        return _page(
            call,
            server,
            base,
            visitor,
            username,
            remembered=remember,
            problem=problem,
            status=429,
            headers=retry,
            carried=carried,
        )
    if looked.user is None:
        return _page(
            call, server, base, visitor, username, remembered=remember, problem=_WRONG, status=400, carried=carried
        )
    user, now = looked.user, server.clock.now_ms()
    caller = await caller_of(server.db, user)
    org = await orgs.home_of(Desk(db=server.db, clock=server.clock, ring=server.ring, caller=caller))
    session = BrowserSession(
        id=new_row_id(now),
        browser_id=visitor.browser_id,
        org_id=user.org_id,
        person_id=user.id,
        auth_time=now,
        seen_at=now,
        expires_at=session_end(org, now, now),
        ended_at=None,
    )
    cookie, cookie_hash = fresh_cookie()
    steps = (
        *visitor.steps,
        browsers.add_session(session),
        browsers.end_other_sessions(session, now),
        browsers.new_cookie(visitor.browser_id, cookie_hash, now),
        forgive(account),
        _event(call, server, "login.ok", user),
    )
    await server.db.commit(Write(steps))
    cookies = (
        set_cookie(cookie, base),
        make_known(server, user.username, base),
        *remember_username(call, user.username if remember else "", base),
    )
    if found := read_carried(carried):
        desk = Desk(db=server.db, clock=server.clock, ring=server.ring, caller=caller)
        person = LoggedIn(session, user)
        visit = Visit(call=call, server=server, base=base, visitor=visitor, person=person, org=org, desk=desk)
        # No redirect: what is carried is too much for an address or a cookie.
        return visit.show(CarriedPage(path=found.path, fields=found.fields), here="", headers=cookies)
    location = (b"location", (base + quote(back_of(call), safe="/?&=%+:,~")).encode())
    return Reply(303, b"", (location, _NOT_KEPT, *cookies))


async def _log_out(server: Server, base: str, visitor: Visitor) -> Reply:
    """End every session of the browser: nobody who comes after finds one."""
    now = server.clock.now_ms()
    await server.db.commit(Write(tuple(browsers.end_session(one.session.id, now) for one in visitor.sessions)))
    return Reply(303, b"", ((b"location", f"{base}{LOGIN}".encode()), _NOT_KEPT))


def back_of(call: Call) -> str:
    """Return where the login leads: a page of the console of this host, and nowhere else."""
    for pair in call.query.split("&"):
        name, _, value = pair.partition("=")
        path = unquote(value)
        if name == "to" and path.startswith(HOME) and path.isascii() and path.isprintable() and "\\" not in path:
            return path
    return HOME


def _event(call: Call, server: Server, kind: str, user: User | None) -> Step:
    return add_event(
        kind,
        at=server.clock.now_ms(),
        org_id=user.org_id if user else "",
        user_id=user.id if user else "",
        address=call.address,
        request_id=call.request_id,
        detail='{"to":"setup"}',
    )


def _page(
    call: Call,
    server: Server,
    base: str,
    visitor: Visitor,
    username: str,
    *,
    remembered: bool = False,
    problem: str | None = None,
    status: int = 200,
    headers: tuple[Header, ...] = (),
    carried: str = "",
) -> Reply:
    page = LoginPage(
        host=call.host,
        org_name="Setup",
        asker=None,
        action=f"{LOGIN}?to={quote(back_of(call), safe='/')}",
        transaction="",
        csrf=csrf_token(server, visitor.browser_id, "", _PAGE),
        username=username[:255],
        remembered=remembered,
        problem=problem,
        carried=carried,
    )
    return Reply(status, render(page), (_HTML, *security_headers(), *headers))
