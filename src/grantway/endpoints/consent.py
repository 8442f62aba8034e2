"""GET and POST of the consent page: does this person want the app to act for them? (S3, S8; Salesforce's own path)."""

from dataclasses import replace

import msgspec

from grantway.endpoints.authorization.approval import earlier_approval
from grantway.endpoints.authorization.flow import CONSENT_PATH, LOGIN_PATH, Flow, app_here, event, resume
from grantway.endpoints.authorization.outcome import see
from grantway.endpoints.authorization.screens import asker_of, asks_of, logo_of, name_of, show
from grantway.endpoints.authorization.steps import go_on, refuse
from grantway.endpoints.authorization.visitor import csrf_token, form_is_ours
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.pages import ConsentPage
from grantway.policy.lookalike import lookalike_of
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.settings.callbacks import is_private_use
from grantway.settings.scopes import scope_named
from grantway.store.approvals import names_of_other_apps
from grantway.store.browsers import LoggedIn
from grantway.store.custom_claims import custom_scopes_of
from grantway.store.statement import Write
from grantway.store.waiting import Waiting, change_waiting


async def consent(call: Call, server: Server, base: str) -> Reply:
    """Show the consent page of a request that waits, or take the answer."""
    flow = await resume(call, server, base)
    if isinstance(flow, Reply):
        return flow
    person, waiting = flow.person, flow.waiting
    assert waiting is not None  # noqa: S101 - a resumed flow waits
    if person is None:
        return see(call, f"{base}{LOGIN_PATH}?transaction={waiting.id}")
    if call.method != "POST":
        return await _page(flow, person, waiting)
    form = flow.form
    # The token names the session the page was shown to: who logs in meanwhile in another tab answers for nobody else.
    if not form_is_ours(
        call,
        server,
        base,
        browser_id=flow.visitor.browser_id,
        transaction=waiting.id,
        page=person.session.id,
        token=form.get("csrf", ""),
    ):
        return flow.stop(no.FORM_FORGED())
    if form.get("account") == "switch":
        return await _switch(flow, waiting)
    decision = form.get("decision", "")
    if decision == "allow":
        return await go_on(flow, allowed=True)
    if decision == "deny":
        denied = event(flow, "approval.denied", person.user.org_id, person.user.id)
        return await refuse(flow, no.DENIED(user=person.user.username), denied)
    return flow.stop(no_request.PARAMETER_INVALID(parameter="decision", problem="neither allow nor deny"))


async def _page(flow: Flow, person: LoggedIn, waiting: Waiting) -> Reply:
    server, request = flow.server, flow.request
    here = await app_here(flow)
    is_custom = any(scope_named(name) is None for name in request.scopes)
    custom = await custom_scopes_of(server.db, flow.app.org.id) if is_custom else ()
    others = await names_of_other_apps(server.db, here.org.id, here.id)
    warnings = []
    if alike := lookalike_of(name_of(here), others):
        warnings.append(f"The name of this app is easily confused with {alike}, which is already installed.")
    if here.is_registered:
        known = f" It is known only by its address, {flow.app.consumer_key}" if here.is_by_document else ""
        warnings.append(f"This app chose its name itself, and nobody here has checked it.{known}")
    if here.is_registered and is_private_use(request.redirect_uri):
        warnings.append(
            "The answer goes to a program on your own device, and any program there can pose as this app. Allow it "
            "only if you started it yourself a moment ago."
        )
    if here.policy is None:
        warnings.append(f"No administrator has installed this app in {here.org.name}.")
    page = ConsentPage(
        host=flow.call.host,
        org_name=here.org.name,
        asker=asker_of(flow.app, here, request.redirect_uri, await logo_of(server, flow.app)),
        username=person.user.username,
        action=CONSENT_PATH,
        transaction=waiting.id,
        csrf=csrf_token(server, flow.visitor.browser_id, waiting.id, person.session.id),
        asks=asks_of(here, request.scopes, custom),
        first_time=await earlier_approval(flow, here) is None,
        warnings=tuple(warnings),
        resources=request.resources,
    )
    return show(page, callback=request.redirect_uri, display=request.display)


async def _switch(flow: Flow, waiting: Waiting) -> Reply:
    """Let somebody else log in for the same request. Whom id_token_hint names stays: the answer is theirs or none."""
    request = msgspec.structs.replace(flow.request, session_id="", login_hint="")
    flow = replace(flow, request=request)
    write = Write((), change_waiting(waiting.id, msgspec.json.encode(request).decode()))
    if not await flow.server.db.commit(write):
        return flow.stop(no.TRANSACTION_GONE())
    return see(flow.call, f"{flow.base}{LOGIN_PATH}?transaction={waiting.id}")
