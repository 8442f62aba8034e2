"""/services/data/vNN.N/apps/oauth/credentials/…: keys and secrets of external client apps (connected-apps.md 2.5, 2.8).

Field names and addresses are those of Salesforce's Connect API: the consumer since version 60, staged sets since 65.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from grantway.endpoints.answer import NO_STORE, Header, json_reply, note
from grantway.endpoints.bearer import renew
from grantway.endpoints.parameters import query_of
from grantway.endpoints.server import Server
from grantway.endpoints.versions import version_in
from grantway.kit.http import Call, Reply
from grantway.manage.caller import caller_of
from grantway.manage.consumer_keys import rest_credentials
from grantway.manage.consumer_keys.credentials import Pair
from grantway.manage.consumer_keys.rest_credentials import Consumer, SwitchedOff
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.orgdata.resources import api_caller
from grantway.protocol.door import Voice
from grantway.protocol.no import data as no
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Reason, Refusal, Refused
from grantway.protocol.when import iso_millis
from grantway.store.hot import HeldAccessToken

_PATH: Final = re.compile(
    r"/services/data/v[0-9.]+/apps/oauth/credentials/(?P<app>[^/]+)"
    r"(?:/(?P<consumer>[^/]+)(?P<staged>/staged(?:/(?P<set>[^/]+))?)?)?"
)
_SINCE: Final = 60
_STAGED_SINCE: Final = 65
_PARTS: Final = {"key": ("key",), "secret": ("secret",), "keyandsecret": ("key", "secret")}
_SHOWN: Final = 500
_REASONS: Final[tuple[tuple[type[ManageProblem], Reason], ...]] = (
    (SwitchedOff, no.SECRETS_CLOSED),
    (NotAllowed, no.NOT_ALLOWED),
    (NotFound, no.NOT_FOUND),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """A request of a token's user: what its address names, and in `part` what of key and secret it asks for."""

    desk: Desk
    version: str
    app: str
    consumer: str
    set: str
    part: str = "key"

    @property
    def url(self) -> str:
        """The address of the app's consumers."""
        return f"/services/data/v{self.version}/apps/oauth/credentials/{self.app}"


_Answer = Callable[[_Ask], Awaitable[Reply]]


def is_here(path: str) -> bool:
    """Tell whether a path is this resource's."""
    return _PATH.fullmatch(path) is not None


async def credentials(call: Call, server: Server, base: str) -> Reply:
    """Answer a request for keys and secrets."""
    places, version = _PATH.fullmatch(call.path), version_in(call.path)
    held, refused = await api_caller(call, server, takes_guests=False)
    if refused is not None or held is None:
        return refused or json_reply([])
    if places is None or version is None or not _is_known(version, staged=places["staged"] is not None):
        return _refuse(call, server, held, no_request.PATH_UNKNOWN())
    methods = _METHODS[sum(places[name] is not None for name in ("consumer", "staged", "set"))]
    answer = methods.get("GET" if call.method == "HEAD" else call.method)
    if answer is None:
        allow = (b"allow", ", ".join(methods).encode())
        refusal = no_request.METHOD_NOT_ALLOWED(path=call.path[:200], method=call.method[:20])
        return _refuse(call, server, held, refusal, headers=(allow,))
    await renew(server, held)
    desk = Desk(
        db=server.db,
        clock=server.clock,
        ring=server.ring,
        caller=await caller_of(server.db, held.user),
        base_url=base,
        request_id=call.request_id,
        address=call.address,
    )
    ask = _Ask(
        desk=desk,
        version=version,
        app=places["app"],
        consumer=places["consumer"] or "",
        set=places["set"] or "",
        part=query_of(call).get("part", "key").lower(),
    )
    try:
        if call.method == "PATCH":
            _demand_rotate(call)
        return await answer(ask)
    except ManageProblem as problem:
        return _refuse_problem(call, server, held, problem)


def _is_known(version: str, *, staged: bool) -> bool:
    return int(version.removesuffix(".0")) >= (_STAGED_SINCE if staged else _SINCE)


