"""The console's side navigation: every section, in groups by task."""

from typing import Final

from grantway.pages import NavGroup, NavLink

HOME: Final = "/setup/"

NAV: Final = (
    NavGroup(heading="", links=(NavLink(label="Home", path=HOME),)),
    NavGroup(heading="Apps", links=(NavLink(label="New Connected App", path="/setup/apps/new"),)),
)
