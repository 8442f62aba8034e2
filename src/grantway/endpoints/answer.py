"""Replies: JSON, the formats of Salesforce's door, and a refusal put in the voice of its endpoint."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from grantway.domain.app import AppKind
from grantway.endpoints.formats import accepted_format, xml_document
from grantway.endpoints.received import received
from grantway.endpoints.refusals import Refused
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.protocol.decision import Finding
from grantway.protocol.door import Door, Voice, door_of
from grantway.protocol.no import request as no
from grantway.protocol.refusal import Refusal, Wire
from grantway.store.hour_counts import REFUSALS, of_kind

Header = tuple[bytes, bytes]
NO_STORE: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-cache,must-revalidate,max-age=0,no-store,private"),
    (b"expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"none"),
)
_JSON: Final[tuple[Header, ...]] = ((b"content-type", b"application/json;charset=UTF-8"), *NO_STORE)
_TEXT: Final[tuple[Header, ...]] = ((b"content-type", b"text/plain;charset=UTF-8"), *NO_STORE)
_FORM: Final[tuple[Header, ...]] = ((b"content-type", b"application/x-www-form-urlencoded;charset=UTF-8"), *NO_STORE)
XML: Final[tuple[Header, ...]] = ((b"content-type", b"application/xml;charset=UTF-8"), *NO_STORE)
_SOON: Final[Header] = (b"retry-after", b"1")
_encode: Final = msgspec.json.Encoder().encode


def json_reply(value: Any, status: int = 200, headers: tuple[Header, ...] = ()) -> Reply:
    """Return a JSON answer that nobody stores."""
    return Reply(status, _encode(value), _JSON + headers)


def text_reply(text: str, status: int = 200) -> Reply:
    """Return a plain text answer that nobody stores."""
    return Reply(status, text.encode(), _TEXT)


def form_reply(pairs: Mapping[str, str], status: int = 200) -> Reply:
    """Return an urlencoded answer; blanks are %20, as Salesforce writes them."""
    return Reply(status, urlencode(pairs, quote_via=quote).encode(), _FORM)


def tagged_reply(call: Call, body: bytes, headers: tuple[Header, ...], etag: bytes = b"") -> Reply:
    """Return what clients may keep, under its ETag; 304 to who has it already (RFC 9110, section 13.1.2)."""
    etag = etag or b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    tagged = ((b"etag", etag), *headers)
    held = (call.header(b"if-none-match") or b"").split(b",")
    if any(tag.strip().removeprefix(b"W/") in (etag, b"*") for tag in held):
        return Reply(304, b"", tagged)
    return Reply(200, body, tagged)


def formatted_reply(call: Call, asked: str, fields: Mapping[str, str], status: int = 200) -> Reply:
    """Return an answer of Salesforce's token endpoint in the format asked for (1.10): `format` beats Accept."""
    wanted = asked.lower() if asked else accepted_format(call)
    if wanted == "urlencoded":
        return form_reply(fields, status)
    if wanted == "xml":
        return Reply(status, xml_document("OAuth", fields), XML)
    return json_reply(fields, status)


def note(
    server: Server,
    call: Call,
    refusal: Refusal,
    wire: Wire,
    *,
    findings: tuple[Finding, ...] = (),
    left: tuple[str, ...] = (),
    org_id: str = "",
    app_id: str = "",
    user_id: str = "",
) -> None:
    """Queue a refusal for `explain`, and count it, behind the answer. `left`: what was not looked at any more."""
    now = server.clock.now_ms()
    server.tally.add(org_id, of_kind(REFUSALS, AppKind.of_id(app_id)), refusal.reason.id, now)
    server.refusals.add(
        Refused(
            request_id=call.request_id,
            at=now,
            endpoint=f"{call.method} {call.path[:200]}",
            refusal=refusal,
            wire=wire,
            findings=findings,
            left=left,
            received=received(call),
            org_id=org_id,
            app_id=app_id,
            user_id=user_id,
            address=call.address,
        )
    )


def refuse_oauth(door: Door, call: Call, refusal: Refusal, asked_format: str = "", *, error_uri: str = "") -> Reply:
    """Put a refusal as an OAuth error of a door: JSON, or the format asked for at Salesforce's (2.4)."""
    return come_again(_oauth_error(door, call, refusal.reason.wire(door.voice), asked_format, error_uri))


def _oauth_error(door: Door, call: Call, wire: Wire, asked_format: str, error_uri: str) -> Reply:
    fields = {"error": wire.error, "error_description": wire.says}
    if error_uri:
        fields["error_uri"] = error_uri
    if door.voice is Voice.STANDARDS:
        headers: tuple[Header, ...] = ()
        if wire.status == 401:
            headers = ((b"www-authenticate", b'Basic realm="grantway", charset="UTF-8"'),)
        if wire.status == 405:
            headers = ((b"allow", b"POST"),)
        return json_reply(fields, wire.status, headers)
    return formatted_reply(call, asked_format, fields, wire.status)


def bearer_reply(wire: Wire, needs: str) -> Reply:
    """Return the answer of a protected resource at the standards' door, with its challenge."""
    fields = {"error": wire.error, "error_description": wire.says} if wire.error else {}
    return json_reply(fields, wire.status, ((b"www-authenticate", challenge(wire, needs)),))


def challenge(wire: Wire, needs: str) -> bytes:
    """Return the challenge of a protected resource; of a scope that lacks it names the one it needs (RFC 6750, 3)."""
    told = {"error": wire.error, "error_description": wire.says} if wire.error else {}
    if wire.error == "insufficient_scope":
        told["scope"] = needs
    return "".join(('Bearer realm="grantway"', *(f', {name}="{value}"' for name, value in told.items()))).encode()


def voice_of(path: str) -> Voice:
    """Return the voice in which a path refuses, known before anything else of a request is."""
    if path.startswith("/services/data"):
        return Voice.DATA
    if path.startswith("/id/") or path == "/services/oauth2/userinfo":
        return Voice.IDENTITY
    return door_of(path).voice


def refuse_at_edge(path: str, refusal: Refusal) -> Reply:
    """Put a refusal that the HTTP edge makes (404, 405, 413, 431 …) in the dialect of the path (decision 1)."""
    voice = voice_of(path)
    return come_again(_edge_error(voice, refusal.reason.wire(voice)))


def _edge_error(voice: Voice, wire: Wire) -> Reply:
    if voice is Voice.DATA:
        return json_reply([{"errorCode": wire.error, "message": wire.says}], wire.status)
    if voice is Voice.IDENTITY:
        return text_reply(wire.error, wire.status)
    return json_reply({"error": wire.error, "error_description": wire.says}, wire.status)


def come_again(reply: Reply) -> Reply:
    """Say when to come again, where that may help (R5)."""
    return Reply(503, reply.body, (*reply.headers, _SOON)) if reply.status == 503 else reply


EDGE_REASONS: Final = {
    400: no.MALFORMED,
    404: no.PATH_UNKNOWN,
    405: no.METHOD_NOT_ALLOWED,
    408: no.TOO_SLOW,
    413: no.TOO_LARGE,
    414: no.URL_TOO_LONG,
    415: no.MEDIA_TYPE,
    421: no.HOST_UNKNOWN,
    431: no.HEADERS_TOO_LARGE,
    503: no.UNAVAILABLE,
}
