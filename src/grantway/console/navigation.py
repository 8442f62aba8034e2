"""The console's side navigation: every section, in groups by task."""

from typing import Final

from grantway.console.places import AUDIT, IMPORT, ORG, SEARCH, SETTINGS, SIGNING_KEYS, TOKEN_HANDLERS, TRACES
from grantway.pages import NavGroup, NavLink

HOME: Final = "/setup/"
APPS: Final = "/setup/apps"

NAV: Final = (
    NavGroup(heading="", links=(NavLink(label="Home", path=HOME), NavLink(label="Search", path=SEARCH))),
    NavGroup(
        heading="Apps",
        links=(
            NavLink(label="App Manager", path=APPS),
            NavLink(label="Import metadata", path=IMPORT),
            NavLink(label="Connected Apps OAuth Usage", path="/setup/usage"),
            NavLink(label="OAuth Custom Scopes", path="/setup/scopes"),
            NavLink(label="Assets", path="/setup/assets"),
            NavLink(label="Token Exchange Handlers", path=TOKEN_HANDLERS),
        ),
    ),
    NavGroup(
        heading="Why?",
        links=(
            NavLink(label="Refusals and traces", path=TRACES),
            NavLink(label="Settings explained", path=SETTINGS),
        ),
    ),
    NavGroup(
        heading="People",
        links=(
            NavLink(label="Users", path="/setup/users"),
            NavLink(label="Profiles", path="/setup/profiles"),
            NavLink(label="Permission Sets", path="/setup/permsets"),
            NavLink(label="Custom Permissions", path="/setup/custom-permissions"),
        ),
    ),
    NavGroup(
        heading="Org",
        links=(
            NavLink(label="OAuth and OpenID Connect", path=ORG),
            NavLink(label="Signing keys", path=SIGNING_KEYS),
            NavLink(label="Certificates", path="/setup/certificates"),
            NavLink(label="Audit Trail", path=AUDIT),
        ),
    ),
)
