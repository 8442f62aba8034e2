"""Settings of the section "Single Logout": which address is told when a session ends (salesforce-oauth.md 3.19)."""

from typing import Final

from grantway.settings.kinds import HTTPS_URL
from grantway.settings.setting import Section, Setting, Xml

SINGLE_LOGOUT_URL: Final = Setting[str](
    name="single_logout_url",
    kind=HTTPS_URL,
    label="Single Logout URL",
    help="The app's page that a browser is sent to when its user logs out here. Filled in, single logout is on.",
    default="",
    section=Section.SINGLE_LOGOUT,
    effect="logout: the browser of a session that used the app calls this address",
    awaits="single logout",
    example="https://sync.harbour.example/logged-out",
    xml={"ConnectedApp": Xml(path="oauthConfig/singleLogoutUrl")},
)
