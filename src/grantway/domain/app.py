"""A connected app, its policies in an org, and the two read together: `app[setting]`."""

from enum import Enum
from typing import Any, TypeVar

import msgspec

from grantway.domain.org import Org, User
from grantway.kit.ids import CONNECTED_APP, EXTERNAL_CLIENT_APP
from grantway.kit.secrets import Secret
from grantway.settings.basic import CONTACT_EMAIL
from grantway.settings.catalogue import BY_NAME
from grantway.settings.custom import CUSTOM_SCOPES
from grantway.settings.distribution import DISTRIBUTION_STATE
from grantway.settings.id_token import ID_TOKEN_STANDARD_CLAIMS, ID_TOKEN_VALIDITY
from grantway.settings.ip_ranges import IP_RANGES
from grantway.settings.oauth import (
    JWT_ACCESS_TOKENS,
    LIMIT_IDLE_REFRESH_TOKENS,
    OAUTH_ENABLED,
    REQUIRE_PKCE,
    ROTATION_OVERLAP,
    SCOPES,
)
from grantway.settings.org import OPEN_REGISTRATION_SCOPES
from grantway.settings.scopes import expand
from grantway.settings.setting import Setting

T = TypeVar("T")


class AppKind(Enum):
    """The two kinds of app (connected-apps.md 0, decision 21). It is chosen when an app is made, and stays."""

    CONNECTED_APP = "connected_app"
    EXTERNAL_CLIENT_APP = "external_client_app"

    @property
    def words(self) -> str:
        """The kind in words, for one app."""
        return self.value.replace("_", " ")

    @property
    def plural(self) -> str:
        """The kind in words, for several apps."""
        return self.words + "s"

    @property
    def id_prefix(self) -> str:
        """How the ids of such apps begin."""
        return CONNECTED_APP if self is AppKind.CONNECTED_APP else EXTERNAL_CLIENT_APP

    @classmethod
    def of_id(cls, app_id: str) -> "AppKind":
        """Return the kind that the id of an app tells; ids of connected apps begin otherwise, and so does no id."""
        return cls.EXTERNAL_CLIENT_APP if app_id.startswith(EXTERNAL_CLIENT_APP) else cls.CONNECTED_APP


class App(msgspec.Struct, frozen=True, gc=False):
    """An app as its developer registered it. `org_id` is its home org; `settings` is JSON text.

    `kind` is the value of an AppKind. An app that registered itself (RFC 7591) has an `auth_method`, and in `parent_id`
    the app whose initial access token let it in, if one did.
    """

    id: str
    org_id: str
    name: str
    consumer_key: str
    secret_mac: bytes
    secret_box: bytes
    settings: str
    version: int
    created_at: int
    created_by: str
    kind: str
    parent_id: str = ""
    auth_method: str = ""


class Policy(msgspec.Struct, frozen=True, gc=False):
    """What an org's administrator says of an app installed there (decision 19).

    `not_before` (ms): tokens of this app in this org issued earlier are dead. `blocked` 1 ends all use at once.
    """

    org_id: str
    app_id: str
    settings: str
    version: int
    is_blocked: int
    not_before: int
    installed_at: int


class KeyState(Enum):
    """Whether the consumer key and secret by which an app was found may answer now."""

    ANSWERS = "answers"
    STAGED = "staged"
    ENDED = "ended"


class Credential(msgspec.Struct, frozen=True, gc=False):
    """A consumer key and secret of an app beside its current ones.

    `state` is staged (waits to be applied) or previous (was replaced). Until `ends_at` (ms) the pair answers. A
    connected app's staged pair has no end and does not answer before it is applied; an external client app's has one,
    and answers at once (connected-apps.md 2.7, 2.8).
    """

    app_id: str
    state: str
    consumer_key: str
    secret_mac: bytes
    secret_box: bytes
    created_at: int
    created_by: str
    ends_at: int | None

    def at(self, now_ms: int) -> KeyState:
        """Return whether the pair answers at a time."""
        if self.ends_at is None:
            return KeyState.STAGED
        return KeyState.ANSWERS if now_ms < self.ends_at else KeyState.ENDED


class _Values(dict[Setting[Any], Any]):
    """Values by setting; what was not set gets its default as soon as it is asked for."""

    __slots__ = ()

    def __missing__(self, setting: Setting[Any]) -> Any:
        value = self[setting] = setting.default
        return value


