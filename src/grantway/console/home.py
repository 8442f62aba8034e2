"""GET /setup/: the first page after signing in."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.navigation import HOME
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Where an administrator begins."""

    template: ClassVar[str] = "setup/home.html"
    title: str = "Setup"


async def home(visit: Visit) -> Reply:
    """Show the first page."""
    return visit.show(HomePage(), here=HOME)


ROUTES: Final = (Route(HOME, get=home),)
