"""The part of an app's keys page about registration: its initial access token, and the apps that came by it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from grantway.console.moments import Moment, moment
from grantway.domain.app import InstalledApp
from grantway.manage.desk import Desk
from grantway.manage.registration import registration_tokens

MAKE: Final = "registration_token"
REVOKE: Final = "registration_token_revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the page shows: `token` only in the answer that made it. `apps`: the list of those that registered."""

    has_token: bool
    since: Moment
    used: Moment
    by: str
    registered: int
    most: int
    apps: str
    token: str


async def registration_of(desk: Desk, app: InstalledApp, token: str = "") -> Registration | None:
    """Return what is shown of an app's registration; None for an app that registered itself.

    Raises:
        ManageProblem: no right.
    """
    if app.is_registered:
        return None
    found, now = await registration_tokens.look(desk, app.org, app.id), desk.clock.now_ms()
    return Registration(
        has_token=found.has_token,
        since=moment(found.created_at, now),
        used=moment(found.used_at or 0, now),
        by=found.created_by,
        registered=found.registered,
        most=registration_tokens.MOST,
        apps=f"/setup/apps?parent={quote(app.id)}",
        token=token,
    )
