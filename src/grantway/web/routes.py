"""Which path leads where: the one table of the server's routes."""

from dataclasses import dataclass
from typing import Final

from grantway.endpoints import discovery, health, people, static
from grantway.endpoints.authorize import authorize
from grantway.endpoints.consent import consent
from grantway.endpoints.introspect import introspect
from grantway.endpoints.login import login
from grantway.endpoints.pictures import picture
from grantway.endpoints.register import register, registered
from grantway.endpoints.revoke import revoke
from grantway.endpoints.token import token
from grantway.orgdata import credentials, resources
from grantway.web.later import Endpoint, Later

READ: Final = ("GET", "HEAD")
ANY: Final = ("GET", "HEAD", "POST")
OF_A_CLIENT: Final = ("GET", "PUT", "DELETE")
FROM_ANY_PAGE: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint and the methods it is asked with; endpoints that take POST only say so in their own dialect."""

    endpoint: Endpoint
    methods: tuple[str, ...] = ()


def _setup() -> Endpoint:
    from grantway.console.dispatch import setup

    return setup


def _api() -> Endpoint:
    from grantway.adminapi.dispatch import api

    return api


# A third of all that serving could need, and many a server never shows a page of them.
_SETUP: Final = Route(Later(_setup), ANY)
EXACT: Final[dict[str, Route]] = {
    "/services/oauth2/token": Route(token),
    "/oidc/token": Route(token),
    "/services/oauth2/introspect": Route(introspect),
    "/oidc/introspect": Route(introspect),
    "/services/oauth2/revoke": Route(revoke),
    "/oidc/revoke": Route(revoke),
    "/services/oauth2/register": Route(register),
    "/oidc/register": Route(register),
    "/services/oauth2/userinfo": Route(people.userinfo, ANY),
    "/oidc/userinfo": Route(people.userinfo, ANY),
    "/services/oauth2/authorize": Route(authorize, ANY),
    "/oidc/authorize": Route(authorize, ANY),
    "/login": Route(login, ANY),
    "/setup/secur/RemoteAccessAuthorizationPage.apexp": Route(consent, ANY),
    "/id/keys": Route(discovery.jwks, FROM_ANY_PAGE),
    "/oidc/jwks": Route(discovery.jwks, FROM_ANY_PAGE),
    "/.well-known/openid-configuration": Route(discovery.metadata, FROM_ANY_PAGE),
    "/.well-known/oauth-authorization-server": Route(discovery.metadata, FROM_ANY_PAGE),
    "/oidc/.well-known/openid-configuration": Route(discovery.metadata, FROM_ANY_PAGE),
    "/oidc/.well-known/oauth-authorization-server": Route(discovery.metadata, FROM_ANY_PAGE),
    "/.well-known/openid-configuration/oidc": Route(discovery.metadata, FROM_ANY_PAGE),
    "/.well-known/oauth-authorization-server/oidc": Route(discovery.metadata, FROM_ANY_PAGE),
    "/.well-known/auth-configuration": Route(discovery.auth_configuration, FROM_ANY_PAGE),
    "/services/data": Route(resources.versions, READ),
    "/services/data/": Route(resources.versions, READ),
    "/healthz": Route(health.alive, READ),
    "/readyz": Route(health.ready, READ),
    "/setup": _SETUP,
    "/": Route(static.home, READ),
}
# Longest first: the first prefix that fits is taken.
PREFIXES: Final[tuple[tuple[str, Route], ...]] = (
    ("/services/data/", Route(resources.resources, READ)),
    ("/services/oauth2/register/", Route(registered, OF_A_CLIENT)),
    ("/oidc/register/", Route(registered, OF_A_CLIENT)),
    ("/setup/api/", Route(Later(_api))),
    ("/setup/", _SETUP),
    ("/pictures/", Route(picture, READ)),
    ("/assets/", Route(static.asset, READ)),
    ("/id/", Route(people.identity, ANY)),
)
# Says itself which methods an address takes, and begins with any API version.
_CREDENTIALS: Final = Route(credentials.credentials)
# Where people meet the server: what goes wrong there is said on a page.
PAGES: Final = frozenset(path for path, route in EXACT.items() if route.endpoint in (authorize, login, consent))
_CONSOLE: Final = "/setup/"
_API: Final = "/setup/api/"
# Liveness is asked by address, not by name.
ANY_HOST: Final = frozenset({"/healthz", "/readyz"})


def is_page(path: str) -> bool:
    """Tell whether people meet the server at a path."""
    return path in PAGES or (path.startswith(_CONSOLE) and not path.startswith(_API))


def is_admin_api(path: str) -> bool:
    """Tell whether a path is the admin API's, where what goes wrong is told in problem details."""
    return path.startswith(_API)


def route_of(path: str) -> Route | None:
    """Return what answers a path, or None."""
    found = EXACT.get(path)
    if found is not None:
        return found
    if credentials.is_here(path):
        return _CREDENTIALS
    for prefix, route in PREFIXES:
        if path.startswith(prefix):
            return route
    return None