def _demand_rotate(call: Call) -> None:
    """Demand that the body says to rotate, which is all that can be said.

    Raises:
        Refused: it cannot be read.
        ManageProblem: it says something else.
    """
    media_type = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media_type != b"application/json":
        sent = media_type[:60].decode("latin-1") or "nothing"
        raise Refused(no_request.MEDIA_TYPE(media_type=sent, wanted="application/json"))
    try:
        body = msgspec.json.decode(call.body, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise Refused(no.NO_JSON()) from None
    if body != {"command": "rotate"}:
        raise ManageProblem.at("command", 'say "rotate", and nothing else')


async def _consumers(ask: _Ask) -> Reply:
    found = await rest_credentials.consumer(ask.desk, ask.app)
    consumers = [_told(ask, found, "key")]
    return json_reply({"consumers": consumers, "currentPageUrl": ask.url, "nextPageUrl": None})


async def _consumer(ask: _Ask) -> Reply:
    if ask.part not in _PARTS:
        raise ManageProblem.at("part", f"say {', '.join(_PARTS)}")
    reads = rest_credentials.consumer if ask.part == "key" else rest_credentials.reveal
    return json_reply(_told(ask, await reads(ask.desk, ask.app, ask.consumer), ask.part))


async def _sets(ask: _Ask) -> Reply:
    sets = await rest_credentials.sets(ask.desk, ask.app, ask.consumer)
    return json_reply({"stagedCredentials": [_told_set(ask, one) for one in sets], "url": _staged_url(ask)})


async def _stage(ask: _Ask) -> Reply:
    made = _told_set(ask, await rest_credentials.stage(ask.desk, ask.app, ask.consumer))
    # Salesforce's reference answers with a list; clients in use read the set itself. Both find what they look for.
    return json_reply({**made, "stagedCredentials": [made]}, 201)


async def _set(ask: _Ask) -> Reply:
    return json_reply(_told_set(ask, await rest_credentials.one_set(ask.desk, ask.app, ask.consumer, ask.set)))


async def _rotate(ask: _Ask) -> Reply:
    return json_reply(_told_set(ask, await rest_credentials.rotate(ask.desk, ask.app, ask.consumer, ask.set)))


async def _delete(ask: _Ask) -> Reply:
    await rest_credentials.delete(ask.desk, ask.app, ask.consumer, ask.set)
    return Reply(204, b"", NO_STORE)


# By how much of the address is there: app, consumer, staged, set.
_METHODS: Final[tuple[dict[str, _Answer], ...]] = (
    {"GET": _consumers},
    {"GET": _consumer},
    {"GET": _sets, "POST": _stage},
    {"GET": _set, "PATCH": _rotate, "DELETE": _delete},
)


def _told(ask: _Ask, found: Consumer, part: str) -> dict[str, Any]:
    app, url = found.app, f"{ask.url}/{found.id}"
    values = {"key": app.consumer_key, "secret": app.secret.reveal()}
    return {
        "id": found.id,
        "name": app.app.name,
        **{name: values[name] for name in _PARTS[part]},
        "url": url,
        "stagedCredentialsUrl": f"{url}/staged",
    }


def _told_set(ask: _Ask, one: Pair) -> dict[str, Any]:
    return {
        "id": one.id,
        "key": one.consumer_key,
        "secret": one.secret.reveal(),
        "state": one.state.value,
        "createdBy": one.created_by or None,
        "createdDate": iso_millis(one.created_at),
        "expirationDate": iso_millis(one.ends_at) if one.ends_at is not None else None,
        "url": f"{_staged_url(ask)}/{one.id}",
        "stagedCredentialsUrl": _staged_url(ask),
    }


def _staged_url(ask: _Ask) -> str:
    return f"{ask.url}/{ask.consumer}/staged"


def _refuse_problem(call: Call, server: Server, held: HeldAccessToken, problem: ManageProblem) -> Reply:
    reason = next((reason for kind, reason in _REASONS if isinstance(problem, kind)), no.NOT_DONE)
    text = str(problem)[:_SHOWN]
    # What the switch says of itself is Salesforce's sentence, which its clients look for.
    return _refuse(call, server, held, reason(problem=text), says="" if reason is no.SECRETS_CLOSED else text)


def _refuse(
    call: Call,
    server: Server,
    held: HeldAccessToken,
    refusal: Refusal,
    *,
    says: str = "",
    headers: tuple[Header, ...] = (),
) -> Reply:
    wire, token = refusal.reason.wire(Voice.DATA), held.token
    note(server, call, refusal, wire, org_id=token.org_id, app_id=token.app_id, user_id=token.user_id)
    return json_reply([{"errorCode": wire.error, "message": says or wire.says}], wire.status, headers)
