"""What a person has allowed an app before, and whether that covers a new request (S9)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.endpoints.authorization.flow import Flow, event
from grantway.protocol.authorization import AuthorizationRequest
from grantway.protocol.scopes import allowed_by
from grantway.settings.callbacks import is_private_use
from grantway.store.approvals import RESOURCES_KEPT, Approval, approval_of, approve
from grantway.store.browsers import LoggedIn
from grantway.store.statement import Step

# Stands for all that is answered under the base URL, where no resource is named. No URI is written so.
_HERE: Final = "*"


async def earlier_approval(flow: Flow, here: InstalledApp) -> Approval | None:
    """Return what the person has approved for the app, unless it was taken back since."""
    person = flow.person
    if person is None:
        return None
    approval = await approval_of(flow.server.db, person.user.id, here.id)
    taken_back = max(person.user.not_before, here.org.not_before, here.policy.not_before if here.policy else 0)
    return approval if approval is not None and approval.last_at > taken_back else None


def is_remembered(request: AuthorizationRequest, app: InstalledApp, approval: Approval | None) -> bool:
    """Tell whether an earlier yes covers this request."""
    if approval is None or "consent" in request.prompts:
        return False
    if not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW] and is_private_use(request.redirect_uri):
        # Any program on the person's device can pose as this app, so an earlier yes proves nothing (S9).
        return False
    if not set(_named(request.resources)) <= set(_named(approval.resources.split())):
        return False
    return allowed_by(request.scopes) <= allowed_by(tuple(approval.scopes.split()))


def approval_steps(
    flow: Flow, person: LoggedIn, here: InstalledApp, earlier: Approval | None, now_ms: int
) -> tuple[Step, ...]:
    """Return the steps that remember and record a yes. One who allows less than before takes nothing back by it."""
    user = person.user
    held = earlier.scopes.split() if earlier else []
    scopes = " ".join(dict.fromkeys((*held, *flow.request.scopes)))
    named = _named(earlier.resources.split()) if earlier else ()
    resources = list(dict.fromkeys((*_named(flow.request.resources), *named)))[:RESOURCES_KEPT]
    detail = msgspec.json.encode({"scopes": " ".join(flow.request.scopes), "first": earlier is None}).decode()
    return (
        approve(user.id, here.id, scopes, now_ms, " ".join(resources) if resources != [_HERE] else ""),
        event(flow, "approval.given", user.org_id, user.id, detail),
    )


def _named(resources: Iterable[str]) -> tuple[str, ...]:
    """Return what a yes is for: a yes to one resource server alone is none to this server's own APIs."""
    return tuple(resources) or (_HERE,)
