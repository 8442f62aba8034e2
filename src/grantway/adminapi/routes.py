"""Every operation of the admin API: the one table, from which requests are led and the OpenAPI document is made."""

from typing import Final

from grantway.adminapi import (
    apps,
    assets,
    certificates,
    custom,
    logins,
    orgwide,
    out,
    overview,
    people,
    pictures,
    preview,
    refused,
    registration,
    reveal,
    rotation,
    scope_apps,
    signing_keys,
    token_handlers,
    trail,
    usage,
)
from grantway.adminapi.ask import ROOT, Route

ROUTES: Final[tuple[Route, ...]] = (
    *apps.ROUTES,
    *preview.ROUTES,
    *pictures.ROUTES,
    *reveal.ROUTES,
    *rotation.ROUTES,
    *registration.ROUTES,
    *people.ROUTES,
    *logins.ROUTES,
    *custom.ROUTES,
    *scope_apps.ROUTES,
    *token_handlers.ROUTES,
    *orgwide.ROUTES,
    *overview.ROUTES,
    *usage.ROUTES,
    *out.ROUTES,
    *refused.ROUTES,
    *signing_keys.ROUTES,
    *certificates.ROUTES,
    *assets.ROUTES,
    *trail.ROUTES,
)
_GETS: Final = {route.path: route for route in ROUTES if route.method == "GET"}


def route_of(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return what answers a request, and what stands in the places of its path."""
    for route in ROUTES:
        if route.method == method and (params := _params(route, path)) is not None:
            return route, params
    return None


def allowed(path: str) -> tuple[str, ...]:
    """Return the methods that a path is asked with; empty where there is nothing."""
    methods = dict.fromkeys(route.method for route in ROUTES if _params(route, path) is not None)
    return tuple(name for method in methods for name in ((method, "HEAD") if method == "GET" else (method,)))


def reads(route: Route) -> Route:
    """Return the route that reads the resource which another one changes: the GET of the same path."""
    return _GETS[route.path]


def _params(route: Route, path: str) -> dict[str, str] | None:
    pattern, segments = (ROOT + route.path).split("/"), path.split("/")
    if len(pattern) != len(segments):
        return None
    params = {}
    for expected, found in zip(pattern, segments, strict=True):
        if expected.startswith("{") and found:
            params[expected[1:-1]] = found
        elif expected != found:
            return None
    return params
