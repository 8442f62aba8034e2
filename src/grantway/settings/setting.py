"""What a setting is: declared once, read by form, CLI, API, XML both ways, documentation and enforcement."""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from grantway.settings.kinds import Kind

T = TypeVar("T")


class Holder(Enum):
    """Which record a setting's value lives in (decision 19)."""

    APP = "app"
    """With the app, once: the developer's half."""
    POLICY = "policy"
    """With the app in one org: the administrator's half."""
    ORG = "org"
    """With the org: a switch for all of its apps."""


class Section(Enum):
    """The sections of the administrator's page, in its order."""

    BASIC = "Basic Information"
    OAUTH = "API (Enable OAuth Settings)"
    ID_TOKEN = "Configure ID Token"
    CUSTOM = "Custom Attributes and Scopes"
    ASSET_TOKENS = "Asset Tokens"
    SINGLE_LOGOUT = "Single Logout"
    WEB_APP = "Web App Settings"
    HANDLER = "Custom Connected App Handler"
    TRUSTED_IPS = "Trusted IP Range for OAuth Web Server Flow"
    POLICIES = "OAuth Policies"
    SESSION_POLICIES = "Session Policies"
    ORG = "OAuth and OpenID Connect Settings"
    ORG_SSO = "Single Sign-On Settings"
    ORG_SESSIONS = "Session Settings"
    ORG_ACCESS = "API Access Control"
    ORG_CREATION = "External Client Apps Settings"


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Xml:
    """Where a setting stands in a metadata file of one type.

    - `inverted`: the element says the opposite of the flag.
    - `present`: the element's mere presence switches the flag on.
    - `required`: it stands there whenever its group does, also where it says the default.
    - `words`: the element's words -> the setting's, where they differ; a value without a word is said by absence.
    - `fields`: a list of records stands in groups, one each, with these elements.
    - `unset_word`: a word of the element that means the same as its absence.
    - `joined`: a list stands in one element, parted by this.
    """

    path: str
    inverted: bool = False
    present: bool = False
    required: bool = False
    words: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    unset_word: str = ""
    joined: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting(Generic[T]):
    """One setting of a connected app, of its policies in an org, or of an org.

    The object is the key: `app[settings.REQUIRE_PKCE]` is typed, and the same object is what a refusal blames.

    - `name`: in JSON, on the command line and in the documentation.
    - `kind`: how it is written, read and checked.
    - `label`: Salesforce's own words on the page.
    - `help`: one or two sentences for somebody who fills in the form.
    - `default`: when nothing is set, and so for imported apps whose file leaves it out.
    - `for_new_apps`: what an app created here starts with, where that differs (decision 5).
    - `effect`: what it does on the wire, in protocol words; empty where it has none.
    - `awaits`: the flow or policy engine that will enforce it, while there is none; said wherever the setting is shown.
    - `under`: the switch that it belongs to; it means nothing while that is off.
    - `shown_on`: where people see it, for settings without an effect on the wire.
    - `example`: a value as somebody might write it on the command line; `example_as` stands for one that is too long.
    - `xml`: metadata type -> element.
    """

    name: str
    kind: Kind[T]
    label: str
    help: str
    default: T
    section: Section
    held_by: Holder = Holder.APP
    for_new_apps: T | _Unset = UNSET
    effect: str = ""
    shown_on: str = ""
    awaits: str = ""
    under: "Setting[bool] | None" = None
    example: str
    example_as: str = ""
    xml: dict[str, Xml] = field(default_factory=dict)

    @property
    def starts_with(self) -> T:
        """What a new app, policy or org starts with."""
        return self.default if isinstance(self.for_new_apps, _Unset) else self.for_new_apps

    @property
    def example_argument(self) -> str:
        """The example as NAME=VALUE."""
        return f"{self.name}={self.example_as or self.example}"

    def argument(self, value: T) -> str:
        """Return NAME=VALUE as the command line takes it, before any quoting for a shell."""
        written = self.kind.write(value)
        if not isinstance(written, str):
            return f"{self.name}={'none' if written is None else json.dumps(written)}"
        return f"{self.name}={'@' if written.startswith('@') else ''}{written}"


AnySetting = Setting[Any]
