"""GET /services/data/ and /services/data/vNN.N/: the API versions and the resources of one."""

from typing import Final

from grantway.domain.permissions import API_ENABLED
from grantway.endpoints.answer import json_reply, note
from grantway.endpoints.bearer import Bearer, header_token, look_up, needs_account, needs_scope, renew
from grantway.endpoints.legacy import token_in_url
from grantway.endpoints.parameters import refuse_secrets_in_url
from grantway.endpoints.server import Server
from grantway.endpoints.versions import VERSIONS, version_in
from grantway.kit.http import Call, Reply
from grantway.kit.urls import identity_url
from grantway.protocol.decision import Finding
from grantway.protocol.door import SALESFORCE, Voice
from grantway.protocol.no import bearer as no
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Refusal
from grantway.store.hot import HeldAccessToken
from grantway.store.people import permissions_of

PERMISSION: Final = "User permission"


async def versions(call: Call, server: Server, base: str) -> Reply:
    """List the API versions; no token is needed."""
    del call, server, base
    return json_reply(VERSIONS)


async def resources(call: Call, server: Server, base: str) -> Reply:
    """List the resources of one version, for a token with scope `api`."""
    version = version_in(call.path)
    held, refusal = await api_caller(call, server)
    if refusal is not None or held is None:
        return refusal or json_reply([])
    if version is None or call.path.rstrip("/") != f"/services/data/v{version}":
        return _refuse(server, call, no_request.PATH_UNKNOWN(), None)
    await renew(server, held)
    # Only what is served is named: sobjects, query and the rest join as they come.
    return json_reply({"identity": identity_url(base, held.user.org_id, held.user.id)})


async def api_caller(
    call: Call, server: Server, *, takes_guests: bool = True
) -> tuple[HeldAccessToken | None, Reply | None]:
    """Return who calls the API, or the answer that says why nobody may.

    `takes_guests`: whether this is for guests too.

    Raises:
        Refused: the URL cannot be read, or holds something secret.
    """
    token = header_token(call, SALESFORCE)
    if token is None:
        token = await token_in_url(call, server)
    refuse_secrets_in_url(call, repeated=token, legacy=True)
    bearer = await look_up(server, token, SALESFORCE)
    allowed_in = needs_scope(bearer, "api") and (takes_guests or needs_account(bearer))
    if not allowed_in or bearer.held is None:
        return None, _refuse(server, call, bearer.refusal or no.TOKEN_UNKNOWN(), bearer)
    held = bearer.held
    if API_ENABLED.name not in held.user.profile_permissions and API_ENABLED.name not in await permissions_of(
        server.db, held.user
    ):
        refusal = no.API_DISABLED(user=held.user.username)
        bearer.trail.findings.append(Finding(PERMISSION, "API Enabled is missing", refusal))
        return None, _refuse(server, call, refusal, bearer)
    return held, None


def _refuse(server: Server, call: Call, refusal: Refusal, bearer: Bearer | None) -> Reply:
    wire = refusal.reason.wire(Voice.DATA)
    held = bearer.held if bearer is not None else None
    note(
        server,
        call,
        refusal,
        wire,
        findings=tuple(bearer.trail.findings) if bearer is not None else (),
        left=bearer.trail.left if bearer is not None else (),
        org_id=held.token.org_id if held else "",
        app_id=held.token.app_id if held else "",
        user_id=held.token.user_id if held else "",
    )
    headers = ((b"www-authenticate", b'Bearer realm="grantway"'),) if wire.status == 401 else ()
    return json_reply([{"errorCode": wire.error, "message": wire.says}], wire.status, headers)
