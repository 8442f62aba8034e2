"""Every page of the console: the one table of its paths."""

from typing import Final

from grantway.console import (
    app_manager,
    app_page,
    app_review,
    assets,
    audit,
    certificates,
    exporting,
    holders,
    home,
    importing,
    installing,
    keys,
    new_app,
    org,
    permissions,
    reference,
    scopes,
    search,
    signing_keys,
    token_handler_try,
    token_handlers,
    traces,
    usage,
    user_forms,
    users,
    verify,
)
from grantway.console.visit import Route

# In this order: a path with a word in a place comes before one with a name there.
ROUTES: Final[tuple[Route, ...]] = (
    *home.ROUTES,
    *app_manager.ROUTES,
    *exporting.ROUTES,
    *importing.ROUTES,
    *new_app.ROUTES,
    *app_review.ROUTES,
    *keys.ROUTES,
    *verify.ROUTES,
    *app_page.ROUTES,
    *installing.ROUTES,
    *usage.ROUTES,
    *scopes.ROUTES,
    *token_handlers.ROUTES,
    *token_handler_try.ROUTES,
    *permissions.ROUTES,
    *user_forms.ROUTES,
    *users.ROUTES,
    *holders.ROUTES,
    *traces.ROUTES,
    *search.ROUTES,
    *reference.ROUTES,
    *org.ROUTES,
    *signing_keys.ROUTES,
    *certificates.ROUTES,
    *assets.ROUTES,
    *audit.ROUTES,
)


def route_of(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return what answers a path below /setup/, and what stands in the places of its pattern."""
    segments = path.split("/")
    for route in ROUTES:
        pattern = route.path.split("/")
        if len(pattern) == len(segments):
            params = {}
            for expected, found in zip(pattern, segments, strict=True):
                if expected.startswith("{") and found:
                    params[expected[1:-1]] = found
                elif expected != found:
                    break
            else:
                return route, params
    return None
