"""The console's side navigation: every section, in groups by task."""

from typing import Final

from grantway.pages import NavGroup, NavLink

HOME: Final = "/setup/"
APPS: Final = "/setup/apps"

NAV: Final = (
    NavGroup(heading="", links=(NavLink(label="Home", path=HOME),)),
    NavGroup(
        heading="Apps",
        links=(
            NavLink(label="App Manager", path=APPS),
            NavLink(label="Connected Apps OAuth Usage", path="/setup/usage"),
        ),
    ),
    NavGroup(
        heading="People",
        links=(
            NavLink(label="Users", path="/setup/users"),
            NavLink(label="Profiles", path="/setup/profiles"),
            NavLink(label="Permission Sets", path="/setup/permsets"),
        ),
    ),
)
