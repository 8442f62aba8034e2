"""Users whom an app's policies no longer let in, and the end of what they granted (connected-apps.md 3.1)."""

from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.manage.desk import Desk
from grantway.manage.live.live_grants import GrantHolder, holders_of
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import SqlValue, Statement

_HOLD_A_SET: Final = Statement(
    "SELECT m.person_id FROM permission_set_assignment m JOIN permission_set t ON t.id = m.permission_set_id"
    " WHERE t.org_id = :org_id AND t.name = :name"
)
_OF: Final = "org_id = :org_id AND app_id = :app_id AND user_id = :user_id"
_END_LINES: Final = Statement(
    "UPDATE token_family SET revoked_at = :now, revoked_why = 'policy.admin_approved'"  # noqa: S608 - our own names
    f" WHERE {_OF} AND revoked_at IS NULL"
)
_END_CODES: Final = Statement(f"DELETE FROM authorization_code WHERE {_OF} AND spent_at IS NULL")  # noqa: S608 - our own names
_FORGET: Final = Statement("DELETE FROM approval WHERE person_id = :user_id AND app_id = :app_id")


def begins_admin_approval(before: InstalledApp, after: InstalledApp) -> bool:
    """Whether a change takes an app from self-authorized users to admin approved ones."""
    admin = PermittedUsers.ADMIN_APPROVED
    return before[s.PERMITTED_USERS] is not admin and after[s.PERMITTED_USERS] is admin


async def left_out(desk: Desk, app: InstalledApp) -> tuple[GrantHolder, ...]:
    """Return the users with lines of an app who are in none of its profiles and permission sets."""
    holders = await holders_of(desk, app)
    approved: set[str] = set()
    for name in app[s.PERMISSION_SETS]:
        approved |= {cast(str, row[0]) for row in await desk.session.all(_HOLD_A_SET, app.org.id, name)}
    return tuple(one for one in holders if one.profile not in app[s.PROFILES] and one.user_id not in approved)


async def end_grants(changing: Desk, app: InstalledApp) -> int:
    """End what users who are left out granted: lines, codes and approvals. Returns how many live grants ended.

    A line that has no refresh token ends with them, though it is no grant; assigning the users later brings none back.
    """
    ended = 0
    for one in await left_out(changing, app):
        values: dict[str, SqlValue] = {
            "org_id": app.org.id,
            "app_id": app.id,
            "user_id": one.user_id,
            "now": changing.clock.now_ms(),
        }
        for statement in (_END_LINES, _END_CODES, _FORGET):
            await changing.run(statement, **values)
        ended += one.grants
    return ended
