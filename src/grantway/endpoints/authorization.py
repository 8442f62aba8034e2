"""What authorize, login and consent share: refusing where it is safe, taking the next step, issuing the code."""

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import User
from grantway.domain.token import Code
from grantway.endpoints.answer import NO_STORE, note, text_reply
from grantway.endpoints.browser import Visitor
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import fingerprint, new_code
from grantway.kit.urls import with_query
from grantway.pages import Asker, ErrorPage, render, security_headers
from grantway.policy import app_use
from grantway.protocol.authorization import AuthorizationRequest
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE, Door
from grantway.protocol.no import app as no_app
from grantway.protocol.no import authorize as no
from grantway.protocol.refusal import Refusal
from grantway.settings.callbacks import is_private_use
from grantway.settings.choices import PermittedUsers
from grantway.store import browsers, tokens
from grantway.store.events import add_event
from grantway.store.hot import permission_sets_that_count
from grantway.store.people import permissions_that_count
from grantway.store.statement import Write

CONSENT_PATH: Final = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
LOGIN_PATH: Final = "/login"
_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")
_USE_CHECKS: Final = app_use.checks(
    app_use.Voices(
        app_blocked=no_app.APP_BLOCKED,
        app_not_installed=no.APP_NOT_INSTALLED,
        user_inactive=no_app.USER_INACTIVE,
        not_admin_approved=no.NOT_ADMIN_APPROVED,
        tokens_ended=no_app.TOKENS_ENDED,
    )
)
# At Salesforce's door these end on its own page; the client never hears (salesforce-oauth.md 2.3).
_ON_THE_PAGE: Final = frozenset(
    {
        no.SCOPE_NOT_ALLOWED,
        no.SCOPE_UNKNOWN,
        no.NOT_ADMIN_APPROVED,
        no.APP_NOT_INSTALLED,
        no_app.APP_BLOCKED,
        no_app.USER_INACTIVE,
    }
)


