"""Reasons about the form of a request, before any app is known."""

from typing import Final

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason, Wire, oauth


def _http(error: str, says: str, status: int, word: str) -> dict[Voice, Wire]:
    wire = Wire(error=error, says=says, status=status)
    return {
        Voice.SALESFORCE: wire,
        Voice.STANDARDS: wire,
        Voice.IDENTITY: Wire(error=word, says=says, status=status),
        Voice.DATA: Wire(error=word, says=says, status=status),
    }


MUST_POST: Final = Reason(
    id="request.must_post",
    wires=oauth(
        "invalid_request",
        "must use HTTP POST",
        standards=Wire(error="invalid_request", says="this endpoint takes POST only", status=405),
    ),
    means="The request came by {method}; this endpoint takes POST only, so that nothing secret stands in a URL.",
    remedy="Send the parameters as a form in the body of a POST.",
)
METHOD_NOT_ALLOWED: Final = Reason(
    id="request.method_not_allowed",
    wires=_http("invalid_request", "this method is not allowed here", 405, "METHOD_NOT_ALLOWED"),
    means="{path} does not answer to {method}.",
    remedy="Use one of the methods that the Allow header names.",
)
PATH_UNKNOWN: Final = Reason(
    id="request.path_unknown",
    wires=_http("not_found", "the requested resource does not exist", 404, "NOT_FOUND")
    | {Voice.DATA: Wire(error="NOT_FOUND", says="The requested resource does not exist", status=404)},
    means="There is nothing at this path.",
    remedy="Look the endpoint up in the discovery document.",
)
MALFORMED: Final = Reason(
    id="request.malformed",
    wires=_http("invalid_request", "the request is malformed", 400, "MALFORMED_REQUEST"),
    means="The request could not be read: {problem}.",
    remedy="Look at what the client sends; a library that builds the request for you avoids this.",
)
TOO_LARGE: Final = Reason(
    id="request.too_large",
    wires=_http("invalid_request", "the request body is too large", 413, "REQUEST_TOO_LARGE"),
    means="The body is larger than this endpoint takes.",
    remedy="OAuth requests have at most 64 kB.",
)
URL_TOO_LONG: Final = Reason(
    id="request.url_too_long",
    wires=_http("invalid_request", "the URL is too long", 414, "URI_TOO_LONG"),
    means="The URL is longer than the server takes.",
    remedy="Send long values in the body of a POST.",
)
MEDIA_TYPE: Final = Reason(
    id="request.media_type",
    wires=_http("invalid_request", "unsupported content type", 415, "UNSUPPORTED_MEDIA_TYPE"),
    means="The body came as {media_type}, which this endpoint does not take.",
    remedy="Send {wanted}, not compressed.",
)
HEADERS_TOO_LARGE: Final = Reason(
    id="request.headers_too_large",
    wires=_http("invalid_request", "the request headers are too large", 431, "HEADERS_TOO_LARGE"),
    means="The headers have more than 16 kB or 100 fields.",
    remedy="Send fewer or smaller headers.",
)
TOO_SLOW: Final = Reason(
    id="request.too_slow",
    wires=_http("invalid_request", "the request took too long to arrive", 408, "REQUEST_TIMEOUT"),
    means="The request was not complete before the deadline.",
    remedy="Send the request in one go.",
)
HOST_UNKNOWN: Final = Reason(
    id="request.host_unknown",
    wires=_http("invalid_request", "this server does not answer to that host name", 421, "HOST_UNKNOWN"),
    means="The Host header is none of the server's names.",
    remedy="Call the server by its base URL, or start it with the base URL that clients use (serve --base-url).",
)
PARAMETER_REPEATED: Final = Reason(
    id="request.parameter_repeated",
    wires=oauth("invalid_request", "a parameter is given more than once"),
    means="The parameter {parameter} is given more than once.",
    remedy="Send each parameter once (RFC 6749, section 3.1).",
)
PARAMETER_MISSING: Final = Reason(
    id="request.parameter_missing",
    wires=oauth("invalid_request", "a required parameter is missing"),
    means="The parameter {parameter} is missing or empty.",
    remedy="Send it.",
)
PARAMETER_INVALID: Final = Reason(
    id="request.parameter_invalid",
    wires=oauth("invalid_request", "a parameter has a value that is not taken"),
    means="The parameter {parameter} has a value that is not taken: {problem}.",
    remedy="Send one of the values that the documentation names.",
)
SECRET_IN_URL: Final = Reason(
    id="request.secret_in_url",
    wires=_http("invalid_request", "secrets are not accepted in the URL", 400, "SECRET_IN_URL"),
    means="The parameter {parameter} came in the URL, where logs and histories keep it.",
    remedy="Send it in the body of a POST. Change the secret if it was a real one.",
)
SECRET_IN_LEGACY_URL: Final = Reason(
    id="request.secret_in_legacy_url",
    wires=SECRET_IN_URL.wires,
    means="The parameter {parameter} came in the URL, where logs keep it, and the org does not allow that.",
    remedy=(
        "Send it in the body of a POST, and change the secret if it was a real one. Only to test old clients: "
        "allow_legacy_query_parameters=true for the org has this endpoint read it."
    ),
    setting=s.ALLOW_LEGACY_QUERY_PARAMETERS,
)
REVOKED_BY_GET: Final = Reason(
    id="request.revoked_by_get",
    wires=MUST_POST.wires,
    means="A token came in the URL of a GET to be revoked, where logs keep it, and its org does not allow that.",
    remedy="Send it in the body of a POST. Only to test old clients: allow_legacy_query_parameters=true for the org.",
    setting=s.ALLOW_LEGACY_QUERY_PARAMETERS,
)
GRANT_TYPE_MISSING: Final = Reason(
    id="request.grant_type_missing",
    wires=oauth(
        "unsupported_grant_type",
        "grant type not supported",
        standards=Wire(error="invalid_request", says="grant_type is missing"),
    ),
    means="The request has no grant_type. Often the body was not sent as a form.",
    remedy="Send grant_type in an application/x-www-form-urlencoded body.",
)
GRANT_TYPE_UNKNOWN: Final = Reason(
    id="request.grant_type_unknown",
    wires=oauth("unsupported_grant_type", "grant type not supported"),
    means="The server does not know the grant type {grant_type}.",
    remedy="The discovery document lists the grant types there are.",
)
UNAVAILABLE: Final = Reason(
    id="server.unavailable",
    wires=_http("temporarily_unavailable", "retry your request", 503, "SERVER_UNAVAILABLE"),
    means="The database did not take the request in time; nothing was changed.",
    remedy="Try again. If it goes on, look at the server's log and at /readyz.",
)
OUTCOME_UNKNOWN: Final = Reason(
    id="server.outcome_unknown",
    wires=_http("temporarily_unavailable", "retry your request", 503, "SERVER_UNAVAILABLE"),
    means="The database was lost while it committed, and could not be asked in time whether it had.",
    remedy="Look whether what was asked for is there before asking again; then look at the server's log and /readyz.",
)
INTERNAL: Final = Reason(
    id="server.internal",
    wires=_http("server_error", "retry your request", 500, "UNKNOWN_EXCEPTION"),
    means="The server met something it was not built for; nothing was issued.",
    remedy="Look the request id up in the server's log and report it.",
)
