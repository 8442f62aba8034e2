"""Reasons at the admin API: the form of its requests, and what an administrator's operation says no to."""

from typing import Final

from grantway.protocol.refusal import Reason, oauth

_DETAIL: Final = "{problem}"

BAD_REQUEST: Final = Reason(
    id="admin.bad_request",
    wires=oauth("bad_request", "The request cannot be read"),
    means=_DETAIL,
    remedy="Compare the request with /setup/api/openapi.json.",
)
NOT_ALLOWED: Final = Reason(
    id="admin.not_allowed",
    wires=oauth("not_allowed", "The token's user may not do this", status=403),
    means=_DETAIL,
    remedy="Give the user the permission that is named, by profile or permission set.",
)
NOT_FOUND: Final = Reason(
    id="admin.not_found",
    wires=oauth("not_found", "There is no such thing", status=404),
    means=_DETAIL,
    remedy="Look in the list; names and ids are those of the token's org.",
)
CONFLICT: Final = Reason(
    id="admin.conflict",
    wires=oauth("conflict", "Somebody else was there first", status=409),
    means="Another request made the same, or changed what this one names; nothing of this one was done.",
    remedy="Look what is there now, and ask again if it is still needed.",
)
CHANGED_MEANWHILE: Final = Reason(
    id="admin.changed_meanwhile",
    wires=oauth("changed_meanwhile", "Changed since it was read", status=412),
    means="The resource is not the one that If-Match names: it was changed meanwhile, and nothing was overwritten.",
    remedy="Get it again, look what changed, and repeat the change with the new ETag.",
)
INVALID: Final = Reason(
    id="admin.invalid",
    wires=oauth("invalid", "Not done: something in the request does not fit", status=422),
    means=_DETAIL,
    remedy="Change the fields that `errors` names.",
)
VERSION_MISSING: Final = Reason(
    id="admin.version_missing",
    wires=oauth("version_missing", "If-Match is missing", status=428),
    means="A change needs If-Match with the ETag that was read, so that nobody's change is overwritten unseen.",
    remedy="Get the resource, and send its ETag as If-Match.",
)
