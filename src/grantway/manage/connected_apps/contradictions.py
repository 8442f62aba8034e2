"""Settings of an app that contradict each other: one rule each, refused or warned about where they are made.

A rule that `refuses` is about what can never work or is never safe. It refuses a change that brings the contradiction
about, and a new app that has it. What is there already, and what a file of another server says, is only told of: such
an app can be imported, and mended one setting after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.manage.problem import ManageProblem
from grantway.protocol.scopes import allows_refresh
from grantway.settings.choices import IpRelaxation, PermittedUsers, SessionAction, SessionLevel
from grantway.settings.scopes import expand


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A contradiction.

    - `name`: stable, for tests and documents.
    - `at`: the setting that it is shown beside.
    - `says`: what is wrong and what to change, or None where nothing is.
    """

    name: str
    at: s.AnySetting
    says: Callable[[InstalledApp], str | None]
    refuses: bool = False


def _when(broken: Callable[[InstalledApp], bool], text: str) -> Callable[[InstalledApp], str | None]:
    return lambda app: text if broken(app) else None


def _asset_tokens(app: InstalledApp) -> str | None:
    if not app[s.ASSET_TOKENS]:
        return None
    selected: tuple[str, ...] = app[s.SCOPES]
    scopes = expand(selected)
    lacks = [f"the scope {one}" for one in ("api", "openid") if one not in scopes]
    lacks += [] if app[s.CALLBACK_URL] else ["a callback_url"]
    if not lacks:
        return None
    return f"asset_tokens is on, but asset tokens need {' and '.join(lacks)}: add what is missing"


def _has_full(app: InstalledApp) -> bool:
    scopes: tuple[str, ...] = app[s.SCOPES]
    return "full" in scopes


def _partner_controls(app: InstalledApp) -> str | None:
    """Say what apps for several orgs lack of what Salesforce demands of them since 2026 (salesforce-oauth.md 12)."""
    scopes: tuple[str, ...] = app[s.SCOPES]
    if app[s.DISTRIBUTION_STATE] is not s.Distribution.PACKAGED:
        return None
    lacks = [] if app[s.REQUIRE_PKCE] else ["require_pkce=true"]
    if allows_refresh(scopes):
        lacks += [] if app[s.REFRESH_TOKEN_ROTATION] else ["refresh_token_rotation=true"]
        lacks += [] if app[s.LIMIT_IDLE_REFRESH_TOKENS] else ["limit_idle_refresh_tokens=true"]
    return f"Salesforce's rules of 2026 for apps in several orgs: set {', '.join(lacks)}" if lacks else None


def _is_high(app: InstalledApp) -> bool:
    return app[s.SESSION_LEVEL] is SessionLevel.HIGH_ASSURANCE


def _names_holders(app: InstalledApp) -> bool:
    return bool(app[s.PROFILES] or app[s.PERMISSION_SETS])


def _refreshes_for_ever(app: InstalledApp) -> bool:
    scopes: tuple[str, ...] = app[s.SCOPES]
    capped = app[s.LIMIT_IDLE_REFRESH_TOKENS] or app[s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS]
    return allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form == "infinite" and not capped


