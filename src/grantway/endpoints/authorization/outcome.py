"""How an authorization request ends: at its callback, or on a page of ours where that is not safe (2.3; S1, S4)."""

import string
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from grantway.domain.app import InstalledApp
from grantway.domain.org import User
from grantway.endpoints.answer import NO_STORE, come_again, note, text_reply
from grantway.endpoints.authorization.screens import asker_of, name_of, show
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header, Reply
from grantway.kit.urls import with_fragment, with_query
from grantway.pages import ErrorPage
from grantway.protocol.authorization import AuthorizationRequest
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE, Door
from grantway.protocol.no import app as no_app
from grantway.protocol.no import authorize as no
from grantway.protocol.no import client as no_client
from grantway.protocol.no import document as no_document
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Reason, Refusal

# At Salesforce's door these end on its own page; the client never hears (salesforce-oauth.md 2.3).
ON_THE_PAGE: Final = frozenset(
    {
        no.SCOPE_NOT_ALLOWED,
        no.SCOPE_UNKNOWN,
        no.NOT_ADMIN_APPROVED,
        no.APP_NOT_INSTALLED,
        no.EXTERNAL_NOT_INSTALLED,
        no.EXTERNAL_IS_LOCAL,
        no_app.APP_BLOCKED,
        no_app.OAUTH_OFF,
        no_app.OFF_IN_ORG,
        no_app.USER_INACTIVE,
    }
)
# A registered callback URL goes into Location as it is, but for what no header may hold.
_AS_IT_IS: Final = string.punctuation


@dataclass(frozen=True, slots=True)
class _Words:
    happened: str
    to_do: str = "Trying again will not help. Send your administrator this request id: it leads straight to the cause."
    comfort: str | None = "Nothing was shared, and nothing has changed."


# To a stranger these three are one: no word of the app that is there after all.
_UNKNOWN: Final = (no_client.CLIENT_UNKNOWN, no_client.DOOR_CLOSED, no_client.OAUTH_OFF)
_OF_DOCUMENTS: Final = tuple(
    one for one in vars(no_document).values() if isinstance(one, Reason) and one.id.startswith("document.")
)
_START_AGAIN: Final = "Go back to the app and start again from there."
_ANYTHING: Final = _Words("Something in the app's request is not in order. To protect you, we stopped here.")
_FOR_PEOPLE: Final[dict[Reason, _Words]] = {
    no.REDIRECT_URI_MISMATCH: _Words(
        "The app asked to be answered at an address that is not registered for it. To protect you, we stopped here."
    ),
    no.REDIRECT_URI_MISSING: _Words("The app did not say where the answer should go."),
    **{reason: _Words("No app is known here by the key that was sent.") for reason in _UNKNOWN},
    **{
        reason: _Words("The app is known by an address, and what is said of it there could not be used here.")
        for reason in _OF_DOCUMENTS
    },
    no.SCOPE_NOT_ALLOWED: _Words("The app asked for more than it is registered for."),
    no.SCOPE_UNKNOWN: _Words("The app asked for something that does not exist."),
    no.NOT_ADMIN_APPROVED: _Words(
        "Your administrator decides who may use this app, and you are not among them.",
        "Ask your administrator for access, and send them this request id.",
    ),
    **{
        reason: _Words(
            "No administrator has installed this app in your org.",
            "Ask your administrator to look at the app, and send them this request id.",
        )
        for reason in (no.APP_NOT_INSTALLED, no.EXTERNAL_NOT_INSTALLED)
    },
    no.EXTERNAL_IS_LOCAL: _Words("This app works only for the org that made it, and you belong to another."),
    **{
        reason: _Words(
            "Your administrator has blocked this app.", "Ask your administrator, and send them this request id."
        )
        for reason in (no_app.APP_BLOCKED, no_app.OAUTH_OFF, no_app.OFF_IN_ORG)
    },
    **{
        reason: _Words(
            "The server cannot do this at the moment.", "Wait a moment, then go back to the app and start again.", None
        )
        for reason in (no_request.UNAVAILABLE, no_request.OUTCOME_UNKNOWN)
    },
    no_request.INTERNAL: _Words("Something went wrong on our side.", comfort=None),
    no.TRANSACTION_GONE: _Words(
        "This page was answered already, is too old, or was opened in another browser.", _START_AGAIN, None
    ),
    no.FORM_FORGED: _Words(
        "What was sent did not come from the page that is open in this browser. To protect you, we stopped here.",
        _START_AGAIN,
    ),
}


