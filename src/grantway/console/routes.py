"""Every page of the console: the one table of its paths."""

from typing import Final

from grantway.console import app_manager, app_review, home
from grantway.console.visit import Route

ROUTES: Final[tuple[Route, ...]] = (*home.ROUTES, *app_manager.ROUTES, *app_review.ROUTES)


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