def html(
    page: object, *, status: int = 200, callback: str = "", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Reply:
    """Return a page. `callback` is where a form on it may lead to in the end: browsers check every hop of it."""
    if not callback:
        guards = security_headers()
    elif urlsplit(callback).scheme in ("http", "https"):
        # A callback may redirect on to anywhere, and browsers check every hop after a form: none is named.
        guards = security_headers(callbacks=None)
    else:
        guards = security_headers(callbacks=(callback,))
    return Reply(status, render(page), (_HTML, *guards, *headers))  # type: ignore[arg-type]  # every page renders


def asker_of(app: InstalledApp, callback: str) -> Asker:
    """Return who asks, in words for a person."""
    return Asker(
        name=app[s.LABEL] or app.app.name,
        publisher=app.org.name,
        contact_email=app[s.CONTACT_EMAIL] or None,
        info_url=app[s.INFO_URL] or None,
        callback_host=urlsplit(callback).netloc or callback.partition(":")[0] if callback else None,
    )


def refuse_on_page(
    call: Call, server: Server, door: Door, refusal: Refusal, trail: Trail, app: InstalledApp | None
) -> Reply:
    """Refuse where no callback may be trusted: our page for a browser, the raw pair for anything else (2.3)."""
    wire = refusal.reason.wire(door.voice)
    note(
        server,
        call,
        refusal,
        wire,
        findings=tuple(trail.findings),
        org_id=app.org.id if app else "",
        app_id=app.id if app else "",
    )
    if b"text/html" not in (call.header(b"accept") or b""):
        pair = f"error={quote(wire.error)}&error_description={quote(wire.says)}"
        return text_reply(pair, wire.status)
    name = (app[s.LABEL] or app.app.name) if app else "the app"
    page = ErrorPage(
        title=f"We could not connect {name}",
        host=call.host,
        org_name=None,
        asker=asker_of(app, "") if app else None,
        what_happened="Something in the app's request is not in order. To protect you, we stopped here.",
        what_to_do="Send your administrator this request id: it leads straight to the cause.",
        request_id=call.request_id,
        error=wire.error,
        error_description=wire.says,
        when_ms=server.clock.now_ms(),
    )
    return html(page, status=wire.status)


def refuse_to_callback(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    refusal: Refusal,
    trail: Trail,
    app: InstalledApp,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    """Refuse a request whose callback is trusted: there, or on our page where Salesforce's door keeps it to itself."""
    door = DOORS[request.door]
    if door is SALESFORCE and refusal.reason in _ON_THE_PAGE:
        return refuse_on_page(call, server, door, refusal, trail, app)
    wire = refusal.reason.wire(door.voice)
    note(server, call, refusal, wire, findings=tuple(trail.findings), org_id=app.org.id, app_id=app.id)
    fields = {"error": wire.error, "error_description": wire.says}
    return back(base, request, fields, headers)


def back(
    base: str, request: AuthorizationRequest, fields: dict[str, str], headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Reply:
    """Send the browser back to the app, with state and issuer (RFC 9207)."""
    if request.has_state:
        fields["state"] = request.state
    fields["iss"] = DOORS[request.door].issuer(base)
    return see(with_query(request.redirect_uri, urlencode(fields, quote_via=quote)), headers)


def see(url: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Reply:
    """Send the browser elsewhere, as a GET."""
    location = (b"location", quote(url, safe=":/?#[]@!$&'()*+,;=%~").encode())
    return Reply(303, b"", (location, *NO_STORE, (b"referrer-policy", b"no-referrer"), *headers))


def needs_login(request: AuthorizationRequest, visitor: Visitor, now_ms: int, since_ms: int | None) -> bool:
    """Tell whether somebody must log in now. `since_ms`: when a waiting request began; a login after it is fresh."""
    session = visitor.session
    if session is None:
        return True
    fresh = since_ms is not None and session.auth_time >= since_ms
    if fresh:
        return False
    if "login" in request.prompts or "select_account" in request.prompts:
        return True
    return request.max_age is not None and now_ms - session.auth_time > request.max_age * 1000


async def go_on(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    visitor: Visitor,
    *,
    waiting: browsers.Waiting | None = None,
    approved: bool = False,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    """Take the next step of a request: login page, refusal, consent page, or the code."""
    now = server.clock.now_ms()
    door = DOORS[request.door]
    headers = (*visitor.headers, *headers)
    app = await server.apps.by_key(server.db, request.consumer_key)
    trail = Trail()
    if app is None:
        return refuse_on_page(call, server, door, no.TRANSACTION_GONE(), trail, None)
    if needs_login(request, visitor, now, waiting.created_at if waiting else None):
        if request.is_silent:
            return refuse_to_callback(call, server, base, request, no.LOGIN_REQUIRED(), trail, app, headers)
        return see(f"{base}{LOGIN_PATH}?transaction={await _wait(server, request, visitor, waiting)}", headers)
    session, user = visitor.session, visitor.user
    assert session is not None  # noqa: S101 - `needs_login` said so
    assert user is not None  # noqa: S101 - a session has its user
    here = await server.apps.in_org(server.db, app.id, user.org_id) or app
    use = app_use.UseCase(
        here,
        user,
        await permission_sets_that_count(server.db, here, user),
        await permissions_that_count(server.db, here, user),
        None,
    )
    if not trail.passes(_USE_CHECKS, use) and trail.refusal is not None:
        return refuse_to_callback(call, server, base, request, trail.refusal, trail, here, headers)
    if request.hinted_user and request.hinted_user != user.id:
        if request.is_silent:
            return refuse_to_callback(call, server, base, request, no.USER_MISMATCH(), trail, here, headers)
        if not approved:
            relogin = msgspec.structs.replace(request, prompts=("login",), hinted_user="")
            return see(f"{base}{LOGIN_PATH}?transaction={await _wait(server, relogin, visitor, None)}", headers)
    if not approved and not await _remembered(server, here, user, request):
        if request.is_silent:
            refusal = no.CONSENT_REQUIRED(user=user.username, scopes=" ".join(request.scopes))
            return refuse_to_callback(call, server, base, request, refusal, trail, here, headers)
        return see(f"{base}{CONSENT_PATH}?transaction={await _wait(server, request, visitor, waiting)}", headers)
    return await _issue(call, server, base, request, visitor, user, here, waiting, approved, headers)


async def _wait(
    server: Server, request: AuthorizationRequest, visitor: Visitor, waiting: browsers.Waiting | None
) -> str:
    if waiting is not None:
        return waiting.id
    now = server.clock.now_ms()
    document = msgspec.json.encode(request).decode()
    made = browsers.Waiting(new_row_id(now), visitor.browser.id, document, now, None)
    await server.db.commit(Write((browsers.add_waiting(made),)))
    return made.id


async def _remembered(server: Server, app: InstalledApp, user: User, request: AuthorizationRequest) -> bool:
    """Tell whether the consent page may be left out."""
    if app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED:
        return True
    if "consent" in request.prompts:
        return False
    public = not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]
    if public and is_private_use(request.redirect_uri):
        # Any program on the user's device can pose as this app, so an earlier yes proves nothing (S9).
        return False
    approved = await browsers.approved_scopes(server.db, user.id, app.id)
    return approved is not None and approved.issuperset(request.scopes)


async def _issue(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    visitor: Visitor,
    user: User,
    app: InstalledApp,
    waiting: browsers.Waiting | None,
    approved: bool,
    headers: tuple[tuple[bytes, bytes], ...],
) -> Reply:
    now = server.clock.now_ms()
    door = DOORS[request.door]
    row_id, text = new_code(now)
    session = visitor.session
    code = Code(
        id=row_id,
        hash=fingerprint(text),
        family_id=new_row_id(now),
        app_id=app.id,
        org_id=user.org_id,
        user_id=user.id,
        door=door.name,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=1,
        scopes=" ".join(request.scopes),
        challenge=request.challenge,
        nonce=request.nonce,
        auth_time=session.auth_time // 1000 if session else now // 1000,
        session_id=session.id if session else "",
        issued_at=now,
        expires_at=now + door.code_lifetime_ms,
        spent_at=None,
        settled_us=None,
    )
    event = add_event(
        "code.issued",
        at=now,
        org_id=user.org_id,
        app_id=app.id,
        user_id=user.id,
        address=call.address,
        request_id=call.request_id,
    )
    steps = [tokens.add_code(code), event]
    if approved:
        before = await browsers.approved_scopes(server.db, user.id, app.id) or frozenset()
        steps.append(browsers.approve(user.id, app.id, " ".join(sorted(before.union(request.scopes))), now))
    guard = browsers.finish_waiting(waiting.id, now) if waiting is not None else None
    if not await server.db.commit(Write(tuple(steps), guard)):
        return refuse_on_page(call, server, door, no.TRANSACTION_GONE(), Trail(), app)
    return back(base, request, {"code": text}, headers)
