"""The authorization request: read, checked before and after its callback is trusted (RFC 6749 4.1.1)."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.protocol.decision import Finding
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import authorize as no
from grantway.protocol.no import request as no_request
from grantway.protocol.scopes import beyond, read_scope

CALLBACK: Final = "Callback URL"
REQUEST: Final = "Authorization request"
PKCE: Final = "PKCE"
SCOPE: Final = "Scope"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})


class AuthorizeCase(msgspec.Struct, frozen=True, gc=False):
    """An authorization request as it came, and the app it names."""

    door: Door
    params: Mapping[str, str]
    app: InstalledApp


class AuthorizationRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """An authorization request that may be answered; kept as JSON while it waits for a person."""

    door: str
    app_id: str
    consumer_key: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = ""
    has_state: bool = False
    nonce: str = ""
    challenge: str = ""
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    hinted_user: str = ""
    display: str = "page"

    @property
    def is_silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts


def callback(case: AuthorizeCase) -> Finding | None:
    """The answer may only go to a registered callback URL, compared byte by byte (S1)."""
    sent = case.params.get("redirect_uri", "")
    if not sent:
        return Finding(CALLBACK, "missing", no.REDIRECT_URI_MISSING())
    if sent not in case.app[s.CALLBACK_URL]:
        refusal = no.REDIRECT_URI_MISMATCH(app=case.app.app.name, redirect_uri=sent[:300])
        return Finding(CALLBACK, "not registered", refusal)
    return Finding(CALLBACK, "registered")


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


def _challenge_at_salesforce(case: AuthorizeCase) -> Finding | None:
    return challenge_sent(case) if case.door is SALESFORCE else None


def _challenge_at_standards(case: AuthorizeCase) -> Finding | None:
    return challenge_sent(case) if case.door is not SALESFORCE else None


def challenge_usable(case: AuthorizeCase) -> Finding | None:
    """Only S256 is taken; an absent method means S256 at Salesforce's door and plain at the standards' (decision 7)."""
    challenge = case.params.get("code_challenge", "")
    method = case.params.get("code_challenge_method", "")
    if not challenge:
        return None
    if method != "S256" and not (case.door.challenge_method_optional and not method):
        refusal = no.CHALLENGE_METHOD_UNSUPPORTED(method=method[:40] or "plain")
        return Finding(PKCE, "a method other than S256", refusal)
    if not _CHALLENGE.fullmatch(challenge):
        return Finding(PKCE, "malformed", no.CHALLENGE_MALFORMED())
    return Finding(PKCE, "S256")


def response(case: AuthorizeCase) -> Finding | None:
    """Only response_type=code, answered in the query."""
    params = case.params
    if "request" in params:
        return Finding(REQUEST, "a request object", no.REQUEST_OBJECT_UNSUPPORTED())
    if "request_uri" in params:
        return Finding(REQUEST, "a request by reference", no.REQUEST_URI_UNSUPPORTED())
    kind = params.get("response_type", "")
    if not kind:
        return Finding(REQUEST, "no response_type", no.RESPONSE_TYPE_MISSING())
    if kind != "code":
        refusal = no.RESPONSE_TYPE_UNSUPPORTED(response_type=kind[:60])
        return Finding(REQUEST, "another response_type", refusal)
    mode = params.get("response_mode", "query")
    if mode != "query":
        return Finding(REQUEST, "another response_mode", no.RESPONSE_MODE_UNSUPPORTED(response_mode=mode[:60]))
    return Finding(REQUEST, "response_type=code")


def prompts(case: AuthorizeCase) -> Finding | None:
    """`prompt=none` stands alone; max_age is a whole number of seconds."""
    asked = prompts_of(case.params)
    if "none" in asked and len(asked) > 1:
        return Finding(REQUEST, "prompt=none with another value", no.PROMPT_CONFLICT())
    max_age = case.params.get("max_age", "")
    if max_age and not (max_age.isascii() and max_age.isdigit() and len(max_age) < 10):
        refusal = no_request.PARAMETER_INVALID(parameter="max_age", problem="not a whole number of seconds")
        return Finding(REQUEST, "max_age is no number", refusal)
    return None


def scope(case: AuthorizeCase) -> Finding | None:
    """What is asked for must be among the app's scopes."""
    asked = scopes_of(case)
    unknown, extra = beyond(asked, case.app[s.SCOPES])
    name = case.app.app.name
    if unknown:
        return Finding(SCOPE, "unknown", no.SCOPE_UNKNOWN(extra=" ".join(unknown)[:200]))
    if extra or not asked:
        refusal = no.SCOPE_NOT_ALLOWED(app=name, extra=" ".join(extra)[:200] or "nothing, and has no scopes")
        return Finding(SCOPE, "not among the app's", refusal)
    return Finding(SCOPE, "within the app's")


BEFORE_TRUST: Final = (callback, _challenge_at_salesforce)
AFTER_TRUST: Final = (response, _challenge_at_standards, challenge_usable, prompts, scope)


def prompts_of(params: Mapping[str, str]) -> tuple[str, ...]:
    """Return the prompts asked for; `immediate=true` is Salesforce's word for none. Unknown ones are passed over."""
    asked = [word for word in params.get("prompt", "").split() if word in _PROMPTS]
    if params.get("immediate", "").lower() == "true":
        asked.append("none")
    return tuple(dict.fromkeys(asked))


def scopes_of(case: AuthorizeCase) -> tuple[str, ...]:
    """Return the scopes asked for; none asked for means all of the app's."""
    return read_scope(case.params.get("scope", "")) or case.app[s.SCOPES]


def request_of(case: AuthorizeCase) -> AuthorizationRequest:
    """Return the request of a case that every check has passed."""
    params = case.params
    max_age = params.get("max_age", "")
    return AuthorizationRequest(
        door=case.door.name,
        app_id=case.app.id,
        consumer_key=case.app.consumer_key,
        redirect_uri=params["redirect_uri"],
        scopes=scopes_of(case),
        state=params.get("state", ""),
        has_state="state" in params,
        nonce=params.get("nonce", ""),
        challenge=params.get("code_challenge", ""),
        prompts=prompts_of(params),
        max_age=int(max_age) if max_age else None,
        login_hint=params.get("login_hint", "")[:80],
        display=params.get("display", "page"),
    )
