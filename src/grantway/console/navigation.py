"""The console's side navigation: every section, in groups by task."""

from typing import Final

from grantway.pages import NavGroup, NavLink

HOME: Final = "/setup/"

NAV: Final = (NavGroup(heading="", links=(NavLink(label="Home", path=HOME),)),)
