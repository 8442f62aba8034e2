"""From a request below /setup/api/ to its operation: route, token, form of the request, then the operation (S37)."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from grantway import settings as s
from grantway.adminapi import openapi
from grantway.adminapi.ask import ROOT, Answer, Ask, BadRequest, Route
from grantway.adminapi.problems import DOCUMENT, problem_reply
from grantway.adminapi.routes import allowed, reads, route_of
from grantway.adminapi.schema import Schema, problems_of
from grantway.adminapi.sent_files import files_of
from grantway.domain.permissions import API_ENABLED
from grantway.endpoints.answer import NO_STORE, note, tagged_reply
from grantway.endpoints.bearer import Bearer, header_token, look_up, needs_account, needs_audience, needs_scope, renew
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.manage.caller import caller_of
from grantway.manage.desk import Desk
from grantway.manage.files import uploads
from grantway.manage.once import Once
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound, StaleVersion
from grantway.manage.server import orgs
from grantway.protocol.decision import Finding
from grantway.protocol.door import STANDARDS, Voice
from grantway.protocol.no import administration as no
from grantway.protocol.no import bearer as no_bearer
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Reason, Refusal
from grantway.store.hot import HeldAccessToken
from grantway.store.statement import Conflict

_REASONS: Final[tuple[tuple[type[ManageProblem], Reason], ...]] = (
    (BadRequest, no.BAD_REQUEST),
    (NotAllowed, no.NOT_ALLOWED),
    (NotFound, no.NOT_FOUND),
    (StaleVersion, no.CHANGED_MEANWHILE),
)
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")
_PREFIX: Final = {s.Holder.APP: "settings.", s.Holder.POLICY: "policies.", s.Holder.ORG: "settings."}
_SHOWN: Final = 500


class _Refuse(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal: Final = refusal


async def api(call: Call, server: Server, base: str) -> Reply:
    """Answer a request below /setup/api/."""
    if call.path == DOCUMENT:
        if call.method == "GET":
            return tagged_reply(call, openapi.document_bytes(), ((b"content-type", b"application/json"),))
        return _not_this_way(call, server, ("GET", "HEAD"))
    found = route_of(call.method, call.path)
    if found is None:
        methods = allowed(call.path)
        if methods:
            return _not_this_way(call, server, methods)
        return _refuse(call, server, no_request.PATH_UNKNOWN(), None)
    # Tokens of both doors, in the header only: never a cookie, a form or the URL.
    bearer = await look_up(server, header_token(call, STANDARDS), None)
    allowed_in = needs_audience(bearer, base) and needs_scope(bearer, "api") and needs_account(bearer)
    if not allowed_in or bearer.held is None:
        return _refuse(call, server, bearer.refusal or no_bearer.TOKEN_UNKNOWN(), bearer)
    held = bearer.held
    caller = await caller_of(server.db, held.user)
    if API_ENABLED.name not in caller.permissions:
        refusal = no_bearer.API_DISABLED(user=held.user.username)
        bearer.trail.findings.append(Finding("User permission", "API Enabled is missing", refusal))
        return _refuse(call, server, refusal, bearer)
    await renew(server, held)
    desk = Desk(
        db=server.db,
        clock=server.clock,
        ring=server.ring,
        caller=caller,
        base_url=base,
        request_id=call.request_id,
        address=call.address,
    )
    route, params = found
    org = await orgs.home_of(desk)
    ask = Ask(call=call, server=server, base=base, org=org, desk=desk, token=held.token, params=params)
    try:
        return await _answer(route, await _read(route, ask))
    except _Refuse as refused:
        return _refuse(call, server, refused.refusal, bearer, detail=refused.refusal.explanation())
    except ManageProblem as problem:
        return _refuse_problem(call, server, held, route, problem)
    except Conflict:
        refusal = no.CONFLICT()
        return _refuse(call, server, refusal, bearer, detail=refusal.explanation())


async def _read(route: Route, ask: Ask) -> Ask:
    """Return the request with its parameters and body, read as the route's schemas say.

    Raises:
        BadRequest: the URL or the body cannot be read.
        ManageProblem: the body was read, but its fields are not as they must be.
    """
    for name, value in ask.params.items():
        if problems_of(value, {"type": "string", "maxLength": 256}):
            raise NotFound(f"{name}: there is nothing of that name")
    query = _read_query(route, ask.call.query)
    if route.takes is None:
        if ask.call.body.strip():
            raise BadRequest.at("body", "this request has none")
        return replace(ask, query=query)
    if not route.body_required and not ask.call.body.strip():
        return replace(ask, query=query)
    if route.takes_files and (sent := files_of(ask.call)) is not None:
        # Megabytes may come out of an archive: the others are answered meanwhile.
        return replace(ask, query=query, files=await asyncio.to_thread(uploads.unpacked, sent))
    return replace(ask, query=query, body=_read_body(ask.call, route.takes))


def _read_query(route: Route, text: str) -> dict[str, Any]:
    known = {one.name: one.schema for one in route.query}
    query: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=50)
    except ValueError:
        raise BadRequest("the URL's parameters cannot be read") from None
    for name, raw in pairs:
        if name not in known:
            raise BadRequest.at(name[:100], "there is no such parameter")
        if name in query:
            raise BadRequest.at(name, "say it once")
        query[name] = value = _typed(raw, known[name])
        if problems := problems_of(value, known[name], name):
            raise BadRequest.of(problems)
    for one in route.query:
        if one.required and one.name not in query:
            raise BadRequest.at(one.name, "is missing")
    return query


def _typed(raw: str, schema: Schema) -> Any:
    if schema["type"] == "boolean":
        return {"true": True, "false": False}.get(raw, raw)
    if schema["type"] == "integer" and re.fullmatch(r"-?[0-9]{1,18}", raw):
        return int(raw)
    return raw


def _read_body(call: Call, schema: Schema) -> Mapping[str, Any]:
    media_type = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise _Refuse(
            no_request.MEDIA_TYPE(media_type=media_type[:100].decode("latin-1") or "none", wanted="application/json")
        )
    try:
        body = msgspec.json.decode(call.body)
    except (ValueError, RecursionError):
        raise BadRequest.at("body", "it is no JSON, or too deep") from None
    if problems := problems_of(body, schema):
        raise ManageProblem.of({name or "body": says for name, says in problems.items()})
    if not isinstance(body, dict):
        raise ManageProblem.at("body", "write an object")
    return body


async def _answer(route: Route, ask: Ask) -> Reply:
    key = ask.call.header(b"idempotency-key")
    if key is not None and ask.call.method == "POST" and not (route.once and _KEY.fullmatch(key)):
        why = "1 to 255 visible ASCII characters" if route.once else "this request does not take it"
        raise BadRequest.at("Idempotency-Key", why)
    if route.method == "GET" or not route.whole:
        return _reply(ask, await route.answer(ask))
    if route.guarded and ask.call.header(b"if-match") is None:
        raise _Refuse(no.VERSION_MISSING())
    call = ask.call
    async with ask.desk.changing() as desk:
        asking = replace(ask, desk=desk)
        once = None
        if key is not None and route.once:
            digest = hashlib.sha256(call.body).hexdigest()
            once = Once(key=key.decode(), request=f"{call.method} {call.path} {call.query} {digest}")
            kept = await once.answer(desk)
            if kept is not None:
                status, body, headers = msgspec.msgpack.decode(
                    kept, type=tuple[int, bytes, tuple[tuple[bytes, bytes], ...]]
                )
                return Reply(status, body, (*headers, (b"idempotency-replayed", b"true")))
        if route.guarded:
            await _demand_seen(route, asking)
        reply = _reply(asking, await route.answer(asking))
        if once is not None:
            await once.keep(desk, msgspec.msgpack.encode((reply.status, reply.body, reply.headers)))
        return reply


async def _demand_seen(route: Route, ask: Ask) -> None:
    """Demand that the resource is as the caller saw it; read in the transaction that will change it (S42)."""
    seen = ask.call.header(b"if-match") or b""
    now = await reads(route).answer(replace(ask, query={}, body={}))
    if seen.strip() != b"*" and _etag(now) not in [tag.strip() for tag in seen.split(b",")]:
        raise StaleVersion(no.CHANGED_MEANWHILE.means)


def _reply(ask: Ask, answer: Answer) -> Reply:
    if answer.status == 204:
        return Reply(204, b"", NO_STORE)
    body = answer.body or msgspec.json.encode(answer.value)
    headers = ((b"content-type", answer.media_type), *NO_STORE, *answer.headers)
    if not answer.tagged:
        return Reply(answer.status, body, headers)
    if ask.call.method == "GET":
        return tagged_reply(ask.call, body, headers)
    return Reply(answer.status, body, ((b"etag", _etag(answer)), *headers))


def _etag(answer: Answer) -> bytes:
    body = answer.body or msgspec.json.encode(answer.value)
    return tagged_reply(Call(method="GET", path=ROOT), body, ()).headers[0][1]


def _refuse_problem(call: Call, server: Server, held: HeldAccessToken, route: Route, problem: ManageProblem) -> Reply:
    reason = next((reason for kind, reason in _REASONS if isinstance(problem, kind)), no.INVALID)
    if reason is no.CHANGED_MEANWHILE and not route.guarded:
        # What was seen was named in the body, not by If-Match.
        reason = no.CONFLICT
    fields = {_place(route, name): says for name, says in problem.fields.items()}
    text = "; ".join(f"{name}: {says}" for name, says in fields.items()) or str(problem)
    refusal = reason(problem=text[:_SHOWN])
    _note(call, server, refusal, held)
    return problem_reply(call, refusal, detail=text, fields=fields)


def _place(route: Route, name: str) -> str:
    """Return where a field stands in the body: settings are told by the record that holds them."""
    setting, known = s.BY_NAME.get(name), (route.takes or {}).get("properties", {})
    prefix = _PREFIX[setting.held_by] if setting is not None else ""
    return prefix + name if prefix.rstrip(".") in known else name


def _refuse(call: Call, server: Server, refusal: Refusal, bearer: Bearer | None, *, detail: str = "") -> Reply:
    findings = tuple(bearer.trail.findings) if bearer is not None else ()
    left = bearer.trail.left if bearer is not None else ()
    _note(call, server, refusal, bearer.held if bearer is not None else None, findings, left)
    return problem_reply(call, refusal, detail=detail)


def _note(
    call: Call,
    server: Server,
    refusal: Refusal,
    held: HeldAccessToken | None,
    findings: tuple[Finding, ...] = (),
    left: tuple[str, ...] = (),
) -> None:
    note(
        server,
        call,
        refusal,
        refusal.reason.wire(Voice.STANDARDS),
        findings=findings,
        left=left,
        org_id=held.token.org_id if held else "",
        app_id=held.token.app_id if held else "",
        user_id=held.token.user_id if held else "",
    )


def _not_this_way(call: Call, server: Server, methods: tuple[str, ...]) -> Reply:
    refusal = no_request.METHOD_NOT_ALLOWED(path=call.path[:200], method=call.method[:20])
    _note(call, server, refusal, None)
    return problem_reply(call, refusal, headers=((b"allow", ", ".join(methods).encode()),))
