"""What a caller may do with an app, so that pages offer nothing that is refused. Operations demand it again."""

from dataclasses import dataclass

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.connected_apps.install import may_install
from grantway.manage.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class AppActs:
    """What may be done: change settings or policies, see and rotate keys, block, delete, uninstall, see grants.

    `settings`: what belongs to the app itself and not to its policies, its pictures among it.
    """

    settings: bool
    edit: bool
    keys: bool
    block: bool
    delete: bool
    uninstall: bool
    usage: bool


def acts_on(desk: Desk, org: Org, app: InstalledApp) -> AppActs:
    """Return what the caller may do with an app as an org meets it."""
    is_own, has_policy = app.app.org_id == org.id, app.policy is not None
    of_developer = is_own and desk.caller.may(Right.APPS, org.id, app.kind)
    # An app that registered says itself what it is, and one with a parent has that one's policies.
    settings = of_developer and not app.is_registered
    policies = has_policy and not app.is_child and desk.caller.may(Right.APP_POLICIES, org.id, app.kind)
    return AppActs(
        settings=settings,
        edit=settings or policies,
        keys=is_own and desk.caller.may(Right.ROTATE_KEYS, org.id, app.kind),
        block=policies,
        delete=of_developer,
        uninstall=not is_own and has_policy and may_install(desk, app),
        usage=desk.caller.may(Right.USAGE, org.id),
    )
