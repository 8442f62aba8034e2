"""The claim `act`: who acts for the user (RFC 8693, section 4.1)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

_LIMIT: Final = 2000


def actor_of(actor: Mapping[str, Any] | None, subject: Mapping[str, Any]) -> str | None:
    """Return the claim `act` as JSON, for the claims of an actor; who acted before stands within it.

    Empty where nobody acts: there is no actor, and none stands in the subject's token. None where the actor has no
    name, or the chain grew too long to be kept.
    """
    before = subject.get("act")
    if before is not None and not isinstance(before, dict):
        return None
    if actor is None:
        if before is None:
            return ""
        act = before
    else:
        sub = actor.get("sub")
        if not isinstance(sub, str) or not sub:
            return None
        act = {"sub": sub}
        if isinstance(actor.get("iss"), str):
            act["iss"] = actor["iss"]
        if before is not None:
            act["act"] = before
    try:
        text = msgspec.json.encode(act).decode()
    except (UnicodeEncodeError, RecursionError, ValueError, TypeError):
        return None
    return text if len(text) <= _LIMIT and "\\u0000" not in text else None


def act_claim(text: str) -> dict[str, Any]:
    """Return the stored claim as a claim."""
    return msgspec.json.decode(text, type=dict[str, Any])
