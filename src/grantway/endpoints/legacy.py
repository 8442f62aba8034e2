"""What old clients put into URLs, read where their org allows it, at Salesforce's door alone (decision 2)."""

import hmac
import re
from collections.abc import Mapping
from typing import Final

from grantway import settings as s
from grantway.endpoints.parameters import form_of, posted, query_of
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.secrets import access_token_row, fingerprint, refresh_token_row
from grantway.protocol.credentials import read_credentials
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import request as no
from grantway.protocol.refusal import Refused
from grantway.store.hot import held_access_token, held_refresh_token

_CALLBACK: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.]{0,63}")


async def token_parameters(call: Call, server: Server, door: Door) -> Mapping[str, str]:
    """Return the parameters of a token request. Those of the URL count if the client's home org allows it.

    Raises:
        Refused: as `posted` does; where the org allows it, a parameter that stands in both places.
    """
    if door is not SALESFORCE or call.method != "POST" or not call.query:
        return posted(call, door)
    query, form = query_of(call), form_of(call, door)
    both = {**query, **form}
    try:
        client_id = read_credentials(both, call.header(b"authorization")).client_id
    except Refused:
        client_id = both.get("client_id", "")
    app = await server.directory.app_by_key(client_id) if client_id else None
    if app is None or not app[s.ALLOW_LEGACY_QUERY_PARAMETERS]:
        return posted(call, door)
    for name in query:
        if name in form:
            raise Refused(no.PARAMETER_REPEATED(parameter=name[:60]))
    return both


async def revocation_parameters(call: Call, server: Server) -> Mapping[str, str]:
    """Return the parameters of a revocation: posted, or of the URL if the token's org allows it, by GET too.

    Raises:
        Refused: as `posted` does.
    """
    query = query_of(call) if call.query else {}
    token = query.get("token", "")
    if token and call.method in ("GET", "POST"):
        form = form_of(call, SALESFORCE) if call.method == "POST" else {}
        if "token" not in form and await _is_allowed_for(server, token):
            return {**form, **query}
        if call.method == "GET":
            raise Refused(no.REVOKED_BY_GET())
    return posted(call, SALESFORCE)


async def token_in_url(call: Call, server: Server) -> str | None:
    """Return the access token that stands in a URL, if it is one of an org that allows it."""
    if not call.query:
        return None
    query = query_of(call)
    token = query.get("access_token") or query.get("oauth_token") or ""
    return token if token and await _is_allowed_for(server, token) else None


def called_back(call: Call, reply: Reply, params: Mapping[str, str]) -> Reply:
    """Return the answer to a revocation by GET: a script that calls `callback`, where one is named."""
    name = params.get("callback", "")
    if call.method != "GET" or not _CALLBACK.fullmatch(name):
        return reply
    said = "{}" if reply.status == 200 else '{"error":"invalid_token"}'
    headers = ((b"content-type", b"application/javascript;charset=utf-8"), (b"cache-control", b"no-store"))
    return Reply(200, f"{name}({said})".encode(), headers)


async def _is_allowed_for(server: Server, token: str) -> bool:
    """Tell whether a token is one of ours, whose org allows it in URLs. What is no token is of no org."""
    if row_id := access_token_row(token):
        access = await held_access_token(server.directory, row_id)
        held_hash, app = (access.token.hash, access.app) if access else (b"", None)
    elif row_id := refresh_token_row(token):
        refresh = await held_refresh_token(server.directory, row_id)
        held_hash, app = (refresh.token.hash, refresh.app) if refresh else (b"", None)
    else:
        return False
    if app is None or not hmac.compare_digest(held_hash, fingerprint(token)):
        return False
    return app[s.ALLOW_LEGACY_QUERY_PARAMETERS]