class InstalledApp:
    """An app as one org meets it: `app[s.REQUIRE_PKCE]` gives the developer's, the administrator's or the org's value.

    `policy` is None where the org has not installed the app; defaults hold then. Immutable by convention; one object
    serves as long as the directory's revision has not changed. `pair` is the key and secret by which the app was found,
    where these are not its current ones; `consumer_key` and `secret` are of that pair then. `parent` is the name of the
    app that a registered one belongs to, whose policy is its own; empty for every other app.
    """

    __slots__ = (
        "_set",
        "_values",
        "app",
        "consumer_key",
        "id",
        "is_by_document",
        "is_child",
        "is_registered",
        "org",
        "pair",
        "parent",
        "policy",
        "secret",
    )
    id: str
    """The app's 18-character id."""
    consumer_key: str
    """The key by which the app was found, or its current one: `client_id` on the wire."""
    is_registered: bool
    """Whether the app registered itself (RFC 7591); an administrator made every other."""
    is_by_document: bool
    """Whether the app is known by the URL of its metadata document, which is its consumer key."""
    is_child: bool
    """Whether the app belongs to another one, which lets it in and bounds it."""

    def __init__(
        self,
        *,
        app: App,
        policy: Policy | None,
        org: Org,
        secret: Secret,
        values: dict[Setting[Any], Any],
        pair: Credential | None = None,
        parent: str = "",
    ) -> None:
        self.app = app
        self.policy = policy
        self.org = org
        self.secret = secret
        self._set = values
        self._values = _Values(values)
        self.pair = pair
        self.parent = parent
        # What each token request asks is worked out once.
        self.id = app.id
        self.consumer_key = app.consumer_key
        self.is_registered = bool(app.auth_method)
        self.is_by_document = self.is_registered and app.consumer_key.startswith("https://")
        self.is_child = bool(app.parent_id)

    def __getitem__(self, setting: Setting[T]) -> T:
        value: T = self._values[setting]
        return value

    def values(self) -> dict[Setting[Any], Any]:
        """Return the values that were set, by setting; what is absent has its default."""
        return dict(self._set)

    def key_state(self, now_ms: int) -> KeyState:
        """Return whether the key and secret by which the app was found may answer at a time."""
        return KeyState.ANSWERS if self.pair is None else self.pair.at(now_ms)

    @property
    def ruled_by(self) -> str:
        """The name of the app whose policies these are: its own, or that of the app it belongs to."""
        return self.parent or self.app.name

    @property
    def version(self) -> str:
        """Changes whenever the app or its policies in this org do: what a form was filled in over (S42)."""
        return f"{self.app.version}.{self.policy.version if self.policy else 0}"

    @property
    def kind(self) -> AppKind:
        """Whether this is a connected app or an external client app."""
        return AppKind(self.app.kind)

    @property
    def is_at_home(self) -> bool:
        """Whether this is the app as the org that made it meets it."""
        return self.app.org_id == self.org.id


class AppUser(msgspec.Struct, frozen=True, gc=False):
    """A user, and an app as the user's org meets it.

    `permission_sets` are the names of the user's permission sets, where they can decide about using the app;
    `permissions` the user permissions, where the app is not installed or API Access Control is on;
    `custom_permissions` those that the user holds and the app may be told of, where it ever is.
    """

    app: InstalledApp
    user: User
    permission_sets: frozenset[str]
    permissions: frozenset[str]
    custom_permissions: frozenset[str] = frozenset()


def read_values(*documents: str) -> dict[Setting[Any], Any]:
    """Return the values that stand in JSON settings documents.

    A newer release may know settings that this one does not (R7), so an unknown name is passed over.

    Raises:
        ValueError: no JSON object, or (SettingProblem) a value that this release does not take; guessing could loosen a
            rule, so nothing is guessed.
    """
    values: dict[Setting[Any], Any] = {}
    for document in documents:
        for name, raw in msgspec.json.decode(document, type=dict[str, Any]).items():
            setting = BY_NAME.get(name)
            if setting is not None:
                values[setting] = setting.kind.parse(raw)
    return values


_INHERITED = (
    OAUTH_ENABLED,
    DISTRIBUTION_STATE,
    CONTACT_EMAIL,
    ROTATION_OVERLAP,
    LIMIT_IDLE_REFRESH_TOKENS,
    JWT_ACCESS_TOKENS,
    ID_TOKEN_VALIDITY,
    ID_TOKEN_STANDARD_CLAIMS,
    IP_RANGES,
)


def as_child(own: dict[Setting[Any], Any], parent: dict[Setting[Any], Any]) -> dict[Setting[Any], Any]:
    """Return the values of an app that belongs to another: some it has from there, and never more scopes than those.

    What the parent looks like, whom its ID tokens are for, and which flows it has on stays its own.
    """
    values = {one: parent[one] for one in _INHERITED if one in parent} | own
    if parent.get(REQUIRE_PKCE, REQUIRE_PKCE.default):
        values[REQUIRE_PKCE] = True
    held = expand(parent.get(SCOPES, ()))
    values[SCOPES] = tuple(name for name in own.get(SCOPES, ()) if name in held)
    values[CUSTOM_SCOPES] = tuple(name for name in own.get(CUSTOM_SCOPES, ()) if name in parent.get(CUSTOM_SCOPES, ()))
    return values


def as_open(values: dict[Setting[Any], Any]) -> dict[Setting[Any], Any]:
    """Return the values of an app that no token let in: never more scopes than its org lets such apps have now."""
    held = expand(values.get(OPEN_REGISTRATION_SCOPES, OPEN_REGISTRATION_SCOPES.default))
    return values | {SCOPES: tuple(name for name in values.get(SCOPES, ()) if name in held)}


def write_values(values: dict[Setting[Any], Any], *, over: str = "{}") -> str:
    """Return the JSON document of values, by name; what equals the default is written too, so that it stays chosen.

    `over` is the document that they change: what else stands in it stays, also what only a newer release knows (R7).
    """
    written = {setting.name: setting.kind.write(value) for setting, value in values.items()}
    merged = msgspec.json.decode(over, type=dict[str, Any]) | written
    return msgspec.json.encode(dict(sorted(merged.items()))).decode()
