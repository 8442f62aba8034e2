"""What goes wrong, as problem details (RFC 9457): type, title, status, detail, the fields, the request id."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from grantway.adminapi.schema import Schema, record, text
from grantway.endpoints.answer import NO_STORE, challenge, come_again
from grantway.kit.http import Call, Header, Reply
from grantway.protocol.door import Voice
from grantway.protocol.no import administration as no
from grantway.protocol.no import bearer
from grantway.protocol.no import request as no_request
from grantway.protocol.refusal import Reason, Refusal

DOCUMENT: Final = "/setup/api/openapi.json"
# Every problem that the API names, as the document explains it.
REASONS: Final[tuple[Reason, ...]] = (
    no.BAD_REQUEST,
    bearer.TOKEN_MISSING,
    bearer.TOKEN_UNKNOWN,
    bearer.SCOPE_LACKING,
    bearer.API_DISABLED,
    no.NOT_ALLOWED,
    no.NOT_FOUND,
    no_request.METHOD_NOT_ALLOWED,
    no.CONFLICT,
    no.CHANGED_MEANWHILE,
    no_request.TOO_LARGE,
    no_request.MEDIA_TYPE,
    no.INVALID,
    no.VERSION_MISSING,
    no_request.INTERNAL,
    no_request.UNAVAILABLE,
    no_request.OUTCOME_UNKNOWN,
)
SCHEMA: Final[Schema] = record(
    {
        "type": {"type": "string", "format": "uri-reference"},
        "title": text(200),
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": record({"field": {"type": "string"}, "detail": {"type": "string"}}),
            "description": "What is wrong with each field, where a field is to blame.",
        },
        "request_id": {"type": "string", "description": "As `grantway explain` and the console take it."},
    },
    required=("type", "title", "status", "request_id"),
)
_TYPE: Final = (b"content-type", b"application/problem+json")


def problem_reply(
    call: Call,
    refusal: Refusal,
    *,
    detail: str = "",
    fields: Mapping[str, str] | None = None,
    headers: tuple[Header, ...] = (),
) -> Reply:
    """Answer with a problem. `detail` is for the caller: nothing that only the administrator may know."""
    wire = refusal.reason.wire(Voice.STANDARDS)
    if wire.status == 401 or refusal.reason is bearer.SCOPE_LACKING:
        headers = (*headers, (b"www-authenticate", challenge(wire, "api")))
    document: dict[str, Any] = {
        "type": f"{DOCUMENT}#/components/x-problems/{refusal.reason.id}",
        "title": wire.says or "An access token is needed",
        "status": wire.status,
        **({"detail": detail} if detail else {}),
        **({"errors": [{"field": name, "detail": says} for name, says in fields.items()]} if fields else {}),
        "request_id": call.request_id,
    }
    return come_again(Reply(wire.status, msgspec.json.encode(document), (_TYPE, *NO_STORE, *headers)))
