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

CONTACT_PHONE: Final = Setting[str](
    name="contact_phone",
    kind=text(40),
    label="Contact Phone",
    help="The number to call about this app. For administrators; the consent page does not show it.",
    default="",
    section=Section.BASIC,
    shown_on="`grantway app show`",
    example="+44 20 7946 0000",
    xml={"ConnectedApp": Xml(path="contactPhone")},
)

LOGO_URL: Final = Setting[str](
    name="logo_url",
    kind=HTTPS_URL,
    label="Logo Image URL",
    help="A picture for the app: GIF, JPG or PNG, at most 100 KB, best under 20 KB and square.",
    default="",
    section=Section.BASIC,
    shown_on="login and consent pages, the app's page; from a copy here: a picture from elsewhere would tell its owner"
    " who looks",
    example="https://sync.harbour.example/logo.png",
    xml={"ConnectedApp": Xml(path="logoUrl")},
)

ICON_URL: Final = Setting[str](
    name="icon_url",
    kind=HTTPS_URL,
    label="Icon URL",
    help="A small picture for lists of apps: GIF, JPG or PNG.",
    default="",
    section=Section.BASIC,
    shown_on="lists of apps, the app's page; from a copy here",
    example="https://sync.harbour.example/icon.png",
    xml={"ConnectedApp": Xml(path="iconUrl")},
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
