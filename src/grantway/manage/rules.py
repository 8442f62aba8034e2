"""Settings that contradict or weaken each other: said where they are made, in words that say what to change."""

import re
from itertools import groupby
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.manage.desk import Desk
from grantway.protocol.scopes import allows_refresh
from grantway.settings.choices import (
    IpRelaxation,
    PermittedUsers,
    SamlSigning,
    SamlSubject,
    SessionAction,
    SessionLevel,
)
from grantway.settings.scopes import expand
from grantway.store.statement import Statement

_NAMES: Final = (
    (s.PROFILES, "profile", Statement("SELECT name FROM profile WHERE org_id = :org_id")),
    (s.PERMISSION_SETS, "permission set", Statement("SELECT name FROM permission_set WHERE org_id = :org_id")),
)


_RSA_BITS: Final = 2048


async def warnings_about(desk: Desk, app: InstalledApp) -> tuple[str, ...]:
    """Return what should be looked at in an app's settings; empty when nothing should."""
    found = [*_of_saml(app), *_of_certificates(app, desk.clock.now_ms())]
    if app[s.OAUTH_ENABLED]:
        found += [*_of_settings(app), *_of_flows(app), *_of_policies(app)]
    if app[s.OAUTH_ENABLED] or app[s.SAML]:
        found += await _of_assignments(desk, app)
    return (*found, *_of_dependents(app), *_not_in_force(app))


def _of_settings(app: InstalledApp) -> tuple[str, ...]:
    found = []
    scopes: tuple[str, ...] = app[s.SCOPES]
    public = not app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]
    if app[s.CLIENT_CREDENTIALS] and not app[s.RUN_AS]:
        found.append("client_credentials is on, but no run_as user is named: the flow will refuse")
    if not app[s.CALLBACK_URL] and not app[s.CLIENT_CREDENTIALS] and not app[s.DEVICE_FLOW]:
        found.append("there is no callback_url: nobody can log in through this app")
    if not scopes:
        found.append("no scopes are selected: every request will be refused")
    if public and not app[s.REQUIRE_PKCE]:
        found.append("the web server flow needs no secret and no PKCE: set require_pkce=true")
    if "full" in scopes:
        found.append("the scope full is too wide for most apps: select what it needs")
    if allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form == "infinite":
        found.append("refresh tokens never end: set refresh_token_policy=specific_inactivity:30:DAYS")
    return tuple(found)


def _of_flows(app: InstalledApp) -> list[str]:
    found = []
    if app[s.ASSET_TOKENS]:
        selected: tuple[str, ...] = app[s.SCOPES]
        scopes = expand(selected)
        lacks = [f"the scope {one}" for one in ("api", "openid") if one not in scopes]
        lacks += [] if app[s.CALLBACK_URL] else ["a callback_url"]
        if lacks:
            found.append(f"asset_tokens is on, but asset tokens need {' and '.join(lacks)}: add what is missing")
    if app[s.CODE_AND_CREDENTIALS] and not app[s.ALLOW_CODE_AND_CREDENTIALS]:
        found.append("code_and_credentials is on, but the org does not allow it: set allow_code_and_credentials=true")
    if app[s.TOKEN_EXCHANGE] and not app[s.TOKEN_EXCHANGE_ALLOWED]:
        found.append("token_exchange is on, but this org does not allow it: set token_exchange_allowed=true")
    return found


def _of_policies(app: InstalledApp) -> list[str]:
    found = []
    high = app[s.SESSION_LEVEL] is SessionLevel.HIGH_ASSURANCE
    action = app[s.SESSION_POLICY_ACTION]
    if action is not SessionAction.NONE and not high:
        found.append("session_policy_action does nothing without session_level=high_assurance")
    if high and action is SessionAction.NONE:
        found.append("session_level=high_assurance does not say what happens below it: set session_policy_action")
    if high and app[s.CLIENT_CREDENTIALS]:
        found.append("session_level=high_assurance shuts out the client credentials flow, where no person is present")
    if app[s.IP_RANGES] and app[s.IP_RELAXATION] is not IpRelaxation.BYPASS_2FACTOR:
        found.append("ip_ranges count only with ip_relaxation=bypass_2factor")
    return found


def _of_saml(app: InstalledApp) -> list[str]:
    if not app[s.SAML]:
        return []
    found = [
        f"saml is on, but {setting.name} is empty: nobody can log in by SAML"
        for setting in (s.SAML_ENTITY_ID, s.SAML_ACS_URL)
        if not app[setting]
    ]
    if app[s.SAML_SUBJECT_TYPE] is SamlSubject.CUSTOM_ATTRIBUTE and not app[s.SAML_SUBJECT_ATTRIBUTE]:
        found.append("saml_subject_type=custom_attribute names no field of the user: set saml_subject_attribute")
    if app[s.SAML_SIGNING_ALGORITHM] is SamlSigning.SHA1:
        found.append("SAML messages are signed with SHA1, which is broken: set saml_signing_algorithm=sha256")
    return found


def _of_certificates(app: InstalledApp, now: int) -> list[str]:
    found = []
    for setting in (s.CERTIFICATE, s.SAML_CERTIFICATE):
        held = app[setting]
        if held is None:
            continue
        if held.ends_at <= now:
            found.append(f"{setting.name} has expired: give a new certificate")
        elif held.starts_at > now:
            found.append(f"{setting.name} is not valid yet")
        if (size := re.fullmatch(r"RSA, (\d+) bits", held.key)) and int(size[1]) < _RSA_BITS:
            found.append(f"{setting.name} has a key of only {size[1]} bits: use one with {_RSA_BITS} or more")
    return found


def _of_dependents(app: InstalledApp) -> list[str]:
    """Say which settings were set although the switch that they belong to is off."""
    return [
        f"{setting.name} does nothing while {setting.under.name} is off"
        for setting in s.held_by(s.Holder.APP, s.Holder.POLICY)
        if setting.under is not None and not app[setting.under] and _was_chosen(app, setting)
    ]


def _not_in_force(app: InstalledApp) -> list[str]:
    """Say which settings were set although nothing enforces them yet, together where they wait for the same."""
    waiting = [
        setting
        for setting in s.held_by(s.Holder.APP, s.Holder.POLICY)
        if setting.awaits and _was_chosen(app, setting) and (setting.under is None or app[setting.under])
    ]
    waiting.sort(key=lambda setting: setting.awaits)
    return [
        f"{', '.join(one.name for one in those)}: not in force yet, waits for {awaits}"
        for awaits, those in groupby(waiting, lambda setting: setting.awaits)
    ]


def _was_chosen(app: InstalledApp, setting: s.AnySetting) -> bool:
    return app[setting] not in (setting.default, setting.starts_with)


async def _of_assignments(desk: Desk, app: InstalledApp) -> tuple[str, ...]:
    approved = app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED
    by_saml = app[s.SAML] and not app[s.PROFILES] and not app[s.PERMISSION_SETS]
    found = []
    if by_saml:
        found.append("nobody may log in by SAML: name profiles or permission_sets")
    if approved and not app[s.PROFILES] and not app[s.PERMISSION_SETS]:
        found.append(
            "only admin approved users may use the app, but no profiles or permission_sets are named: nobody may"
        )
    for setting, word, statement in _NAMES:
        named = app[setting]
        if not named:
            continue
        there = {cast(str, row[0]) for row in await desk.session.all(statement, app.org.id)}
        if missing := [name for name in named if name not in there]:
            found.append(f"{setting.name}: there is no {word} yet named {', '.join(missing)}")
    return tuple(found)
