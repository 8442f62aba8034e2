"""Which apps a profile or permission set pre-authorizes: the app's own lists, seen from the other side (3.2)."""

from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.live.left_out import left_out
from grantway.manage.people import holders
from grantway.settings.choices import PermittedUsers
from grantway.settings.setting import Setting

_LISTS: Final[dict[str, Setting[tuple[str, ...]]]] = {
    holders.PROFILES.table: s.PROFILES,
    holders.PERMISSION_SETS.table: s.PERMISSION_SETS,
}


def list_of(kind: holders.Kind) -> Setting[tuple[str, ...]]:
    """Return the setting of an app that names its profiles, or its permission sets."""
    return _LISTS[kind.table]


async def assignable(desk: Desk, org: Org, kind: holders.Kind, name: str) -> tuple[tuple[InstalledApp, bool], ...]:
    """Return the installed apps for which assignment counts (admin approved) or that name the holder; and whether so.

    Raises:
        ManageProblem: no right to read apps or to see people, or no such profile or permission set.
    """
    holder = await holders.find(desk, kind, org.id, name)
    found = []
    for app in await apps.all_apps(desk, org):
        is_named = holder.name in app[list_of(kind)]
        if app.policy is not None and (is_named or app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED):
            found.append((app, is_named))
    return tuple(found)


async def assign(desk: Desk, org: Org, kind: holders.Kind, name: str, app_name: str, *, assigned: bool = True) -> int:
    """Let the users of a profile or permission set use an app, or no longer.

    Returns how many live grants are refused from then on: of users who had the app through this alone. They are not
    ended; assigned again, they work again.

    Raises:
        ManageProblem: no right, no such profile, permission set or app, an app that is not installed, or a holder that
            gives more than the caller has.
    """
    async with desk.changing() as changing:
        holder = await holders.find(changing, kind, org.id, name)
        app = await apps.find(changing, org, app_name)
        before = app[list_of(kind)]
        if (holder.name in before) == assigned:
            return 0
        kept = tuple(one for one in before if one != holder.name)
        had = await _left_out(changing, app)
        changed = await apps.put(changing, org, app.id, {list_of(kind): kept + ((holder.name,) if assigned else ())})
        return max(0, await _left_out(changing, changed.app) - had)


async def _left_out(desk: Desk, app: InstalledApp) -> int:
    if app[s.PERMITTED_USERS] is not PermittedUsers.ADMIN_APPROVED:
        return 0
    return sum(one.grants for one in await left_out(desk, app))
