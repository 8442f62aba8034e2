"""From a request below /setup/ to its page: sign-in first, then the form's token, then the page (S37, S41)."""

from dataclasses import replace
from typing import Final

from grantway.console import signin
from grantway.console.navigation import HOME
from grantway.console.routes import route_of
from grantway.console.visit import CSRF_PAGE, Handler, Visit
from grantway.endpoints.authorization.visitor import Visitor, form_is_ours, visitor_of
from grantway.endpoints.server import Server
from grantway.kit.form import FormError, parse_fields
from grantway.kit.http import Call, Reply
from grantway.kit.multipart import UploadedFile, is_multipart, multipart_form
from grantway.manage.caller import caller_of
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound, StaleVersion
from grantway.manage.server import orgs
from grantway.pages import SetupMessagePage
from grantway.store.browsers import keep_session
from grantway.store.statement import Conflict, Write

_FIELDS: Final = 1000
# A session in use is written down again after this long: not at each page.
_KEEP_AGAIN_MS: Final = 60_000
_STATUS: Final = ((NotAllowed, 403), (NotFound, 404), (StaleVersion, 409))
_TITLES: Final = {403: "You may not do this", 404: "Not found", 409: "Changed meanwhile", 400: "Not done"}


async def setup(call: Call, server: Server, base: str) -> Reply:
    """Answer a request below /setup/: the sign-in page, or a page of the console for somebody who is signed in."""
    if call.path == "/setup":
        return Reply(308, b"", ((b"location", (base + HOME).encode()),))
    if call.path in signin.PATHS:
        return await signin.answer(call, server, base)
    visitor = await visitor_of(call, server, base)
    if not visitor.sessions:
        return await signin.send_over(call, server, base, visitor)
    visit = await _visit(call, server, base, visitor)
    try:
        return await _answer(visit)
    except ManageProblem as problem:
        status = next((status for kind, status in _STATUS if isinstance(problem, kind)), 400)
        return message(visit, status, _TITLES[status], str(problem))
    except Conflict:
        return message(visit, 409, _TITLES[409], "Somebody else made the same at this moment. Look, and try again.")


def message(visit: Visit, status: int, title: str, text: str) -> Reply:
    """Answer with one sentence in the console's frame."""
    return visit.show(
        SetupMessagePage(title=title, text=text, request_id=visit.call.request_id), here="", status=status
    )


async def _answer(visit: Visit) -> Reply:
    call = visit.call
    found = route_of(call.path)
    if found is None:
        return message(visit, 404, "Not found", f"There is no page {call.path[:200]} in Setup.")
    route, params = found
    visit = visit.with_params(params)
    if call.method in ("GET", "HEAD"):
        if route.get is not None:
            return await route.get(visit)
    elif call.method == "POST" and route.post is not None:
        return await _posted(visit, route.post, takes_files=route.takes_files)
    reply = message(visit, 405, "Not done", "This address is not asked in this way. Open the page again.")
    allowed = ", ".join((*(("GET", "HEAD") if route.get else ()), *(("POST",) if route.post else ())))
    return Reply(reply.status, reply.body, (*reply.headers, (b"allow", allowed.encode())))


async def _posted(visit: Visit, post: Handler, *, takes_files: bool) -> Reply:
    media_type = visit.call.header(b"content-type") or b""
    files: tuple[UploadedFile, ...] = ()
    try:
        if is_multipart(media_type):
            if not takes_files:
                raise FormError("it bears files, which this page does not take")
            forms, files = multipart_form(media_type, visit.call.body, most=_FIELDS)
        else:
            forms = parse_fields(visit.call.body, most=_FIELDS)
    except FormError as problem:
        return message(visit, 400, "Not done", f"The form cannot be read: {problem}.")
    ours = form_is_ours(
        visit.call,
        visit.server,
        visit.base,
        browser_id=visit.visitor.browser_id,
        transaction=visit.person.session.id,
        page=CSRF_PAGE,
        token=forms.get("csrf", ("",))[-1],
    )
    if not ours:
        text = "This form did not come from a page of this session. Open the page again, and repeat what you did."
        return message(visit, 403, "Not done", text)
    return await post(replace(visit, forms=forms, files=files))


async def _visit(call: Call, server: Server, base: str, visitor: Visitor) -> Visit:
    """Return the visit of the last person who logged in in this browser, with the rights that they have now."""
    person = visitor.sessions[0]
    caller = await caller_of(server.db, person.user)
    desk = Desk(
        db=server.db,
        clock=server.clock,
        ring=server.ring,
        caller=caller,
        base_url=base,
        request_id=call.request_id,
        address=call.address,
    )
    org = await orgs.home_of(desk)
    now = server.clock.now_ms()
    if now - person.session.seen_at >= _KEEP_AGAIN_MS:
        end = signin.session_end(org, person.session.auth_time, now)
        await server.db.commit(Write((keep_session(person.session.id, now, end),)))
    return Visit(call=call, server=server, base=base, visitor=visitor, person=person, org=org, desk=desk)
