"""The pages a person meets on the way through the gate: typed records in, HTML bytes out.

Owns the templates, the style sheet, the headers that guard a page and the rules by which text and addresses from apps
and users may appear on one. Does not know requests, cookies, sessions or the database: `web` fills a record, renders it
and sends it. Importing this package does not load the template engine; the first `render` does.
"""

from grantway.pages.assets import Asset, asset, asset_path
from grantway.pages.headers import security_headers
from grantway.pages.rendering import Display, Theme, render, render_setup
from grantway.pages.screens import (
    Ask,
    Asker,
    ConfirmLogoutPage,
    ConsentPage,
    Document,
    ErrorPage,
    HomePage,
    LoginPage,
    MessagePage,
    Page,
    SignedOutPage,
)
from grantway.pages.setup import Flash, Frame, NavGroup, NavLink, SetupMessagePage, SetupPage
from grantway.pages.wording import initials_of, near_text, utc_stamp

__all__ = [
    "Ask",
    "Asker",
    "Asset",
    "ConfirmLogoutPage",
    "ConsentPage",
    "Display",
    "Document",
    "ErrorPage",
    "Flash",
    "Frame",
    "HomePage",
    "LoginPage",
    "MessagePage",
    "NavGroup",
    "NavLink",
    "Page",
    "SetupMessagePage",
    "SetupPage",
    "SignedOutPage",
    "Theme",
    "asset",
    "asset_path",
    "initials_of",
    "near_text",
    "render",
    "render_setup",
    "security_headers",
    "utc_stamp",
]
