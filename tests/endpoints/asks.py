"""For each route: requests that are in order but for one field, which the tests fill with garbage.

Fields of which garbage would pass unread (`state`, `format`, unknown parameters …) stand in a request that is refused
for another reason, so that in every case the answer must be a refusal and nothing may change.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from grantway.kit.jose import s256
from tests.endpoints import answers as a
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, VERIFIER
from tests.endpoints.raw import HTML, Headers
from tests.endpoints.stage import Stage

CONSENT = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
NONCE = "n-0S6_WzA2Mj"
# Each of these in an authorization request leads to a refusal, whatever else stands there.
SILENT = {"prompt": "none"}
UNSUPPORTED = {"response_type": "token"}


@dataclass(frozen=True)
class Ask:
    """One request: `fields` go by form with POST, else by query; `spoilt` are the ones that garbage is put in."""

    method: str
    path: str
    fields: dict[str, str]
    forms: tuple[a.Form, ...]
    spoilt: tuple[str, ...] = ()
    headers: Headers = ()
    others: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """The fields that garbage is put in; all of them if none is named."""
        return self.spoilt or tuple(self.fields)


Asks = Callable[[Stage], list[Ask]]


def _token(door: str) -> Asks:
    def asks(stage: Stage) -> list[Ask]:
        path, forms = f"{door}/token", (a.oauth_json,)
        held, others = stage.held[door], stage.others[door]
        client = {"client_id": stage.app.consumer_key, "client_secret": stage.app.consumer_secret}
        theirs = {"client_id": stage.other.consumer_key, "client_secret": stage.other.consumer_secret, **others}
        code = {"code": held["code"], "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        refresh = {"refresh_token": held["refresh_token"]}
        strays = {"format": "json", "scope": "api", "state": "x", "resource": "https://api.example", "device_id": "1"}
        return [
            Ask("POST", path, {"grant_type": "authorization_code", **client, **code}, forms, others=theirs),
            Ask("POST", path, {"grant_type": "refresh_token", **client, **refresh}, forms, others=theirs),
            Ask("POST", path, {"grant_type": "client_credentials", **client}, forms, others=theirs),
            Ask(
                "POST",
                path,
                {"grant_type": "refresh_token", **client, **refresh, **strays, "client_secret": "wrong"},
                (a.oauth_json, a.pair, a.xml),
                spoilt=tuple(strays),
            ),
        ]

    return asks


def _introspect(door: str) -> Asks:
    def asks(stage: Stage) -> list[Ask]:
        path = f"{door}/introspect"
        client = {"client_id": stage.app.consumer_key, "client_secret": stage.app.consumer_secret}
        theirs = {"client_id": stage.other.consumer_key, "client_secret": stage.other.consumer_secret}
        token = {"token": stage.held[door]["access_token"]}
        refused = client | token | {"client_secret": "wrong", "token_type_hint": "access_token"}
        return [
            Ask("POST", path, client | token, (a.oauth_json,), spoilt=tuple(client), others=theirs),
            Ask(
                "POST",
                path,
                client | token,
                (a.oauth_json, a.inactive),
                spoilt=("token",),
                others={"token": stage.others[door]["access_token"]},
            ),
            Ask("POST", path, refused, (a.oauth_json,), spoilt=("token_type_hint",)),
        ]

    return asks


def _revoke_at_salesforce(stage: Stage) -> list[Ask]:
    path, refused = f"{SALESFORCE}/revoke", {"token": "none", "revoke_reason": "x", "token_type_hint": "access_token"}
    token = {"token": stage.held[SALESFORCE]["refresh_token"]}
    return [
        # Another app's token is no garbage here: whoever holds a token may end it.
        Ask("POST", path, token, (a.pair,), others={"token": "5Aep861" + "A" * 80}),
        Ask("POST", path, refused, (a.pair,), spoilt=("revoke_reason", "token_type_hint")),
    ]


def _revoke_at_standards(stage: Stage) -> list[Ask]:
    path = f"{STANDARDS}/revoke"
    client = {"client_id": stage.app.consumer_key, "client_secret": stage.app.consumer_secret}
    theirs = {"client_id": stage.other.consumer_key, "client_secret": stage.other.consumer_secret}
    token = {"token": stage.held[STANDARDS]["refresh_token"]}
    refused = client | token | {"client_secret": "wrong", "token_type_hint": "refresh_token"}
    return [
        Ask("POST", path, client | token, (a.oauth_json,), spoilt=tuple(client), others=theirs),
        Ask(
            "POST",
            path,
            client | token,
            (a.oauth_json, a.nothing_to_revoke),
            spoilt=("token",),
            others={"token": stage.others[STANDARDS]["refresh_token"]},
        ),
        Ask("POST", path, refused, (a.oauth_json,), spoilt=("token_type_hint",)),
    ]


def _userinfo(door: str) -> Asks:
    def asks(stage: Stage) -> list[Ask]:
        path, forms = f"{door}/userinfo", ((a.bearer,) if door == STANDARDS else (a.word,))
        # A good token of the other door is no good here.
        other_door = stage.held[SALESFORCE if door == STANDARDS else STANDARDS]["access_token"]
        token = {"access_token": stage.held[door]["access_token"]}
        return [
            Ask("POST", path, token, forms, others={"access_token": other_door}),
            Ask("GET", path, {"format": "json", "version": "66.0", "callback": "f"}, forms),
        ]

    return asks


def _identity(stage: Stage) -> list[Ask]:
    own = f"/id/{stage.house.org_id}/{stage.house.user_ids['ada']}"
    return [
        Ask("GET", own, {"format": "json", "version": "latest", "callback": "f"}, (a.word,)),
        Ask("POST", own, {"oauth_token": stage.held[SALESFORCE]["access_token"]}, (a.word,)),
    ]


def _authorize(door: str) -> Asks:
    def asks(stage: Stage) -> list[Ask]:
        asked = {
            "response_type": "code",
            "client_id": stage.app.consumer_key,
            "redirect_uri": CALLBACK,
            "scope": "api openid",
            "state": "xyz",
            "nonce": NONCE,
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
            "login_hint": "ada@harbour.example",
            "display": "popup",
        }
        more = {
            "prompt": "login",
            "max_age": "3600",
            "immediate": "false",
            "response_mode": "query",
            "id_token_hint": "x.y.z",
            "request": "x.y.z",
            "request_uri": "https://app.example/request",
            "resource": "https://api.example",
        }
        theirs = {"client_id": stage.other.consumer_key}
        forms = (a.page, a.pair, a.at_callback)
        path = f"{door}/authorize"
        return [
            Ask("GET", path, asked | SILENT, forms, tuple(asked), (HTML,), theirs),
            Ask("GET", path, asked | SILENT, forms, tuple(asked), (), theirs),
            Ask("POST", path, asked | SILENT, forms, tuple(asked), (HTML, (b"cookie", stage.login.cookie)), theirs),
            Ask("GET", path, asked | more | UNSUPPORTED, forms, tuple(more), (HTML,)),
        ]

    return asks


def _login(stage: Stage) -> list[Ask]:
    hidden = stage.login.hidden
    browser = (HTML, (b"cookie", stage.login.cookie))
    form = hidden | {"username": "ada@harbour.example", "password": "wrong"}
    theirs = stage.consent.hidden
    forged = form | {"csrf": "0" * 64, "remember": "1", "cancel": "1"}
    return [
        Ask("GET", "/login", {"transaction": hidden["transaction"]}, (a.page,), (), browser, theirs),
        Ask("POST", "/login", form, (a.page,), ("transaction", "csrf"), browser, theirs),
        Ask("POST", "/login", form, (a.page, a.form_again), ("username", "password"), browser),
        Ask("POST", "/login", forged, (a.page,), ("remember", "cancel"), browser),
        Ask("POST", "/login", form | {"csrf": "0" * 64}, (a.pair,), (), browser[1:]),
    ]


def _consent(stage: Stage) -> list[Ask]:
    hidden = stage.consent.hidden
    browser = (HTML, (b"cookie", stage.consent.cookie))
    form = hidden | {"decision": "allow"}
    theirs = stage.login.hidden
    forged = form | {"csrf": "0" * 64, "account": "switch"}
    return [
        Ask("GET", CONSENT, {"transaction": hidden["transaction"]}, (a.page,), (), browser, theirs),
        Ask("POST", CONSENT, form, (a.page,), (), browser, theirs),
        Ask("POST", CONSENT, forged, (a.page,), ("account",), browser),
        Ask("POST", CONSENT, form | {"csrf": "0" * 64}, (a.pair,), (), browser[1:]),
    ]


def _data(stage: Stage) -> list[Ask]:
    return [Ask("GET", "/services/data/v66.0/", {"q": "SELECT Id FROM User", "callback": "f"}, (a.array,))]


def _public(path: str) -> Asks:
    return lambda stage: [Ask("GET", path, {"callback": "f", "redirect_uri": CALLBACK}, (a.public,))]


def _asset(stage: Stage) -> list[Ask]:
    return [Ask("GET", "/assets/0/none.css", {"v": "1"}, (a.small_page,))]


PUBLIC = (
    "/id/keys",
    "/oidc/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oidc/.well-known/openid-configuration",
    "/oidc/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration/oidc",
    "/.well-known/oauth-authorization-server/oidc",
    "/.well-known/auth-configuration",
    "/services/data",
    "/services/data/",
    "/healthz",
    "/readyz",
    "/",
)
BY_DOOR: dict[str, Callable[[str], Asks]] = {
    "token": _token,
    "introspect": _introspect,
    "userinfo": _userinfo,
    "authorize": _authorize,
}
EXACT: dict[str, Asks] = {
    **{f"{door}/{name}": make(door) for name, make in BY_DOOR.items() for door in (SALESFORCE, STANDARDS)},
    f"{SALESFORCE}/revoke": _revoke_at_salesforce,
    f"{STANDARDS}/revoke": _revoke_at_standards,
    "/login": _login,
    CONSENT: _consent,
    **{path: _public(path) for path in PUBLIC},
}
PREFIXES: dict[str, Asks] = {"/services/data/": _data, "/id/": _identity, "/assets/": _asset}
