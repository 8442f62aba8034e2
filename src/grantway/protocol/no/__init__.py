"""Every reason to refuse, one module per part of a request; `no.code.CODE_REUSED(…)` makes a refusal.

Ids are stable: events, documentation and tests name them. `by_id` finds a reason when a stored refusal is explained.
"""

from typing import Final

from grantway.protocol.no import (
    administration,
    app,
    assertion,
    asset,
    authorize,
    bearer,
    client,
    code,
    data,
    document,
    exchange,
    machine,
    password,
    refresh,
    registration,
    request,
    resource,
    saml,
    sso,
)
from grantway.protocol.refusal import Reason

ALL: Final[dict[str, Reason]] = {
    reason.id: reason
    for module in (
        request,
        client,
        assertion,
        asset,
        saml,
        sso,
        app,
        code,
        refresh,
        machine,
        registration,
        password,
        authorize,
        bearer,
        administration,
        data,
        resource,
        document,
        exchange,
    )
    for reason in vars(module).values()
    if isinstance(reason, Reason)
}


def by_id(reason_id: str) -> Reason | None:
    """Return the reason with an id, or None when this release does not know it."""
    return ALL.get(reason_id)
