"""The OpenAPI 3.1 document, made of the table of routes and the catalogue of settings."""

from functools import cache
from typing import Any, Final

import msgspec

from grantway import __version__
from grantway.adminapi import examples, problems
from grantway.adminapi.ask import ROOT, Route
from grantway.adminapi.routes import ROUTES
from grantway.adminapi.sent_files import CONTENT
from grantway.protocol.door import Voice

_COMMON: Final = (400, 401, 403, 404, 503)
_TITLES: Final = {
    400: "The request cannot be read",
    401: "No good access token",
    403: "The token lacks the scope, or its user a permission",
    404: "There is no such thing",
    409: "Somebody else was there first",
    412: "Changed since it was read",
    413: "The body is too large",
    415: "The body is of a type that is not read",
    422: "A field is not right, or the Idempotency-Key came with another request",
    428: "If-Match is missing",
    503: "The database does not answer; try again",
}
# The first that has the status stands as its example.
_PROBLEMS: Final = {reason.wire(Voice.STANDARDS).status: reason for reason in reversed(problems.REASONS)}
_ERRORS: Final = {
    "detail": "settings.contact_email: is missing",
    "errors": [{"field": "settings.contact_email", "detail": "is missing"}],
}
_ETAG: Final = {"ETag": {"schema": {"type": "string"}, "description": "For If-Match and If-None-Match."}}


@cache
def document_bytes() -> bytes:
    """Return the document as it is served."""
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grantway admin API",
            "version": __version__,
            "summary": "Connected apps, their policies, users, tokens and refusals of one org.",
            "description": "Bearer access tokens with the scope api or full; the token's user must have API Enabled"
            " and what each operation names. How to use it: docs/admin-api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": problems.SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Scope `api` or `full`."}},
            "x-problems": {
                reason.id: {
                    "title": reason.wire(Voice.STANDARDS).says or "An access token is needed",
                    "status": reason.wire(Voice.STANDARDS).status,
                    "remedy": reason.remedy,
                }
                for reason in problems.REASONS
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    if route.gives is not None:
        content: dict[str, Any] = {"schema": route.gives}
        if route.gives_type == "application/json":
            content["example"] = examples.answer_of(route.gives)
        success["content"] = {route.gives_type: content}
    if route.method == "GET":
        success["headers"] = _ETAG
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Right: {route.right}.",
        "parameters": _parameters(route),
        "responses": {str(route.status): success, **{str(status): _refusal(status) for status in _refusals(route)}},
    }
    if route.method == "GET":
        found["responses"]["304"] = {"description": "Not changed since If-None-Match."}
    if route.takes is not None:
        body: dict[str, Any] = {"schema": route.takes, "example": examples.REQUESTS[route.name]}
        accepted = {"application/json": body, **(CONTENT if route.takes_files else {})}
        found["requestBody"] = {"required": route.body_required, "content": accepted}
    return found


def _parameters(route: Route) -> list[dict[str, Any]]:
    name = {"type": "string", "minLength": 1, "maxLength": 256}
    found: list[dict[str, Any]] = [
        {"name": place, "in": "path", "required": True, "schema": name, "description": "Its name or id."}
        for place in route.places
    ]
    found += [
        {"name": one.name, "in": "query", "required": one.required, "schema": one.schema, "description": one.help}
        for one in route.query
    ]
    if route.guarded:
        found.append(_header("If-Match", "The ETag that was read, or *.", required=True))
    if route.once:
        schema: dict[str, Any] = {"pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255}
        found.append(
            _header("Idempotency-Key", "The same key and request give the same answer for 24 hours.", **schema)
        )
    return found


def _header(name: str, help_: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": help_,
        "schema": {"type": "string", **schema},
    }


def _refusals(route: Route) -> tuple[int, ...]:
    found = list(_COMMON)
    if route.method != "GET":
        found += [409, 413, 422]
    if route.takes is not None:
        found.append(415)
    if route.guarded:
        found += [412, 428]
    return tuple(sorted(found))


def _refusal(status: int) -> dict[str, Any]:
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "example": {
            "type": f"{problems.DOCUMENT}#/components/x-problems/{_PROBLEMS[status].id}",
            "title": _PROBLEMS[status].wire(Voice.STANDARDS).says or "An access token is needed",
            "status": status,
            "request_id": "7Q4M-K2XD-90VB",
            **(_ERRORS if status == 422 else {}),
        },
    }
    return {"description": _TITLES[status], "content": {"application/problem+json": content}}
