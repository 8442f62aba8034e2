"""The authorization request: checked before and after its callback is trusted (RFC 6749 4.1.1; OIDC Core 3.1.2.1)."""

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.protocol.decision import Finding
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.protocol.resource import ResourceCase, read_resources, served, well_formed
from grantway.protocol.scopes import beyond, read_scope

CALLBACK: Final = "Callback URL"
REQUEST: Final = "Authorization request"
PKCE: Final = "PKCE"
SCOPE: Final = "Scope"
# What is read of a request; everything else in it is passed over (clients.md 7.3).
PARAMETERS: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "immediate",
    "max_age",
    "id_token_hint",
    "login_hint",
    "display",
    "request",
    "request_uri",
    "resource",
)
Display = Literal["page", "popup", "touch", "mobile"]
_DISPLAYS: Final[dict[str, Display]] = {"popup": "popup", "touch": "touch", "mobile": "mobile"}
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
# Response types that are answered in the fragment, errors too, so that no server sees the answer.
_IN_FRAGMENT: Final = frozenset({"token", "id_token", "hybrid_token"})
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
# What is echoed has to find room in a URL again; four times what clients are known to send (clients.md 7.3).
ECHO_MAX: Final = 4096


class AuthorizeCase(msgspec.Struct, frozen=True, gc=False):
    """An authorization request as it came, and the app it names as the app's home org meets it."""

    door: Door
    params: Mapping[str, str]
    app: InstalledApp


class AuthorizationRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """An authorization request that may be answered at its callback; kept as JSON while it waits for a person.

    - `in_fragment`: the answer belongs into the callback's fragment; only refusals do here.
    - `hinted_user`: the 18-character id of the user that id_token_hint names.
    - `session_id`: the login session whose person answers. Empty: somebody has to log in first, even if somebody is
      logged in (prompt=login, an old login where max_age is short, "Not you?").
    """

    door: str
    app_id: str
    consumer_key: str
    redirect_uri: str
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    state: str | None = None
    nonce: str = ""
    challenge: str = ""
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    hinted_user: str = ""
    display: Display = "page"
    in_fragment: bool = False
    session_id: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts

    def wants_login(self, now_ms: int, auth_time_ms: int) -> bool:
        """Tell whether a login at `auth_time_ms` does not do for this request that has just come in."""
        # max_age=0 is another word for prompt=login, even in the millisecond of the login before.
        if "login" in self.prompts or "select_account" in self.prompts or self.max_age == 0:
            return True
        return self.max_age is not None and now_ms - auth_time_ms > self.max_age * 1000


def callback(case: AuthorizeCase) -> Finding | None:
    """The answer may only go to a registered callback URL, compared byte by byte (S1)."""
    sent = case.params.get("redirect_uri", "")
    if not sent:
        return Finding(CALLBACK, "missing", no.REDIRECT_URI_MISSING())
    if sent not in case.app[s.CALLBACK_URL]:
        refusal = no.REDIRECT_URI_MISMATCH(app=case.app.app.name, redirect_uri=sent[:300])
        return Finding(CALLBACK, "not registered", refusal)
    return Finding(CALLBACK, "registered")


def echoed(case: AuthorizeCase) -> Finding | None:
    """`state` and `nonce` come back whole or not at all, so they must have a length that can come back."""
    for name in ("state", "nonce"):
        if len(case.params.get(name, "").encode("utf-8", "surrogatepass")) > ECHO_MAX:
            refusal = no_request.PARAMETER_INVALID(parameter=name, problem=f"longer than {ECHO_MAX} bytes")
            return Finding(REQUEST, f"{name} is too long to be echoed", refusal)
    return None


def challenge_sent(case: AuthorizeCase) -> Finding | None:
    """Where PKCE is required a challenge must be there."""
    if case.params.get("code_challenge"):
        return Finding(PKCE, "a challenge was sent")
    name = case.app.app.name
    if case.app[s.REQUIRE_PKCE]:
        return Finding(PKCE, "required by the app, not sent", no.CHALLENGE_MISSING(app=name))
    if case.app[s.REQUIRE_PKCE_FOR_ALL_APPS]:
        return Finding(PKCE, "required by the org, not sent", no.CHALLENGE_MISSING_FOR_ORG(app=name))
    if case.door.pkce_for_public and not case.app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]:
        return Finding(PKCE, "required of public apps, not sent", no.CHALLENGE_MISSING_FOR_PUBLIC(app=name))
    return Finding(PKCE, "not required, not sent")


def _challenge_before_trust(case: AuthorizeCase) -> Finding | None:
    """At Salesforce's door a missing challenge makes the request an untrusted one (salesforce-oauth.md 2.3)."""
    return challenge_sent(case) if case.door is SALESFORCE else None


def _challenge_after_trust(case: AuthorizeCase) -> Finding | None:
    """At the standards' door the client hears of a missing challenge (RFC 7636, section 4.4.1)."""
    return challenge_sent(case) if case.door is not SALESFORCE else None


def challenge_usable(case: AuthorizeCase) -> Finding | None:
    """Only S256 is taken; an absent method means S256 at Salesforce's door and plain at the standards' (decision 7)."""
    challenge = case.params.get("code_challenge", "")
    method = case.params.get("code_challenge_method", "")
    if not challenge:
        if method not in ("", "S256"):
            return Finding(PKCE, "a method other than S256", no.CHALLENGE_METHOD_UNSUPPORTED(method=method[:40]))
        return None
    if method != "S256" and not (case.door.challenge_method_optional and not method):
        refusal = no.CHALLENGE_METHOD_UNSUPPORTED(method=method[:40] or "plain, which an absent method means here,")
        return Finding(PKCE, "a method other than S256", refusal)
    if not _CHALLENGE.fullmatch(challenge):
        return Finding(PKCE, "malformed", no.CHALLENGE_MALFORMED())
    return Finding(PKCE, "S256")


