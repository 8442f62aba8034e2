"""Settings that contradict or weaken each other: said where they are made, in words that say what to change."""

from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.manage.desk import Desk
from grantway.protocol.scopes import allows_refresh
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import Statement

_NAMES: Final = (
    (s.PROFILES, "profile", Statement("SELECT name FROM profile WHERE org_id = :org_id")),
    (s.PERMISSION_SETS, "permission set", Statement("SELECT name FROM permission_set WHERE org_id = :org_id")),
)


async def warnings_about(desk: Desk, app: InstalledApp) -> tuple[str, ...]:
    """Return what should be looked at in an app's settings; empty when nothing should."""
    if not app[s.OAUTH_ENABLED]:
        return ()
    return (*_of_settings(app), *await _of_assignments(desk, app))


def _of_settings(app: InstalledApp) -> tuple[str, ...]:
    found = []
    scopes: tuple[str, ...] = app[s.SCOPES]
    public = not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]
    if app[s.CLIENT_CREDENTIALS] and not app[s.RUN_AS]:
        found.append("client_credentials is on, but no run_as user is named: the flow will refuse")
    if not app[s.CALLBACK_URL] and not app[s.CLIENT_CREDENTIALS]:
        found.append("there is no callback_url: nobody can log in through this app")
    if not scopes:
        found.append("no scopes are selected: every request will be refused")
    if public and not app[s.REQUIRE_PKCE]:
        found.append("the web server flow needs no secret and no PKCE: set require_pkce=true")
    if "full" in scopes:
        found.append("the scope full is too wide for most apps: select what it needs")
    if allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form == "infinite":
        found.append("refresh tokens never end: set refresh_token_policy=specific_inactivity:30:DAYS")
    if app[s.ROTATION_OVERLAP] and not app[s.REFRESH_TOKEN_ROTATION]:
        found.append("rotation_overlap does nothing while refresh_token_rotation is off")
    return tuple(found)


async def _of_assignments(desk: Desk, app: InstalledApp) -> tuple[str, ...]:
    approved = app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED
    found = []
    if approved and not app[s.PROFILES] and not app[s.PERMISSION_SETS]:
        found.append(
            "only admin approved users may use the app, but no profiles or permission_sets are named: nobody may"
        )
    for setting, word, statement in _NAMES:
        named = app[setting]
        if not named:
            continue
        there = {cast(str, row[0]) for row in await desk.session.all(statement, app.org.id)}
        if missing := [name for name in named if name not in there]:
            found.append(f"{setting.name}: there is no {word} yet named {', '.join(missing)}")
    return tuple(found)
