"""The console's side navigation: every section, in groups by task."""

from typing import Final

from grantway.console.places import ORG, SEARCH, SETTINGS, TRACES
from grantway.pages import NavGroup, NavLink

HOME: Final = "/setup/"

NAV: Final = (
    NavGroup(heading="", links=(NavLink(label="Home", path=HOME), NavLink(label="Search", path=SEARCH))),
    NavGroup(
        heading="Why?",
        links=(
            NavLink(label="Refusals and traces", path=TRACES),
            NavLink(label="Settings explained", path=SETTINGS),
        ),
    ),
    NavGroup(heading="Org", links=(NavLink(label="OAuth and OpenID Connect", path=ORG),)),
)