def wants_page(call: Call) -> bool:
    """Tell whether a person looks at the answer."""
    return b"text/html" in (call.header(b"accept") or b"").lower()


def refuse_on_page(
    call: Call,
    server: Server,
    door: Door,
    refusal: Refusal,
    *,
    trail: Trail | None = None,
    app: InstalledApp | None = None,
    user: User | None = None,
    headers: tuple[Header, ...] = (),
    title: str = "",
    org_id: str = "",
) -> Reply:
    """Refuse without a redirect: our page for a browser, the raw pair for anything else (salesforce-oauth.md 2.3).

    `title` is the page's heading where no app asks; `org_id` the org whose administrators may know why, without an app.
    """
    wire = refusal.reason.wire(door.voice)
    # Nobody authenticates at this endpoint: an unknown client is a bad request here, and no 401.
    status = 400 if wire.status == 401 else wire.status
    _note(call, server, door, refusal, trail, app, user, org_id)
    if not wants_page(call):
        pair = urlencode({"error": wire.error, "error_description": wire.says}, quote_via=quote)
        return come_again(text_reply(pair, status))
    words = _FOR_PEOPLE.get(refusal.reason, _ANYTHING)
    if refusal.reason in _UNKNOWN:
        app = None
    page = ErrorPage(
        title=title or f"We could not connect {name_of(app) if app else 'the app'}",
        host=call.host,
        org_name=app.org.name if app else None,
        asker=asker_of(app, None, "") if app else None,
        what_happened=words.happened,
        what_to_do=words.to_do,
        request_id=call.request_id,
        error=wire.error,
        error_description=wire.says,
        when_ms=server.clock.now_ms(),
        comfort=words.comfort,
    )
    return come_again(show(page, status=status, headers=headers))


def refuse_at_callback(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    refusal: Refusal,
    *,
    trail: Trail,
    app: InstalledApp,
    user: User | None = None,
    headers: tuple[Header, ...] = (),
) -> Reply:
    """Refuse a request whose callback is trusted: there, or on our page where Salesforce's door keeps it to itself."""
    door = DOORS[request.door]
    if stays_here(door, refusal):
        return refuse_on_page(call, server, door, refusal, trail=trail, app=app, user=user, headers=headers)
    _note(call, server, door, refusal, trail, app, user)
    wire = refusal.reason.wire(door.voice)
    return back(call, server, base, request, {"error": wire.error, "error_description": wire.says}, headers)


def stays_here(door: Door, refusal: Refusal) -> bool:
    """Tell whether a door says a refusal to the person only, though the callback is trusted."""
    return door is SALESFORCE and refusal.reason in ON_THE_PAGE


def back(
    call: Call,
    server: Server,
    base: str,
    request: AuthorizationRequest,
    fields: dict[str, str],
    headers: tuple[Header, ...] = (),
) -> Reply:
    """Send the browser back to the app, with its state and our issuer (RFC 9207)."""
    answer = dict(fields)
    if request.state is not None:
        answer["state"] = request.state
    answer["iss"] = server.issuer(DOORS[request.door], base)
    add = with_fragment if request.in_fragment else with_query
    url = add(request.redirect_uri, urlencode(answer, quote_via=quote))
    return see(call, url, ((b"referrer-policy", b"no-referrer"), *headers))


def see(call: Call, url: str, headers: tuple[Header, ...] = ()) -> Reply:
    """Send the browser elsewhere; after a POST with a GET, in words that no browser reads otherwise (S5)."""
    status = 303 if call.method == "POST" else 302
    return Reply(status, b"", ((b"location", quote(url, safe=_AS_IT_IS).encode()), *NO_STORE, *headers))


def _note(
    call: Call,
    server: Server,
    door: Door,
    refusal: Refusal,
    trail: Trail | None,
    app: InstalledApp | None,
    user: User | None,
    org_id: str = "",
) -> None:
    note(
        server,
        call,
        refusal,
        refusal.reason.wire(door.voice),
        findings=tuple(trail.findings) if trail is not None else (),
        left=trail.left if trail is not None else (),
        # Once it is known whose data is asked for, it is that org's administrator who can look and help.
        org_id=user.org_id if user else app.org.id if app else org_id,
        app_id=app.id if app else "",
        user_id=user.id if user else "",
    )
