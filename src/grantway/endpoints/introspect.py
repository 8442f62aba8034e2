"""POST /services/oauth2/introspect and /oidc/introspect: is this token good? (RFC 7662; salesforce-oauth.md 3.21).

At the standards' door the answer comes as a signed JWT to who asks for one (RFC 9701).
"""

import hmac
from collections.abc import Mapping
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.refresh_life import refresh_life
from grantway.endpoints.answer import NO_STORE, json_reply, note, refuse_oauth
from grantway.endpoints.asset_token import held_asset_token, is_good, told_of
from grantway.endpoints.bearer import judge
from grantway.endpoints.client import authenticated_client, client_named
from grantway.endpoints.formats import prefers
from grantway.endpoints.parameters import posted, required
from grantway.endpoints.server import Server
from grantway.grants.held_access import AccessCase, held_by
from grantway.kit.asset_jwt import asset_token_row
from grantway.kit.http import Call, Reply
from grantway.kit.secrets import fingerprint, read_access_token, refresh_token_row
from grantway.policy import app_use
from grantway.policy.use_checks import USE_CHECKS
from grantway.protocol.access_jwt import EARLY_S, VISITOR, audience_of
from grantway.protocol.actor import act_claim
from grantway.protocol.claims import subject
from grantway.protocol.decision import Trail, decide
from grantway.protocol.door import DOORS, SALESFORCE, STANDARDS
from grantway.protocol.door import door_of as door_of_path
from grantway.protocol.no import bearer as no
from grantway.protocol.refusal import Refused
from grantway.store.hot import held_refresh_token

_INACTIVE: Final = {"active": False}
_JWT: Final = "token-introspection+jwt"
_JWT_MEDIA_TYPE: Final = b"application/" + _JWT.encode()
_JWT_HEADERS: Final = ((b"content-type", _JWT_MEDIA_TYPE), *NO_STORE)


async def introspect(call: Call, server: Server, base: str) -> Reply:
    """Say whether a token is good, to a client that may know: its own tokens, or all of its org's where it may."""
    door = door_of_path(call.path)
    trail = Trail()
    client: InstalledApp | None = None
    params: Mapping[str, str] = {}
    try:
        params = posted(call, door)
        client = await authenticated_client(call, server, door, params, trail, base=base, always=True)
        token = params.get("token", "") if door is SALESFORCE else required(params, "token")
        if (names := read_access_token(token)) is not None:
            found = await _access_token(server, client, token, names, base)
        elif refresh_token_row(token) is not None:
            found = await _refresh_token(server, client, token, base)
        elif asset_token_row(token) is not None:
            found = await _asset_token(server, client, token)
        elif door is SALESFORCE:
            raise Refused(no.TOKEN_TYPE_UNSUPPORTED())
        else:
            found = None
    except Refused as refused:
        client = client or await client_named(call, server, params)
        note(
            server,
            call,
            refused.refusal,
            refused.refusal.reason.wire(door.voice),
            findings=tuple(trail.findings),
            left=trail.left,
            app_id=client.id if client else "",
            org_id=client.org.id if client else "",
        )
        return refuse_oauth(door, call, refused.refusal)
    if door is STANDARDS and prefers(call, _JWT_MEDIA_TYPE, b"application/json"):
        return await _signed(server, client, found or _INACTIVE, base)
    return json_reply(found or _INACTIVE)


async def _signed(server: Server, client: InstalledApp, found: dict[str, Any], base: str) -> Reply:
    """Return the answer as a JWT that the client can keep as a proof (RFC 9701, section 5).

    It has no `sub` and no `exp` of its own, so that nobody takes it for an access token or an ID token.
    """
    key = (await server.signing.keys(server.db))[0]
    claims = {
        "iss": server.issuer(STANDARDS, base),
        "aud": client.consumer_key,
        "iat": server.clock.now_ms() // 1000,
        "token_introspection": found,
    }
    return Reply(200, key.sign(claims, typ=_JWT).encode(), _JWT_HEADERS)


def _may_see(client: InstalledApp, app: InstalledApp, org_id: str) -> bool:
    """Tell whether a client may know of a token: its own, one of an app that registered with its token, or all."""
    return client.id in (app.id, app.app.parent_id) or (client[s.INTROSPECT_ALL] and client.org.id == org_id)


def _key_of(app: InstalledApp, client: InstalledApp) -> str:
    """Return the key to name an app by: of the app's several keys, an app that asks about itself knows its own."""
    return client.consumer_key if client.id == app.id else app.consumer_key


async def _access_token(
    server: Server, client: InstalledApp, token: str, names: tuple[str, str], base: str
) -> dict[str, Any] | None:
    held = await held_by(server.directory, token, names)
    # Who may not look at a token is answered before anything is found out about it, and so in the same time.
    if held is None or not _may_see(client, held.app, held.token.org_id):
        return None
    if judge(AccessCase(held, True, server.clock.now_ms(), None)).refusal is not None:
        return None
    issued = DOORS[held.token.door]
    acting = {"act": act_claim(held.token.actor)} if held.token.actor else {}
    fields: dict[str, Any] = {
        "active": True,
        "scope": held.token.scopes,
        "client_id": _key_of(held.app, client),
        "username": held.user.username,
        "sub": subject(issued, base, held.user),
        "token_type": "access_token" if issued is SALESFORCE else "Bearer",
        "exp": held.token.expires_at // 1000,
        "iat": held.token.issued_at // 1000,
        "nbf": held.token.issued_at // 1000 - (EARLY_S if held.token.kid and issued is SALESFORCE else 0),
        "iss": server.issuer(issued, base),
        **acting,
        **({VISITOR: held.token.visitor} if held.token.visitor else {}),
    }
    return _with_audience(fields, held.token.resources)


def _with_audience(fields: dict[str, Any], resources: str) -> dict[str, Any]:
    if resources and (audience := audience_of(resources.split())) is not None:
        fields["aud"] = audience
    return fields


async def _asset_token(server: Server, client: InstalledApp, token: str) -> dict[str, Any] | None:
    held = await held_asset_token(server, token)
    if held is None or not _may_see(client, held.of.app, held.token.org_id) or not await is_good(server, held):
        return None
    if decide(USE_CHECKS, app_use.UseCase(held.of, held.token.issued_at, is_token=True)).refusal is not None:
        return None
    return told_of(held, lambda app: _key_of(app, client))


async def _refresh_token(server: Server, client: InstalledApp, token: str, base: str) -> dict[str, Any] | None:
    row_id = refresh_token_row(token)
    held = await held_refresh_token(server.directory, row_id) if row_id else None
    if held is None or not hmac.compare_digest(held.token.hash, fingerprint(token)):
        return None
    family = held.family
    if not _may_see(client, held.app, family.org_id):
        return None
    if family.revoked_at is not None or held.token.spent_at is not None:
        return None
    ends_at = refresh_life(held.app).ends_at(family.created_at, family.used_at)
    if ends_at is not None and server.clock.now_ms() >= ends_at:
        return None
    if decide(USE_CHECKS, app_use.UseCase(held.of, family.created_at, is_token=True)).refusal is not None:
        return None
    issued = DOORS[family.door]
    fields: dict[str, Any] = {
        "active": True,
        "scope": family.scopes,
        "client_id": _key_of(held.app, client),
        "username": held.user.username,
        "sub": subject(issued, base, held.user),
        "token_type": "refresh_token",
        "iat": held.token.issued_at // 1000,
        "nbf": held.token.issued_at // 1000,
        "iss": server.issuer(issued, base),
    }
    if ends_at is not None:
        fields["exp"] = ends_at // 1000
    return _with_audience(fields, family.resources)
