"""Pictures of apps: the server keeps copies, so that no page tells another server who looks at it (security.md S31)."""

from collections.abc import Sequence

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.follow_pictures import ROLES
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.store import pictures
from grantway.store.pictures import Copy

__all__ = ["fetch_again", "of_app", "shown"]


async def of_app(desk: Desk, org: Org, name: str) -> tuple[Copy, ...]:
    """Return what is known of the pictures of an app, the logo first; none of one that has no addresses of them.

    Raises:
        ManageProblem: no right, or no such app.
    """
    app = await apps.find(desk, org, name)
    return await pictures.of_app(desk.session, app.id)


async def shown(desk: Desk, apps: Sequence[InstalledApp], role: str) -> dict[str, str]:
    """Return, by the ids of apps that have pictures, the path of their logo or icon here, or of the other one."""
    ids = [app.id for app in apps if any(app[setting] for setting in ROLES.values())]
    return dict(zip(ids, await pictures.shown(desk.session, ids, role), strict=True))


async def fetch_again(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Have the server fetch an app's pictures once more, behind the answer; one that waits already only waits.

    Raises:
        ManageProblem: no right, no such app, an app of another org, or one without pictures.
    """
    async with desk.changing() as changing:
        app = await apps.find(changing, org, name)
        changing.caller.needs(Right.APPS, org.id, app.kind)
        if not app.is_at_home:
            raise ManageProblem(f"{app.app.name} belongs to another org, which keeps its pictures")
        if not any(app[setting] for setting in ROLES.values()):
            raise ManageProblem(f"{app.app.name} has no {s.LOGO_URL.label} and no {s.ICON_URL.label}")
        if await changing.run(pictures.ASK_AGAIN, desk.clock.now_ms(), app.id):
            await changing.audit("admin.app.fetch_pictures", org.id, app_id=app.id, name=app.app.name)
        return app
