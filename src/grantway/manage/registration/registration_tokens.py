"""Initial access tokens: whoever has an app's registers apps that belong to it (RFC 7591; connected-apps.md 2.2)."""

from dataclasses import dataclass
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.kit.secrets import Secret, fingerprint, new_opaque
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import demand_power_of
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound
from grantway.store.statement import Statement

MOST: Final = 100
"""How many apps may belong to one (salesforce-oauth.md 3.23)."""
_SET: Final = Statement(
    "INSERT INTO initial_access_token (app_id, hash, created_at, created_by, used_at)"
    " VALUES (:app_id, :hash, :now, :created_by, NULL)"
    " ON CONFLICT (app_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at,"
    " created_by = excluded.created_by, used_at = NULL"
)
_DROP: Final = Statement("DELETE FROM initial_access_token WHERE app_id = :app_id RETURNING app_id")
_OF: Final = Statement(
    "SELECT t.created_at, COALESCE(u.username, ''), t.used_at FROM initial_access_token t"
    " LEFT JOIN person u ON u.id = t.created_by WHERE t.app_id = :app_id"
)
_CHILDREN: Final = Statement("SELECT COUNT(*) FROM app WHERE parent_id = :app_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registering:
    """What is known of the registration with an app: its token, if it has one, and how many apps came by it.

    Times in ms; `created_by` is empty for the operator, `used_at` None while nobody registered with this token.
    """

    app: InstalledApp
    has_token: bool
    created_at: int = 0
    created_by: str = ""
    used_at: int | None = None
    registered: int = 0


async def look(desk: Desk, org: Org, name: str) -> Registering:
    """Return whether an app has an initial access token, and how many apps registered; never the token.

    Raises:
        ManageProblem: no right, no such app, or an app of another org.
    """
    app = await _parent(desk, org, name)
    row = await desk.session.one(_OF, app.id)
    children = await desk.session.one(_CHILDREN, app.id)
    known: dict[str, Any] = dict(zip(("created_at", "created_by", "used_at"), row, strict=True)) if row else {}
    count = cast(int, children[0]) if children else 0
    return Registering(app=app, has_token=row is not None, registered=count, **known)


async def make(desk: Desk, org: Org, name: str) -> Secret:
    """Make an app's initial access token anew and return it; the one before ends at once. Nobody can read it again.

    Raises:
        ManageProblem: no right, no such app, one that acts as a user with more rights, or one that no app can register
            with.
    """
    token = new_opaque()
    async with desk.changing() as changing:
        app = await _parent(changing, org, name)
        if app[s.CLIENT_CREDENTIALS] and app[s.RUN_AS]:
            await demand_power_of(changing, app[s.RUN_AS], f"let apps share what acts as {app[s.RUN_AS]}")
        if app.is_registered:
            raise ManageProblem(f"{app.app.name} registered itself: no app can belong to it")
        if not app[s.OAUTH_ENABLED]:
            raise ManageProblem.at("oauth_enabled", f"{app.app.name} has no OAuth settings for others to share")
        now = changing.clock.now_ms()
        await changing.run(_SET, app_id=app.id, hash=fingerprint(token), now=now, created_by=changing.caller.user_id)
        await changing.audit("admin.app.registration_token", org.id, app_id=app.id, name=app.app.name)
    return Secret(token)


async def revoke(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Take an app's initial access token away; apps that registered with it stay.

    Raises:
        ManageProblem: no right, no such app, or (NotFound) it has none.
    """
    async with desk.changing() as changing:
        app = await _parent(changing, org, name)
        if not await changing.run(_DROP, app.id):
            raise NotFound(f"{app.app.name} has no initial access token")
        await changing.audit("admin.app.registration_token_revoke", org.id, app_id=app.id, name=app.app.name)
        return app


async def _parent(desk: Desk, org: Org, name: str) -> InstalledApp:
    """Return an app of this org whose keys the caller may give out: such a token is as good as one (S38)."""
    app = await apps.find(desk, org, name)
    desk.caller.needs(Right.ROTATE_KEYS, org.id, app.kind)
    if not app.is_at_home:
        raise ManageProblem(f"{app.app.name} belongs to another org: only that one lets apps register with it")
    return app