def response(case: AuthorizeCase) -> Finding | None:
    """Only response_type=code, asked for in plain parameters and answered in the query."""
    params = case.params
    if params.get("request"):
        return Finding(REQUEST, "a request object", no.REQUEST_OBJECT_UNSUPPORTED())
    if params.get("request_uri"):
        return Finding(REQUEST, "a request by reference", no.REQUEST_URI_UNSUPPORTED())
    kind = params.get("response_type", "")
    if not kind:
        return Finding(REQUEST, "no response_type", no.RESPONSE_TYPE_MISSING())
    if kind != "code":
        return Finding(REQUEST, "another response_type", no.RESPONSE_TYPE_UNSUPPORTED(response_type=kind[:60]))
    mode = params.get("response_mode", "")
    if mode not in ("", "query"):
        return Finding(REQUEST, "another response_mode", no.RESPONSE_MODE_UNSUPPORTED(response_mode=mode[:60]))
    return Finding(REQUEST, "response_type=code")


def pages_asked(case: AuthorizeCase) -> Finding | None:
    """`prompt=none` stands alone; max_age is a whole number of seconds."""
    asked = prompts_of(case)
    if "none" in asked and len(asked) > 1:
        return Finding(REQUEST, "prompt=none with another value", no.PROMPT_CONFLICT())
    max_age = case.params.get("max_age", "")
    if max_age and not _SECONDS.fullmatch(max_age):
        refusal = no_request.PARAMETER_INVALID(parameter="max_age", problem="not a whole number of seconds")
        return Finding(REQUEST, "max_age is no number", refusal)
    return None


def scope(case: AuthorizeCase) -> Finding | None:
    """What is asked for must be among the app's scopes."""
    asked = scopes_of(case)
    unknown, extra = beyond(asked, case.app[s.SCOPES], case.app[s.CUSTOM_SCOPES])
    if unknown:
        return Finding(SCOPE, "unknown", no.SCOPE_UNKNOWN(extra=" ".join(unknown)[:200]))
    if extra or not asked:
        what = " ".join(extra)[:200] or "all of its scopes"
        return Finding(SCOPE, "not among the app's", no.SCOPE_NOT_ALLOWED(app=case.app.app.name, extra=what))
    return Finding(SCOPE, "within the app's")


def resource(case: AuthorizeCase) -> Finding | None:
    """A resource that is named must be a URI, and one of those that the org lets tokens be for."""
    asked = ResourceCase(resources_of(case), case.app)
    return well_formed(asked) or served(asked) if asked.asked else None


BEFORE_TRUST: Final = (callback, echoed, _challenge_before_trust)
AFTER_TRUST: Final = (response, _challenge_after_trust, challenge_usable, pages_asked, scope, resource)
STILL_GOOD: Final = (callback, challenge_sent, scope, resource)
"""What may have changed while a request waited for a person."""


def prompts_of(case: AuthorizeCase) -> tuple[str, ...]:
    """Return the prompts asked for; `immediate=true` is Salesforce's word for none. Unknown ones are passed over."""
    asked = [word for word in case.params.get("prompt", "").split() if word in _PROMPTS]
    if case.door is SALESFORCE and case.params.get("immediate", "").lower() == "true":
        asked.append("none")
    return tuple(dict.fromkeys(asked))


def scopes_of(case: AuthorizeCase) -> tuple[str, ...]:
    """Return the scopes asked for; none asked for means all of the app's, its custom ones too."""
    return read_scope(case.params.get("scope", "")) or case.app[s.SCOPES] + case.app[s.CUSTOM_SCOPES]


def resources_of(case: AuthorizeCase) -> tuple[str, ...]:
    """Return the resources asked for; at Salesforce's door, which has no such parameter, none."""
    return read_resources(case.params.get("resource", "")) if case.door.takes_resource else ()


def answerable(case: AuthorizeCase) -> AuthorizationRequest:
    """Return only what the answer to a request needs; its callback is trusted, the rest of it may be junk."""
    return AuthorizationRequest(
        door=case.door.name,
        app_id=case.app.id,
        consumer_key=case.app.consumer_key,
        redirect_uri=case.params["redirect_uri"],
        state=case.params.get("state"),
        in_fragment=not _IN_FRAGMENT.isdisjoint(case.params.get("response_type", "").split()),
    )


def request_of(case: AuthorizeCase) -> AuthorizationRequest:
    """Return the request of a case that every check has passed."""
    params = case.params
    max_age = params.get("max_age", "")
    return msgspec.structs.replace(
        answerable(case),
        scopes=scopes_of(case),
        resources=resources_of(case),
        nonce=params.get("nonce", ""),
        challenge=params.get("code_challenge", ""),
        prompts=prompts_of(case),
        max_age=int(max_age) if max_age else None,
        login_hint=params.get("login_hint", "")[:255],
        display=_DISPLAYS.get(params.get("display", ""), "page"),
    )


def case_of(request: AuthorizationRequest, door: Door, app: InstalledApp) -> AuthorizeCase:
    """Return the case of a request that waited, to be checked again against the app as it is now."""
    params = {"redirect_uri": request.redirect_uri, "scope": " ".join(request.scopes)}
    params["resource"] = " ".join(request.resources)
    return AuthorizeCase(door, params | {"code_challenge": request.challenge}, app)
