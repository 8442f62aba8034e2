"""Events: what happened to tokens, users and apps, written in the same commit; never changed (S43)."""

from typing import Final

from grantway.kit.ids import Sequence
from grantway.store.statement import Insert, Step

_ADD: Final = Insert("event", ["id", "at", "kind", "org_id", "app_id", "user_id", "address", "request_id", "detail"])
# The audit trail is read in the order of ids: records of one millisecond stand in the order they were made in.
_ids: Final = Sequence()


def add_event(
    kind: str,
    *,
    at: int,
    org_id: str,
    app_id: str = "",
    user_id: str = "",
    address: str = "",
    request_id: str = "",
    detail: str = "",
) -> Step:
    """Record that something happened at `at` (ms). `detail` is JSON text or empty, and never holds a secret."""
    return Step(_ADD, (_ids.next(at), at, kind, org_id, app_id, user_id, address, request_id, detail))
