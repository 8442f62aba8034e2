"""POST /services/oauth2/token and /oidc/token: the steps every grant shares (RFC 6749, section 3.2)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp
from grantway.endpoints import asset_token
from grantway.endpoints.answer import formatted_reply, json_reply, note, refuse_oauth
from grantway.endpoints.audiences import audiences
from grantway.endpoints.client import client_named
from grantway.endpoints.issue import OPENID, Issued, JwtForm, issue, salesforce_fields, standards_fields
from grantway.endpoints.legacy import token_parameters
from grantway.endpoints.parameters import posted
from grantway.endpoints.server import Server
from grantway.grants import GRANTS, grant_for, saml_assertion
from grantway.grants.asserted import remembers
from grantway.grants.grant import Grant, Proof, TokenCall
from grantway.kit.http import Call, Reply
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase, grant_registered, known
from grantway.policy.use_checks import USE_CHECKS
from grantway.protocol.claims import id_token_claims, standard_claims
from grantway.protocol.credentials import read_credentials
from grantway.protocol.custom_claims import id_token_claims_of
from grantway.protocol.decision import Check, Trail
from grantway.protocol.door import SALESFORCE, Door, door_of
from grantway.protocol.no import request as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.registration import GRANT_TYPES as REGISTRABLE
from grantway.protocol.resource import CHECKS as RESOURCE_CHECKS
from grantway.protocol.resource import ResourceCase, read_resources
from grantway.store.hour_counts import TOKENS, of_kind
from grantway.store.statement import Conflict, Step, Write
from grantway.store.tokens import revoke_family

_CLIENT_CHECKS: Final[dict[str, tuple[Check[ClientCase], ...]]] = {
    grant.title: (known, grant.authentication)
    if grant.grant_type in REGISTRABLE
    else (known, partial(grant_registered, grant_type=grant.grant_type), grant.authentication)
    for grant in GRANTS
}
_AHEAD: Final[dict[str, tuple[Check[Any], ...]]] = {
    grant.title: (*_CLIENT_CHECKS[grant.title], *grant.checks, *USE_CHECKS) for grant in GRANTS
}
# Who loses a race looks again and finds out why; more than a few rounds means something else is wrong.
_ROUNDS: Final = 4
# The console's page of one refusal; it takes the request id.
_EXPLAINED: Final = "/setup/traces"


async def token(call: Call, server: Server, base: str) -> Reply:
    """Answer a token request. `base` is the base URL under which the server was called."""
    door = door_of(call.path)
    params: Mapping[str, str] = {}
    try:
        params = await token_parameters(call, server, door) if call.query else posted(call, door)
        grant = _grant(params, door)
        credentials = read_credentials(params, call.header(b"authorization"))
    except Refused as refused:
        named = await client_named(call, server, params)
        return _refuse(server, call, door, base, params, refused.refusal, Trail(), named)
    client_checks, ahead = _CLIENT_CHECKS[grant.title], _AHEAD[grant.title]
    trail, client = Trail(), None
    asked = read_resources(params.get("resource", "")) if door.takes_resource else ()
    if asked:
        ahead = (*ahead, *RESOURCE_CHECKS)
    names = audiences(server, door, base, call.path)
    now_ms, at_login_host = server.clock.now_ms(), server.urls.is_login_host(base)
    token_call = TokenCall(
        door,
        params,
        credentials,
        now_ms,
        call.arrived_us,
        names,
        at_login_host,
        call.address,
        call.request_id,
    )
    for _ in range(_ROUNDS):
        try:
            case = await grant.load(token_call, server)
        except Refused as refused:
            named = client.client if client is not None else await client_named(call, server, params)
            return _refuse(server, call, door, base, params, refused.refusal, trail, named, refused.org_id)
        client = grant.client(case)
        trail = Trail(ahead)
        if not (
            trail.passes(client_checks, client)
            and trail.passes(grant.checks, case)
            and trail.passes(USE_CHECKS, use := grant.use(case))
            and ((wanted := _wanted(grant, case, asked, use)) is None or trail.passes(RESOURCE_CHECKS, wanted))
        ):
            assert trail.refusal is not None  # noqa: S101 - `passes` said so
            await _carry_out(server, trail.refusal, token_call.now_ms)
            return _refuse(server, call, door, base, params, trail.refusal, trail, client.client)
        # Of two pairs of key and secret that answer, the client knows the one it sent.
        pair = client.client
        assert pair is not None  # noqa: S101 - `known` refuses an unknown client
        proof = grant.prove(case, server.ring)
        if proof.asset is not None:
            given = await asset_token.give(server, token_call, proof, base, pair)
            if await _commits(server, given.write, remembers(client.asserted)):
                what = of_kind(TOKENS, AppKind.of_id(proof.of.app.id))
                server.tally.add(proof.of.app.org.id, what, proof.event, token_call.now_ms)
                return json_reply(given.fields)
            continue
        form = await _jwt_form(server, door, proof, base, pair) if proof.of.app[s.JWT_ACCESS_TOKENS] else None
        resources = wanted.wanted if wanted is not None else ()
        issued = issue(proof, door, now_ms, call.address, call.request_id, form, resources)
        # The key is at hand before anything is used up, and only a winner's token is worth the signature.
        with_id_token = proof.wants_id_token and OPENID in proof.scopes
        key = (await server.signing.keys(server.db))[0] if with_id_token else None
        if await _commits(server, issued.write, remembers(client.asserted)):
            server.tally.add_token(issued.record, proof.event, alone=proof.stands_alone)
            id_token = key.sign(_id_token_claims(server, door, proof, issued, base, pair)) if key is not None else ""
            return _reply(call, door, params, proof, issued, base, id_token, pair)
    return _refuse(server, call, door, base, params, no.UNAVAILABLE(), trail, client.client if client else None)


async def _commits(server: Server, write: Write, also: tuple[Step, ...]) -> bool:
    """Write what was decided; False when another request was first, with the same code, token or assertion."""
    try:
        return await server.db.commit(Write((*write.steps, *also), write.guard, write.settles) if also else write)
    except Conflict:
        return False


def _grant(params: Mapping[str, str], door: Door) -> Grant[Any]:
    name = params.get("grant_type", "")
    if not name:
        raise Refused(no.GRANT_TYPE_MISSING())
    grant = grant_for(params, door)
    if grant is None:
        raise Refused(no.GRANT_TYPE_UNKNOWN(grant_type=name[:100]))
    return grant


def _wanted(grant: Grant[Any], case: object, asked: tuple[str, ...], use: UseCase) -> ResourceCase | None:
    """Return which resources are wanted of those that were approved; None where nobody ever named any."""
    granted = read_resources(grant.granted(case)) if grant.granted is not None else None
    return ResourceCase(asked, use.of.app, granted) if asked or granted else None


async def _jwt_form(server: Server, door: Door, proof: Proof, base: str, pair: InstalledApp) -> JwtForm:
    key = await server.signing.access_key(server.db, proof.of.app.org)
    return JwtForm(key, server.issuer(door, base), base, pair.consumer_key)


def _id_token_claims(
    server: Server, door: Door, proof: Proof, issued: Issued, base: str, pair: InstalledApp
) -> dict[str, Any]:
    app, user = proof.of.app, proof.of.user
    return id_token_claims(
        door=door,
        issuer=server.issuer(door, base),
        base=base,
        user=user,
        consumer_key=pair.consumer_key,
        audiences=app[s.ID_TOKEN_AUDIENCES],
        now_s=issued.record.issued_at // 1000,
        lifetime_s=app[s.ID_TOKEN_VALIDITY] * 60,
        access_token=issued.access_token,
        nonce=proof.nonce,
        auth_time=proof.auth_time,
        more={
            **(standard_claims(user, proof.scopes) if app[s.ID_TOKEN_STANDARD_CLAIMS] else {}),
            **id_token_claims_of(proof.of, issued.record.scopes, base),
        },
    )


def _reply(
    call: Call,
    door: Door,
    params: Mapping[str, str],
    proof: Proof,
    issued: Issued,
    base: str,
    id_token: str,
    pair: InstalledApp,
) -> Reply:
    if door is SALESFORCE:
        fields = salesforce_fields(proof, issued, base, id_token, pair.secret)
        return formatted_reply(call, params.get("format", ""), fields)
    return json_reply(standards_fields(proof, issued, id_token))


async def _carry_out(server: Server, refusal: Refusal, now_ms: int) -> None:
    """Do what a refusal demands before it is told, so that it holds when the client hears of it."""
    if refusal.then is not None:
        await server.db.commit(Write((revoke_family(refusal.then.family_id, refusal.then.why, now_ms),)))


def _refuse(
    server: Server,
    call: Call,
    door: Door,
    base: str,
    params: Mapping[str, str],
    refusal: Refusal,
    trail: Trail,
    app: InstalledApp | None,
    org_id: str = "",
) -> Reply:
    note(
        server,
        call,
        refusal,
        refusal.reason.wire(door.voice),
        findings=tuple(trail.findings),
        left=trail.left,
        org_id=org_id or (app.org.id if app is not None else ""),
        app_id=app.id if app is not None else "",
    )
    # As Salesforce's validator does, the page tells administrators what is wrong with the assertion.
    tells = params.get("grant_type") == saml_assertion.GRANT_TYPE and saml_assertion.could_be_read(refusal.reason)
    page = f"{base}{_EXPLAINED}/{call.request_id}" if tells and door is SALESFORCE else ""
    return refuse_oauth(door, call, refusal, params.get("format", ""), error_uri=page)
