"""Settings that contradict or weaken each other: said where they are made, in words that say what to change."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.manage.connected_apps.contradictions import found_in
from grantway.manage.desk import Desk
from grantway.settings.choices import PermittedUsers, SamlSigning, SamlSubject
from grantway.store.statement import Statement

_WORDS: Final = ((s.PROFILES, "profile"), (s.PERMISSION_SETS, "permission set"))
_NAMES: Final = Statement(
    "SELECT 'profile', name FROM profile WHERE org_id = :org_id"
    " UNION ALL SELECT 'permission set', name FROM permission_set WHERE org_id = :org_id"
)
# The profiles and permission sets of an org: the word for each, and its name.
Names = frozenset[tuple[str, str]]
_RSA_BITS: Final = 2048


async def warnings_about(desk: Desk, app: InstalledApp) -> tuple[str, ...]:
    """Return what should be looked at in an app's settings; empty when nothing should."""
    is_assigned = any(app[setting] for setting, _ in _WORDS)
    names = await names_in(desk, app.org.id) if is_assigned else Names()
    return warnings_knowing(app, names, desk.clock.now_ms())


async def names_in(desk: Desk, org_id: str) -> Names:
    """Return what `warnings_knowing` has to know of an org."""
    return Names(cast("Sequence[tuple[str, str]]", await desk.session.all(_NAMES, org_id)))


def warnings_knowing(app: InstalledApp, names: Names, now_ms: int) -> tuple[str, ...]:
    """Return the same as `warnings_about`, for many apps of an org one after the other."""
    found = [*_of_saml(app), *_of_certificates(app, now_ms)]
    found += [text for _, text in found_in(app)]
    if app[s.OAUTH_ENABLED] or app[s.SAML]:
        found += _of_assignments(app, names)
    return (*found, *_of_dependents(app), *_not_in_force(app))


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


def _of_assignments(app: InstalledApp, names: Names) -> list[str]:
    approved = app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED
    by_saml = app[s.SAML] and not app[s.PROFILES] and not app[s.PERMISSION_SETS]
    found = []
    if by_saml:
        found.append("nobody may log in by SAML: name profiles or permission_sets")
    if approved and not app[s.PROFILES] and not app[s.PERMISSION_SETS]:
        found.append(
            "only admin approved users may use the app, but no profiles or permission_sets are named: nobody may"
        )
    for setting, word in _WORDS:
        if missing := [name for name in app[setting] if (word, name) not in names]:
            found.append(f"{setting.name}: there is no {word} yet named {', '.join(missing)}")
    return found
