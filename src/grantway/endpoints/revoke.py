"""POST /services/oauth2/revoke and /oidc/revoke: ending a token (RFC 7009; salesforce-oauth.md 3.22)."""

import hmac
from collections.abc import Mapping

from grantway.domain.app import InstalledApp
from grantway.endpoints.answer import form_reply, note, refuse_oauth
from grantway.endpoints.asset_token import HeldAssetToken, held_asset_token
from grantway.endpoints.client import authenticated_client, client_named
from grantway.endpoints.legacy import called_back, revocation_parameters
from grantway.endpoints.parameters import posted, required
from grantway.endpoints.server import Server
from grantway.kit.asset_jwt import asset_token_row
from grantway.kit.http import Call, Reply
from grantway.kit.secrets import access_token_row, fingerprint, refresh_token_row
from grantway.protocol.credentials import read_credentials
from grantway.protocol.decision import Trail
from grantway.protocol.door import SALESFORCE, door_of
from grantway.protocol.no import bearer as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.store import tokens
from grantway.store.assets import revoke_asset_token
from grantway.store.events import add_event
from grantway.store.hot import HeldAccessToken, HeldRefreshToken, held_access_token, held_refresh_token
from grantway.store.statement import Write

Held = HeldAccessToken | HeldRefreshToken | HeldAssetToken


async def revoke(call: Call, server: Server, base: str) -> Reply:
    """End a token. An access token ends alone, and so does an asset token; a refresh token ends its whole line.

    At Salesforce's door no client authentication is asked: holding the token is enough, and an unknown token is an
    error. At the standards' door the client authenticates, an unknown token is no error, and another client's is one,
    whether it is still good or not (RFC 7009 2.1).
    """
    door = door_of(call.path)
    if door is SALESFORCE:
        return await _at_salesforce(call, server)
    client: InstalledApp | None = None
    params: Mapping[str, str] = {}
    trail = Trail()
    try:
        params = posted(call, door)
        client = await authenticated_client(call, server, door, params, trail, base=base)
        held = await _held(server, required(params, "token"))
        mine = held is not None and _app_of(held) == client.id
        if held is not None and not mine and _is_proved(call, params):
            raise Refused(no.TOKEN_OF_ANOTHER(app=client.app.name))
    except Refused as refused:
        client = client or await client_named(call, server, params)
        wire = refused.refusal.reason.wire(door.voice)
        note(
            server,
            call,
            refused.refusal,
            wire,
            findings=tuple(trail.findings),
            left=trail.left,
            app_id=client.id if client else "",
            org_id=client.org.id if client else "",
        )
        return refuse_oauth(door, call, refused.refusal)
    if held is not None and mine:
        await _end(server, call, held)
    return Reply(200, b"", ((b"cache-control", b"no-store"),))


def _is_proved(call: Call, params: Mapping[str, str]) -> bool:
    """Tell whether a client that was let in proved who it is.

    Only such a one hears that a token is another's (RFC 7009 2.1). A public client may be anybody: it is answered as
    for a token that is unknown, as node-oidc-provider does it.
    """
    credentials = read_credentials(params, call.header(b"authorization"))
    return bool(credentials.secrets) or credentials.assertion is not None


async def _at_salesforce(call: Call, server: Server) -> Reply:
    try:
        params = await revocation_parameters(call, server)
    except Refused as refused:
        return _refuse(server, call, refused.refusal)
    return called_back(call, await _revoked(call, server, params), params)


async def _revoked(call: Call, server: Server, params: Mapping[str, str]) -> Reply:
    try:
        text = params.get("token", "")
        if access_token_row(text) is None and refresh_token_row(text) is None and asset_token_row(text) is None:
            return _refuse(server, call, no.TOKEN_TYPE_UNSUPPORTED())
        held = await _held(server, text)
    except Refused as refused:
        return _refuse(server, call, refused.refusal)
    if held is None or not await _end(server, call, held):
        return _refuse(server, call, no.TOKEN_INVALID())
    return Reply(200, b"", ((b"cache-control", b"no-cache,must-revalidate,max-age=0,no-store,private"),))


def _refuse(server: Server, call: Call, refusal: Refusal) -> Reply:
    wire = refusal.reason.wire(SALESFORCE.voice)
    note(server, call, refusal, wire)
    fields: Mapping[str, str] = {"error": wire.error, "error_description": wire.says}
    return form_reply(fields, wire.status)


async def _held(server: Server, text: str) -> Held | None:
    if row_id := access_token_row(text):
        access = await held_access_token(server.directory, row_id)
        return access if access and hmac.compare_digest(access.token.hash, fingerprint(text)) else None
    if row_id := refresh_token_row(text):
        refresh = await held_refresh_token(server.directory, row_id)
        return refresh if refresh and hmac.compare_digest(refresh.token.hash, fingerprint(text)) else None
    return await held_asset_token(server, text)


def _app_of(held: Held) -> str:
    return held.family.app_id if isinstance(held, HeldRefreshToken) else held.token.app_id


async def _end(server: Server, call: Call, held: Held) -> bool:
    """End a token durably; False when it had ended already."""
    now = server.clock.now_ms()
    if isinstance(held, HeldAccessToken):
        if now >= held.token.expires_at or held.family_revoked_at is not None:
            return False
        guard = tokens.revoke_access(held.token.id, now)
    elif isinstance(held, HeldAssetToken):
        if now >= held.token.expires_at:
            return False
        guard = revoke_asset_token(held.token.id, now)
    else:
        guard = tokens.revoke_family(held.family.id, "client.revoked", now)
    event = add_event(
        "token.revoked",
        at=now,
        org_id=held.user.org_id,
        app_id=_app_of(held),
        user_id=held.user.id,
        address=call.address,
        request_id=call.request_id,
    )
    return await server.db.commit(Write((event,), guard))
