"""GET and POST of the consent page: does this person want the app to act for them? (S3, S8)."""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.endpoints.authorization import (
    CONSENT_PATH,
    LOGIN_PATH,
    asker_of,
    go_on,
    html,
    needs_login,
    refuse_on_page,
    refuse_to_callback,
    see,
)
from grantway.endpoints.browser import csrf_token, form_is_ours
from grantway.endpoints.login import waiting_request
from grantway.endpoints.parameters import form_of
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.ids import new_row_id
from grantway.pages import Ask, ConsentPage
from grantway.protocol.authorization import AuthorizationRequest
from grantway.protocol.decision import Trail
from grantway.protocol.door import DOORS, SALESFORCE
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.settings.scopes import scope_named
from grantway.store import browsers
from grantway.store.statement import Write

_WIDE: Final = frozenset({"full"})


async def consent(call: Call, server: Server, base: str) -> Reply:
    """Show the consent page of a waiting request, or take the answer."""
    found = await waiting_request(call, server, base)
    if found is None:
        return refuse_on_page(call, server, SALESFORCE, no.TRANSACTION_GONE(), Trail(), None)
    waiting, request, visitor = found
    door = DOORS[request.door]
    app = await server.apps.by_key(server.db, request.consumer_key)
    now = server.clock.now_ms()
    if app is None:
        return refuse_on_page(call, server, door, no.TRANSACTION_GONE(), Trail(), None)
    if visitor.user is None or needs_login(request, visitor, now, waiting.created_at):
        return see(f"{base}{LOGIN_PATH}?transaction={waiting.id}")
    if call.method != "POST":
        before = await browsers.approved_scopes(server.db, visitor.user.id, app.id)
        page = ConsentPage(
            host=call.host,
            org_name=app.org.name,
            asker=asker_of(app, request.redirect_uri),
            username=visitor.user.username,
            action=CONSENT_PATH,
            transaction=waiting.id,
            csrf=csrf_token(server, visitor.browser.id, waiting.id),
            asks=tuple(_ask(name, app) for name in request.scopes),
            first_time=before is None,
        )
        return html(page, callback=request.redirect_uri)
    form = form_of(call, SALESFORCE)
    if not form_is_ours(call, server, base, visitor.browser.id, waiting.id, form.get("csrf", "")):
        return refuse_on_page(call, server, door, no.FORM_FORGED(), Trail(), app)
    if form.get("account") == "switch":
        return await _switch(server, base, request, waiting)
    decision = form.get("decision", "")
    if decision == "allow":
        return await go_on(call, server, base, request, visitor, waiting=waiting, approved=True)
    if decision != "deny":
        refusal = no_request.PARAMETER_INVALID(parameter="decision", problem="neither allow nor deny")
        return refuse_on_page(call, server, door, refusal, Trail(), app)
    if not await server.db.commit(Write((), browsers.finish_waiting(waiting.id, now))):
        return refuse_on_page(call, server, door, no.TRANSACTION_GONE(), Trail(), app)
    refusal = no.DENIED(user=visitor.user.username)
    return refuse_to_callback(call, server, base, request, refusal, Trail(), app)


async def _switch(server: Server, base: str, request: AuthorizationRequest, waiting: browsers.Waiting) -> Reply:
    """Let somebody else log in for the same request."""
    now = server.clock.now_ms()
    document = msgspec.json.encode(msgspec.structs.replace(request, prompts=("login",), login_hint="")).decode()
    anew = browsers.Waiting(new_row_id(now), waiting.browser_id, document, now + 1, None)
    await server.db.commit(Write((browsers.add_waiting(anew),), browsers.finish_waiting(waiting.id, now)))
    return see(f"{base}{LOGIN_PATH}?transaction={anew.id}")


def _ask(name: str, app: InstalledApp) -> Ask:
    scope = scope_named(name)
    if scope is None:
        return Ask(label=name, detail="")
    detail = scope.detail
    if scope.name == "refresh_token":
        rule = app[s.REFRESH_TOKEN_POLICY]
        if rule.form == "specific_inactivity":
            unit = rule.unit.lower() if rule.number != 1 else rule.unit.lower()[:-1]
            detail = f"Also when you are not there, until it goes unused for {rule.number} {unit} or you take it back."
    return Ask(label=scope.label, detail=detail, wide=scope.name in _WIDE)
