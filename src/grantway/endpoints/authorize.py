"""GET and POST /services/oauth2/authorize and /oidc/authorize: may this app have a code? (RFC 6749, section 4.1.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from grantway.domain.app import InstalledApp
from grantway.endpoints.authorization.flow import Flow
from grantway.endpoints.authorization.meeting import meet_client
from grantway.endpoints.authorization.outcome import refuse_at_callback, refuse_on_page, see
from grantway.endpoints.authorization.steps import USE_CHECKS, go_on
from grantway.endpoints.authorization.visitor import browser_cookie, visitor_of
from grantway.endpoints.parameters import form_of, refuse_secrets_in_url
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.ids import USER, canonical_id
from grantway.kit.jose import JwtRefused
from grantway.policy.client import ClientCase, known
from grantway.protocol.authorization import (
    AFTER_TRUST,
    BEFORE_TRUST,
    PARAMETERS,
    AuthorizeCase,
    answerable,
    request_of,
)
from grantway.protocol.client_document import is_document_url
from grantway.protocol.decision import Check, Trail
from grantway.protocol.door import STANDARDS, Door, door_of
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Refused

_AHEAD: Final[tuple[Check[Any], ...]] = (known, *BEFORE_TRUST, *AFTER_TRUST, *USE_CHECKS)
# Below the 8 kB that a URL may have here, with room for the path (decision 12).
_URL_ROOM: Final = 7_500


async def authorize(call: Call, server: Server, base: str) -> Reply:
    """Answer an authorization request: the next page, the code, or a refusal where it is safe to say it."""
    door = door_of(call.path)
    trail = Trail(_AHEAD)
    try:
        params = _params(call, door)
    except Refused as refused:
        return refuse_on_page(call, server, door, refused.refusal)
    client_id = params.get("client_id", "")
    app = await server.directory.app_by_key(client_id) if client_id else None
    if door is STANDARDS and is_document_url(client_id):
        try:
            await meet_client(call, server, client_id, is_app=app is not None)
        except Refused as refused:
            return refuse_on_page(call, server, door, refused.refusal, app=app, org_id=await _default_org_id(server))
        app = await server.directory.app_by_key(client_id)
    if not trail.passes((known,), ClientCase(door, client_id, app, (), server.clock.now_ms())) or app is None:
        return refuse_on_page(call, server, door, trail.refusal or no.REDIRECT_URI_MISSING(), trail=trail, app=app)
    case = AuthorizeCase(door, params, app)
    if not trail.passes(BEFORE_TRUST, case):
        return refuse_on_page(call, server, door, trail.refusal or no.REDIRECT_URI_MISSING(), trail=trail, app=app)
    if not trail.passes(AFTER_TRUST, case):
        assert trail.refusal is not None  # noqa: S101 - `passes` said so
        return refuse_at_callback(call, server, base, answerable(case), trail.refusal, trail=trail, app=app)
    request = request_of(case)
    if hint := params.get("id_token_hint", ""):
        try:
            request = msgspec.structs.replace(request, hinted_user=await _hinted_user(server, hint, app))
        except JwtRefused as problem:
            refusal = no.HINT_INVALID(problem=str(problem))
            return refuse_at_callback(call, server, base, request, refusal, trail=trail, app=app)
    if call.method == "POST" and not browser_cookie(call, base):
        # A foreign page posts without our cookie (SameSite), but follows with it: who is logged in stays so.
        query = urlencode({name: params[name] for name in PARAMETERS if name in params}, quote_via=quote)
        if len(query) > _URL_ROOM:
            # To answer here would replace the cookie that stayed behind, and so log its owner out.
            return refuse_at_callback(call, server, base, request, no.POST_TOO_LONG(), trail=trail, app=app)
        return see(call, f"{base}{call.path}?{query}")
    visitor = await visitor_of(call, server, base)
    flow = Flow(call=call, server=server, base=base, request=request, visitor=visitor, app=app, trail=trail)
    person = visitor.session_for(request, app.org.id)
    if person is not None and not request.wants_login(server.clock.now_ms(), person.session.auth_time):
        flow = replace(flow, request=msgspec.structs.replace(request, session_id=person.session.id))
    return await go_on(flow)


async def _default_org_id(server: Server) -> str:
    found = await server.directory.default_org()
    return found[0].id if found is not None else ""


def _params(call: Call, door: Door) -> Mapping[str, str]:
    """Return the parameters of the URL or of the body, never of both (S2)."""
    query = refuse_secrets_in_url(call)
    if call.method != "POST":
        return query
    form = form_of(call, door)
    if query and form:
        raise Refused(no_request.MALFORMED(problem="there are parameters in the URL and in the body"))
    return form or query


async def _hinted_user(server: Server, hint: str, app: InstalledApp) -> str:
    """Return the id of the user that an ID token of ours for this app names, at whichever door it was issued.

    Raises:
        JwtRefused: it is none of ours, or another app's.
    """
    claims = await server.signing.read(server.db, hint)
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if app.consumer_key not in named and not await _is_key_of(server, app, named[0] if named else None):
        raise JwtRefused("it was issued to another app")
    # `sub` is the user's id at the standards' door and ends with it at Salesforce's.
    user_id = canonical_id(str(claims.get("sub", "")).rpartition("/")[2], USER)
    if user_id is None:
        raise JwtRefused("it names no user")
    return user_id


async def _is_key_of(server: Server, app: InstalledApp, name: object) -> bool:
    """Tell whether an app has or had a key: a token names the one its client had, which may have been rotated since."""
    found = await server.directory.app_by_key(name) if isinstance(name, str) else None
    return found is not None and found.id == app.id
