"""Authenticating the client of an endpoint other than the token endpoint (RFC 7009 2.1, RFC 7662 2.1)."""

from collections.abc import Mapping
from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.endpoints.audiences import audiences
from grantway.endpoints.server import Server
from grantway.grants.asserted import client_assertion, remembers
from grantway.kit.http import Call
from grantway.policy.assertion import AssertionCase
from grantway.policy.client import ClientCase, known, secret_always, secret_for_refresh, secret_for_web_server
from grantway.protocol.credentials import read_credentials
from grantway.protocol.decision import Finding, Trail
from grantway.protocol.door import Door
from grantway.protocol.no import app as no
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Refused
from grantway.store.statement import Conflict, Write

_BLOCKED: Final = "App in this org"
# Who loses a race with the same assertion looks again, and finds it used.
_ROUNDS: Final = 3


def _as_its_flows_do(case: ClientCase) -> Finding | None:
    """A public client, which need not send a secret to refresh, need not send one to revoke either."""
    app = case.client
    if app is not None and not app[s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW]:
        return secret_for_refresh(case)
    if app is not None and not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]:
        return secret_for_web_server(case)
    return secret_always(case)


def _not_blocked(case: ClientCase) -> Finding | None:
    app = case.client
    if app is not None and app.policy is not None and app.policy.is_blocked:
        return Finding(_BLOCKED, "blocked", no.APP_BLOCKED(app=app.ruled_by))
    return Finding(_BLOCKED, "not blocked")


async def authenticated_client(
    call: Call,
    server: Server,
    door: Door,
    params: Mapping[str, str],
    trail: Trail,
    *,
    base: str,
    always: bool = False,
) -> InstalledApp:
    """Return the client that a request comes from, as its home org meets it; `always` demands that it proves itself.

    An assertion that it proves itself by is used up before the request is answered.

    Raises:
        Refused: unknown, not authenticated, or blocked in its home org; `trail` has the checks.
    """
    credentials = read_credentials(params, call.header(b"authorization"))
    client = await server.directory.app_by_key(credentials.client_id) if credentials.client_id else None
    now_ms = server.clock.now_ms()
    asserted = None
    for _ in range(_ROUNDS):
        if credentials.assertion is not None:
            names = audiences(server, door, base, call.path)
            asserted = await client_assertion(
                server.db,
                credentials.assertion,
                client,
                names=names,
                now_ms=now_ms,
                key_sets=server.client_keys,
            )
        case = ClientCase(door, credentials.client_id, client, credentials.secrets, now_ms, asserted)
        passed = trail.passes((known, secret_always if always else _as_its_flows_do, _not_blocked), case)
        if not passed or client is None:
            assert trail.refusal is not None  # noqa: S101 - `known` refuses an unknown client
            raise Refused(trail.refusal)
        if asserted is None or await _is_first(server, asserted):
            return client
    raise Refused(no_request.UNAVAILABLE())


async def client_named(call: Call, server: Server, params: Mapping[str, str]) -> InstalledApp | None:
    """Return the client that a request names, proved or not: whose administrators may have its refusal explained."""
    try:
        key = read_credentials(params, call.header(b"authorization")).client_id
    except Refused:
        key = params.get("client_id", "")
    return await server.directory.app_by_key(key) if key else None


async def _is_first(server: Server, asserted: AssertionCase) -> bool:
    try:
        return await server.db.commit(Write(remembers(asserted)))
    except Conflict:
        return False
