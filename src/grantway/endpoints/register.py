"""Clients that register themselves: POST …/register, and GET, PUT, DELETE of what they registered (RFC 7591, RFC 7592).

Salesforce's door speaks as `salesforce-oauth.md` 3.23 has it and always asks for an initial access token; the
standards' door lets clients in without one where the org says so (security.md S30).
"""

from typing import Any, Final

from grantway.domain.app import InstalledApp
from grantway.endpoints.answer import NO_STORE, Header, bearer_reply, come_again, json_reply, note, refuse_oauth
from grantway.endpoints.bearer import header_token
from grantway.endpoints.parameters import refuse_secrets_in_url
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.registration import registering
from grantway.protocol.door import Door, door_of
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.registration import read_document

_JSON: Final = b"application/json"
_LATER: Final[tuple[Header, ...]] = ((b"retry-after", b"3600"),)


async def register(call: Call, server: Server, base: str) -> Reply:
    """Register a client (RFC 7591, section 3.1)."""
    door, token = door_of(call.path), ""
    try:
        if call.method != "POST":
            raise Refused(no_request.MUST_POST(method=call.method))
        refuse_secrets_in_url(call)
        token = header_token(call, door) or ""
        asked = registering.Asked(door=door, token=token, document=_document(call))
        client = await registering.register(_desk(call, server, base), asked)
    except Refused as refused:
        org_id, app_id = await registering.let_in_by(_desk(call, server, base), token)
        return _refuse(call, server, door, refused.refusal, org_id, app_id)
    return json_reply(client.told(base), 201)


async def registered(call: Call, server: Server, base: str) -> Reply:
    """Show, replace or delete what a client registered, for whoever has its token (RFC 7592, section 2)."""
    door = door_of(call.path)
    client_id = call.path.rpartition("/")[2]
    try:
        refuse_secrets_in_url(call)
        token, desk = header_token(call, door) or "", _desk(call, server, base)
        if call.method == "DELETE":
            await registering.delete(desk, door, client_id, token)
            return Reply(204, b"", NO_STORE)
        if call.method == "PUT":
            client = await registering.change(desk, door, client_id, token, _document(call), base)
        else:
            client = await registering.look(desk, door, client_id, token)
    except Refused as refused:
        app: InstalledApp | None = await server.directory.app_by_key(client_id)
        org_id, app_id = (app.org.id, app.id) if app is not None else ("", "")
        return _refuse(call, server, door, refused.refusal, org_id, app_id)
    return json_reply(client.told(base))


def _desk(call: Call, server: Server, base: str) -> Desk:
    """Return a desk for what no person asks: what is done there says itself who let it in."""
    return Desk(
        db=server.db,
        clock=server.clock,
        ring=server.ring,
        caller=OPERATOR,
        base_url=base,
        request_id=call.request_id,
        address=call.address,
    )


def _document(call: Call) -> dict[str, Any]:
    media_type = (call.header(b"content-type") or b"").split(b";", 1)[0].strip().lower()
    if media_type != _JSON:
        sent = media_type[:60].decode("latin-1") or "nothing"
        raise Refused(no_request.MEDIA_TYPE(media_type=sent, wanted="application/json"))
    return read_document(call.body)


def _refuse(call: Call, server: Server, door: Door, refusal: Refusal, org_id: str, app_id: str) -> Reply:
    wire = refusal.reason.wire(door.voice)
    note(server, call, refusal, wire, org_id=org_id, app_id=app_id)
    if wire.status == 401:
        return come_again(bearer_reply(wire, ""))
    reply = refuse_oauth(door, call, refusal)
    return Reply(reply.status, reply.body, (*reply.headers, *_LATER)) if wire.status == 429 else reply
