"""Reasons at the data API about keys and secrets of external client apps (connected-apps.md 2.5, 2.8)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason, Wire, oauth

_DETAIL: Final = "{problem}"


def _data(error: str, says: str, status: int) -> dict[Voice, Wire]:
    return oauth(error.lower(), says, status=status) | {Voice.DATA: Wire(error=error, says=says, status=status)}


SECRETS_CLOSED: Final = Reason(
    id="data.secrets_closed",
    wires=_data(
        "FUNCTIONALITY_NOT_ENABLED",
        f"This feature is not currently enabled: {s.CONSUMER_SECRETS_BY_REST.label} is off in this org",
        403,
    ),
    means="Consumer secrets of external client apps are not open to the data API in this org.",
    remedy="Switch it on for the org, or use Setup, the command line or the admin API, which need no switch.",
    setting=s.CONSUMER_SECRETS_BY_REST,
)
NOT_ALLOWED: Final = Reason(
    id="data.not_allowed",
    wires=_data("INSUFFICIENT_ACCESS", "The token's user may not do this", 403),
    means=_DETAIL,
    remedy="Give the user the permission that is named, by profile or permission set.",
)
NOT_FOUND: Final = Reason(
    id="data.not_found",
    wires=_data("NOT_FOUND", "The requested resource does not exist", 404),
    means=_DETAIL,
    remedy="Begin with the id of the external client app; each answer bears the addresses of the next.",
)
NOT_DONE: Final = Reason(
    id="data.not_done",
    wires=_data("INVALID_INPUT", "Not done: something in the request does not fit", 400),
    means=_DETAIL,
    remedy="Look at the sets that there are: GET …/staged.",
)
NO_JSON: Final = Reason(
    id="data.no_json",
    wires=_data("JSON_PARSER_ERROR", "The body is no JSON object", 400),
    means="The body could not be read as a JSON object.",
    remedy='Send the object {{"command": "rotate"}} as application/json.',
)