Values = Mapping[s.AnySetting, Any]
# Each opens a way to tokens.
_WAYS_IN: Final[tuple[s.AnySetting, ...]] = (
    s.CALLBACK_URL,
    s.CERTIFICATE,
    s.CLIENT_CREDENTIALS,
    s.DEVICE_FLOW,
    s.JWKS,
    s.JWKS_URI,
    s.TOKEN_EXCHANGE,
    s.USERNAME_PASSWORD,
)
RULES: Final = (
    Rule(
        name="client_credentials_without_run_as",
        at=s.RUN_AS,
        says=_when(
            lambda app: app[s.CLIENT_CREDENTIALS] and not app[s.RUN_AS],
            "client_credentials is on, but no run_as user is named: name one, or set client_credentials=false",
        ),
        refuses=True,
    ),
    Rule(
        name="public_client_without_pkce",
        at=s.REQUIRE_PKCE,
        says=_when(
            lambda app: (
                not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]
                and not app[s.REQUIRE_PKCE]
                and not app[s.REQUIRE_PKCE_FOR_ALL_APPS]
            ),
            "the web server flow needs no secret and no PKCE: set require_pkce=true",
        ),
        refuses=True,
    ),
    Rule(
        name="two_key_sets",
        at=s.JWKS_URI,
        says=_when(
            lambda app: bool(app[s.JWKS] and app[s.JWKS_URI]),
            "there is a key set in jwks, and one at jwks_uri: keep one of them (RFC 7591, section 2)",
        ),
        refuses=True,
    ),
    Rule(name="asset_tokens_without_their_scopes", at=s.ASSET_TOKENS, says=_asset_tokens, refuses=True),
    Rule(
        name="action_without_level",
        at=s.SESSION_POLICY_ACTION,
        says=_when(
            lambda app: app[s.SESSION_POLICY_ACTION] is not SessionAction.NONE and not _is_high(app),
            "session_policy_action does nothing without session_level=high_assurance",
        ),
        refuses=True,
    ),
    Rule(
        name="level_without_action",
        at=s.SESSION_POLICY_ACTION,
        says=_when(
            lambda app: app[s.SESSION_POLICY_ACTION] is SessionAction.NONE and _is_high(app),
            "session_level=high_assurance does not say what happens below it: set session_policy_action",
        ),
    ),
    Rule(
        name="level_shuts_out_machines",
        at=s.SESSION_LEVEL,
        says=_when(
            lambda app: app[s.CLIENT_CREDENTIALS] and _is_high(app),
            "session_level=high_assurance shuts out the client credentials flow, where no person is present",
        ),
    ),
    Rule(
        name="nobody_can_log_in",
        at=s.CALLBACK_URL,
        says=_when(
            lambda app: not any(app[one] for one in _WAYS_IN),
            "there is no callback_url: nobody can log in through this app",
        ),
    ),
    Rule(
        name="no_scopes",
        at=s.SCOPES,
        says=_when(lambda app: not app[s.SCOPES], "no scopes are selected: every request will be refused"),
    ),
    Rule(
        name="full_scope",
        at=s.SCOPES,
        says=_when(
            _has_full,
            "the scope full is too wide for most apps: select what it needs",
        ),
    ),
    Rule(
        name="refresh_tokens_never_end",
        at=s.REFRESH_TOKEN_POLICY,
        says=_when(
            _refreshes_for_ever, "refresh tokens never end: set refresh_token_policy=specific_inactivity:30:DAYS"
        ),
    ),
    Rule(
        name="code_and_credentials_against_the_org",
        at=s.CODE_AND_CREDENTIALS,
        says=_when(
            lambda app: app[s.CODE_AND_CREDENTIALS] and not app[s.ALLOW_CODE_AND_CREDENTIALS],
            "code_and_credentials is on, but the org does not allow it: set allow_code_and_credentials=true",
        ),
    ),
    Rule(
        name="guests_without_jwt",
        at=s.GUEST_CODE_AND_CREDENTIALS,
        says=_when(
            lambda app: (
                app[s.CODE_AND_CREDENTIALS] and app[s.GUEST_CODE_AND_CREDENTIALS] and not app[s.JWT_ACCESS_TOKENS]
            ),
            "guest_code_and_credentials needs JWT-based access tokens: set jwt_access_tokens=true",
        ),
    ),
    Rule(
        name="token_exchange_against_the_org",
        at=s.TOKEN_EXCHANGE_ALLOWED,
        says=_when(
            lambda app: app[s.TOKEN_EXCHANGE] and not app[s.TOKEN_EXCHANGE_ALLOWED],
            "token_exchange is on, but this org does not allow it: set token_exchange_allowed=true",
        ),
    ),
    Rule(
        name="token_exchange_without_secret",
        at=s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW,
        says=_when(
            lambda app: app[s.TOKEN_EXCHANGE] and not app[s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW],
            "whoever knows the consumer key may exchange tokens: set require_secret_for_token_exchange_flow=true",
        ),
    ),
    Rule(
        name="holders_without_approval",
        at=s.PERMITTED_USERS,
        says=_when(
            lambda app: (
                _names_holders(app) and app[s.PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE and not app[s.SAML]
            ),
            "profiles and permission_sets say nothing while all users may self-authorize: "
            "set permitted_users=admin_approved",
        ),
    ),
    Rule(
        name="ip_ranges_without_relaxation",
        at=s.IP_RANGES,
        says=_when(
            lambda app: bool(app[s.IP_RANGES]) and app[s.IP_RELAXATION] is not IpRelaxation.BYPASS_2FACTOR,
            "ip_ranges count only with ip_relaxation=bypass_2factor",
        ),
    ),
    Rule(name="short_of_partner_rules", at=s.DISTRIBUTION_STATE, says=_partner_controls),
)
"""Every rule about OAuth, in the order in which they are told. None is about an app whose OAuth settings are off."""


def found_in(app: InstalledApp) -> tuple[tuple[Rule, str], ...]:
    """Return the rules that an app breaks, and what each says of it."""
    if not app[s.OAUTH_ENABLED]:
        return ()
    return tuple((rule, text) for rule in RULES if (text := rule.says(app)) is not None)


def demand_sense(before: InstalledApp | None, after: InstalledApp) -> None:
    """Refuse a change that brings about what can never work or is never safe.

    Parameters:
        before: the app as it was, or None for a new one.

    Raises:
        ManageProblem: it does, with the setting and what to change.
    """
    there = {rule.name for rule, _ in found_in(before)} if before is not None else set()
    wrong = {rule.at.name: text for rule, text in found_in(after) if rule.refuses and rule.name not in there}
    if wrong:
        raise ManageProblem.of(wrong)


def warnings_about_org(values: Values) -> dict[str, str]:
    """Return what should be looked at in an org's own settings, by the setting's name."""
    told = {}
    if values.get(s.ALLOW_LEGACY_QUERY_PARAMETERS, s.ALLOW_LEGACY_QUERY_PARAMETERS.default):
        told[s.ALLOW_LEGACY_QUERY_PARAMETERS.name] = (
            "Secrets and tokens in URLs are read now. Logs, proxies and histories keep them: switch it off when the "
            "test is over, and change every secret that came so."
        )
    if values.get(s.SAML_ASSERTION_FLOW, s.SAML_ASSERTION_FLOW.default):
        missing = [one.name for one in (s.SSO_ISSUER, s.SSO_CERTIFICATE, s.SAML_ASSERTION_APP) if not values.get(one)]
        told[s.SAML_ASSERTION_FLOW.name] = (
            f"Every request is refused until these are set: {', '.join(missing)}."
            if missing
            else "Whoever holds a response of the identity provider gets a token now, without any app's key or secret. "
            "The JWT bearer flow asks for one."
        )
    return told
