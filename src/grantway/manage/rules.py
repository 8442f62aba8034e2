"""Settings that contradict or weaken each other: said where they are made, in words that say what to change."""

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.protocol.scopes import allows_refresh


def warnings_about(app: InstalledApp) -> tuple[str, ...]:
    """Return what should be looked at in an app's settings; empty when nothing should."""
    found = []
    public = not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]
    if not app[s.OAUTH_ENABLED]:
        return ()
    if app[s.CLIENT_CREDENTIALS] and not app[s.RUN_AS]:
        found.append("client_credentials is on, but no run_as user is named: the flow will refuse")
    if not app[s.CALLBACK_URL] and not app[s.CLIENT_CREDENTIALS]:
        found.append("there is no callback_url: nobody can log in through this app")
    if not app[s.SCOPES]:
        found.append("no scopes are selected: every request will be refused")
    if public and not app[s.REQUIRE_PKCE]:
        found.append("the web server flow needs no secret and no PKCE: set require_pkce=true")
    if "full" in app[s.SCOPES]:
        found.append("the scope full is too wide for most apps: select what it needs")
    scopes: tuple[str, ...] = app[s.SCOPES]
    if allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form == "infinite":
        found.append("refresh tokens never end: set refresh_token_policy=specific_inactivity:30:DAYS")
    return tuple(found)
