"""Apps of other orgs: installed from the list of what is in use, and uninstalled after a review."""

from typing import Final

from grantway import settings as s
from grantway.console.review import ReviewPage, ask_again, ticked
from grantway.console.visit import Route, Visit
from grantway.domain.app import AppKind, InstalledApp
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps import install as installing
from grantway.manage.problem import ManageProblem
from grantway.manage.usage import app_activity, usage

APPS: Final = "/setup/apps"


async def install(visit: Visit) -> Reply:
    """Install an app that is used or asked for here: the org gets policies for it."""
    app = await usage.find(visit.desk, visit.org, visit.params["app"])
    done = await installing.install(visit.desk, visit.org, app.id)
    return visit.go(f"{APPS}/{app.id}", saying=f"{_called(done.app)} is installed. Its policies are yours to set now.")


async def ask_uninstall(visit: Visit) -> Reply:
    """Say what uninstalling an app will do."""
    app = await _foreign(visit)
    return visit.show(await _reviewed(visit, app), here=APPS, crumbs=_crumbs(app))


async def uninstall(visit: Visit) -> Reply:
    """Take the org's policies for an app away."""
    app = await _foreign(visit)
    if not ticked(visit):
        return ask_again(visit, await _reviewed(visit, app), here=APPS, crumbs=_crumbs(app))
    await installing.uninstall(visit.desk, visit.org, app.id)
    return visit.go(APPS, saying=f"{_called(app)} is uninstalled.")


async def _foreign(visit: Visit) -> InstalledApp:
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    if app.is_at_home:
        raise ManageProblem(f"{_called(app)} is this org's own app: it cannot be uninstalled, only deleted")
    return app


async def _reviewed(visit: Visit, app: InstalledApp) -> ReviewPage:
    out = await app_activity.out_of(visit.desk, app)
    path, has = f"{APPS}/{app.id}", f"{out.grants.of('grant')} of {out.users.of('user')}"
    ends = app.kind is AppKind.EXTERNAL_CLIENT_APP or app[s.DISTRIBUTION_STATE] is s.Distribution.PACKAGED
    what = (
        f"At once {has} will end, and this org's policies for the app go."
        if ends
        else f"This org's policies for the app go, and nothing else: {has} stay, without your rules for them. "
        "To end them too, revoke all of the app first; to stop it, block it instead."
    )
    return ReviewPage(
        title=f"Uninstall {_called(app)}",
        lines=(what,),
        tick=f"End {has}." if ends else "Leave the app without this org's rules.",
        button=f"Uninstall {_called(app)}",
        action=f"{path}/uninstall",
        back=path,
    )


def _called(app: InstalledApp) -> str:
    return app[s.LABEL] or app.app.name


def _crumbs(app: InstalledApp) -> tuple[tuple[str, str], ...]:
    return (("App Manager", APPS), (_called(app), f"{APPS}/{app.id}"))


ROUTES: Final = (
    Route("/setup/apps/{name}/uninstall", get=ask_uninstall, post=uninstall),
    Route("/setup/usage/{app}/install", post=install),
)
