"""Settings of the section "Basic Information"."""

from typing import Final

from grantway.settings.kinds import EMAIL, HTTPS_URL, text
from grantway.settings.setting import Section, Setting, Xml

LABEL: Final = Setting[str](
    name="label",
    kind=text(80, required=True),
    label="Connected App Name",
    help="What people read on the consent page and in lists of tokens.",
    default="",
    section=Section.BASIC,
    shown_on="login and consent pages, app list",
    example="Shipment Sync",
    xml={"ConnectedApp": Xml(path="label")},
)

CONTACT_EMAIL: Final = Setting[str](
    name="contact_email",
    kind=EMAIL,
    label="Contact Email",
    help="Whom to write to about this app.",
    default="",
    section=Section.BASIC,
    shown_on='consent page, "Who is behind this app?"',
    example="it@harbour.example",
    xml={"ConnectedApp": Xml(path="contactEmail")},
)

DESCRIPTION: Final = Setting[str](
    name="description",
    kind=text(4000, lines=True),
    label="Description",
    help="What the app is for, in the words of whoever made it. Never shown on the consent page.",
    default="",
    section=Section.BASIC,
    shown_on="`grantway app show`",
    example="Keeps shipments in step with the warehouse",
    xml={"ConnectedApp": Xml(path="description")},
)

INFO_URL: Final = Setting[str](
    name="info_url",
    kind=HTTPS_URL,
    label="Info URL",
    help="A page with more about the app.",
    default="",
    section=Section.BASIC,
    shown_on='consent page, "Who is behind this app?"',
    example="https://sync.harbour.example/about",
    xml={"ConnectedApp": Xml(path="infoUrl")},
)
