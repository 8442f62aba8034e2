"""What each page shows: one frozen record a page. Text in them may come from anybody; the templates escape it.

Common to all: `host`, the name in the address bar, shown so that the two can be compared, and `org_name`, the org that
stands at the top (None: the server speaks for itself). `template` and `status` belong to the kind of page.
"""

from dataclasses import dataclass
from typing import ClassVar

from grantway.pages.wording import initials_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The app that asks, as a person may see it.

    `logo_url` is a path on this host or None: a picture from elsewhere would tell its owner who looks. `initials` are
    made from the name when empty. `added` says who brought the app in and when, as a sentence part. `callback_host` is
    where an answer goes. The three addresses are linked only if they are http or https.
    """

    name: str
    logo_url: str | None = None
    initials: str = ""
    publisher: str | None = None
    contact_email: str | None = None
    info_url: str | None = None
    policy_url: str | None = None
    terms_url: str | None = None
    added: str | None = None
    callback_host: str | None = None

    @property
    def monogram(self) -> str:
        """What stands on the app's tile: at most two characters."""
        return self.initials[:2] or initials_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """Username and password. Posts `username`, `password`, `remember`, `transaction`, `csrf` or `cancel=1` to `action`.

    `carried` is a form that was sent after its session had ended; it is shown again after the login.
    `problem` must read the same whatever the cause. Cancel is offered when an app asks, since only then it leads back.
    """

    template: ClassVar[str] = "login.html"
    status: ClassVar[int] = 200

    host: str
    org_name: str | None
    asker: Asker | None
    action: str
    transaction: str
    csrf: str
    username: str = ""
    remembered: bool = False
    problem: str | None = None
    carried: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing the app asks for: Salesforce's words, what they mean for this person, whether it is far-reaching."""

    label: str
    detail: str
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """May this app act for you? Posts `decision=deny|allow` or `account=switch`, with `transaction` and `csrf`.

    `warnings` are whole sentences, `resources` the servers at which the app wants to use what it gets. `my_apps_path`
    is where access is taken back, once there is such a page.
    """

    template: ClassVar[str] = "consent.html"
    status: ClassVar[int] = 200

    host: str
    org_name: str | None
    asker: Asker
    username: str
    initials: str = ""
    action: str
    transaction: str
    csrf: str
    asks: tuple[Ask, ...]
    first_time: bool
    warnings: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    my_apps_path: str | None = None

    @property
    def monogram(self) -> str:
        """What stands in the person's circle: at most two characters."""
        return self.initials[:2] or initials_of(self.username)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """Where we stop because sending the browser on would be unsafe, with the request id that leads to the cause.

    `error` and `error_description` are the wire's own words; `when_ms` is milliseconds since 1970. `comfort` is left
    out (None) where it would not be true.
    """

    template: ClassVar[str] = "error.html"
    status: ClassVar[int] = 400

    title: str
    host: str
    org_name: str | None
    asker: Asker | None
    what_happened: str
    what_to_do: str
    request_id: str
    error: str
    error_description: str
    when_ms: int
    comfort: str | None = "Nothing was shared, and nothing has changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmLogoutPage:
    """Asks before a session ends on somebody else's word. Posts `decision=stay|logout`, `transaction`, `csrf`."""

    template: ClassVar[str] = "confirm_logout.html"
    status: ClassVar[int] = 200

    host: str
    org_name: str | None
    asker: Asker | None
    username: str | None
    action: str
    transaction: str
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOutPage:
    """The session here has ended."""

    template: ClassVar[str] = "signed_out.html"
    status: ClassVar[int] = 200

    host: str
    org_name: str | None
    login_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """One plain statement, such as that nothing lives at an address; `status` is the HTTP status it goes with."""

    template: ClassVar[str] = "message.html"

    host: str
    org_name: str | None
    title: str
    text: str
    status: int = 200
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A public document of this server: its path here and what it holds."""

    path: str
    holds: str


PUBLIC_DOCUMENTS = (
    Document(path="/.well-known/openid-configuration", holds="OpenID Connect, as Salesforce has it"),
    Document(path="/oidc/.well-known/openid-configuration", holds="OpenID Connect, as the standard has it"),
    Document(path="/.well-known/oauth-authorization-server", holds="OAuth 2.0 server metadata (RFC 8414)"),
    Document(path="/.well-known/auth-configuration", holds="What the login page offers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What a browser sees at the root of the server: its name and its public documents."""

    template: ClassVar[str] = "home.html"
    status: ClassVar[int] = 200

    base_url: str
    host: str
    org_name: str | None
    documents: tuple[Document, ...] = PUBLIC_DOCUMENTS
    setup_path: str | None = "/setup/"


Page = LoginPage | ConsentPage | ErrorPage | ConfirmLogoutPage | SignedOutPage | MessagePage | HomePage
