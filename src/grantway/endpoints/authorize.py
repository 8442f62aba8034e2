"""GET and POST /services/oauth2/authorize and /oidc/authorize: the front channel (RFC 6749 4.1.1, OIDC Core 3.1.2)."""

from collections.abc import Mapping

import msgspec

from grantway.endpoints.authorization import go_on, refuse_on_page, refuse_to_callback
from grantway.endpoints.browser import visitor_of
from grantway.endpoints.parameters import form_of, query_of, refuse_secrets_in
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.jose import JwtRefused
from grantway.policy.client import ClientCase, known
from grantway.protocol.authorization import AFTER_TRUST, BEFORE_TRUST, AuthorizeCase, request_of
from grantway.protocol.decision import Trail
from grantway.protocol.door import Door, door_of
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Refused


async def authorize(call: Call, server: Server, base: str) -> Reply:
    """Answer an authorization request: the next page, the code, or a refusal where it may be said."""
    door = door_of(call.path)
    trail = Trail()
    try:
        params = _params(call, door)
    except Refused as refused:
        return refuse_on_page(call, server, door, refused.refusal, trail, None)
    client_id = params.get("client_id", "")
    app = await server.apps.by_key(server.db, client_id) if client_id else None
    if not trail.passes((known,), ClientCase(door, client_id, app, ())) or app is None:
        assert trail.refusal is not None  # noqa: S101 - `known` refuses an unknown client
        return refuse_on_page(call, server, door, trail.refusal, trail, app)
    case = AuthorizeCase(door, params, app)
    if not trail.passes(BEFORE_TRUST, case):
        assert trail.refusal is not None  # noqa: S101 - `passes` said so
        return refuse_on_page(call, server, door, trail.refusal, trail, app)
    passed = trail.passes(AFTER_TRUST, case)
    request = request_of(_without_junk(case) if not passed else case)
    if not passed:
        assert trail.refusal is not None  # noqa: S101 - `passes` said so
        return refuse_to_callback(call, server, base, request, trail.refusal, trail, app)
    if hint := params.get("id_token_hint", ""):
        try:
            claims = await server.signing.read(server.db, hint)
        except JwtRefused as problem:
            refusal = no.HINT_INVALID(problem=str(problem))
            return refuse_to_callback(call, server, base, request, refusal, trail, app)
        hinted = str(claims.get("sub", "")).rsplit("/", 1)[-1]
        request = msgspec.structs.replace(request, hinted_user=hinted)
    visitor = await visitor_of(call, server, base)
    assert visitor is not None  # noqa: S101 - made where there was none
    return await go_on(call, server, base, request, visitor)


def _params(call: Call, door: Door) -> Mapping[str, str]:
    query = query_of(call) if call.query else {}
    refuse_secrets_in(query)
    if call.method != "POST":
        return query
    form = form_of(call, door)
    if query.keys() & form.keys():
        raise Refused(no_request.PARAMETER_REPEATED(parameter=min(query.keys() & form.keys())))
    return {**query, **form}


def _without_junk(case: AuthorizeCase) -> AuthorizeCase:
    """Return the case with only what an error's answer needs: where to, and the state."""
    kept = {name: case.params[name] for name in ("redirect_uri", "state") if name in case.params}
    return AuthorizeCase(case.door, kept, case.app)
