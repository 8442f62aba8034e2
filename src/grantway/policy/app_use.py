"""Checks of whether a user may use an app in an org, now. Every flow and every use makes them."""

from dataclasses import dataclass
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppKind, AppUser, InstalledApp
from grantway.domain.permissions import APPROVE_UNINSTALLED, USE_ANY_API_CLIENT
from grantway.protocol.decision import Check, Finding
from grantway.protocol.refusal import Reason
from grantway.settings.choices import PermittedUsers
from grantway.settings.distribution import Distribution

APP: Final = "App in this org"
USER: Final = "User"
PERMITTED: Final = "Permitted Users"
API_ACCESS: Final = "API Access Control"
STANDING: Final = "Issued after the last revocation"
_EXTERNAL: Final = AppKind.EXTERNAL_CLIENT_APP.value
_INSTALLED: Final = Finding(APP, "installed, not blocked")
_UNINSTALLED: Final = Finding(APP, "not installed; the user may approve uninstalled apps")
_STAYS: Final = Finding(APP, "not installed; what was approved before stays")
_ACTIVE: Final = Finding(USER, "active")
_SELF: Final = Finding(PERMITTED, "all users may self-authorize")
_BY_PROFILE: Final = Finding(PERMITTED, "pre-authorized by the user's profile")
_BY_SET: Final = Finding(PERMITTED, "pre-authorized by a permission set of the user")
_ANY_CLIENT: Final = Finding(API_ACCESS, "on; the user may use any API client")
_APPROVED: Final = Finding(API_ACCESS, "on; the app is installed and the user admin approved")
_STANDS: Final = Finding(STANDING, "nothing was taken back since")


class UseCase(msgspec.Struct, frozen=True, gc=False):
    """A user, an app as the user's org meets it, and when what they use was issued (ms; None for something new)."""

    of: AppUser
    issued_at: int | None
    is_token: bool = False
    """Whether it is a token that the user holds already, not something that leads to one."""
    as_guest: bool = False
    """Whether it is for a visitor, as whom the org's guest user acts. Nothing else may be for a guest user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """The reasons these checks refuse with: the same facts are put differently at tokens, pages and APIs."""

    app_blocked: Reason
    oauth_off: Reason
    off_in_org: Reason
    app_not_installed: Reason
    external_not_installed: Reason
    external_is_local: Reason
    user_inactive: Reason
    user_is_guest: Reason
    not_admin_approved: Reason
    api_access_limited: Reason
    tokens_ended: Reason


def checks(no: Voices) -> tuple[Check[UseCase], ...]:
    """Return the checks in their order, refusing with the reasons given."""

    def installed(case: UseCase) -> Finding | None:
        """The app must be installed in the user's org, and not blocked there."""
        app = case.of.app
        if app.app.kind == _EXTERNAL and (refused := _kept_out(app, no)):
            return refused
        if app.policy is None:
            return _uninstalled(case, no)
        if app.policy.is_blocked:
            return Finding(APP, "blocked", no.app_blocked(app=app.ruled_by))
        return _INSTALLED if app[s.OAUTH_ENABLED] and app[s.ENABLED_IN_ORG] else _switched_off(app, no)

    def active(case: UseCase) -> Finding | None:
        """The user must be active, and a guest user only where a visitor comes."""
        return _active(case, no)

    def permitted(case: UseCase) -> Finding | None:
        """Permitted Users must let the user in."""
        app, user = case.of.app, case.of.user
        if app[s.PERMITTED_USERS] is PermittedUsers.SELF_AUTHORIZE:
            return _SELF
        if user.profile_name in app[s.PROFILES]:
            return _BY_PROFILE
        if any(name in case.of.permission_sets for name in app[s.PERMISSION_SETS]):
            return _BY_SET
        refusal = no.not_admin_approved(app=app.ruled_by, user=user.username)
        return Finding(PERMITTED, "in no profile or permission set of this app", refusal)

    def api_access(case: UseCase) -> Finding | None:
        """API Access Control must let the app in."""
        return _api_access(case, no)

    def standing(case: UseCase) -> Finding | None:
        """What was issued must not have been taken back since."""
        if case.issued_at is None:
            return None
        app, user = case.of.app, case.of.user
        policy_mark = app.policy.not_before if app.policy is not None else 0
        # A mark set in the same millisecond ends what was issued in it: a revocation is never the weaker one.
        if case.issued_at <= max(user.not_before, app.org.not_before, policy_mark):
            of, mark = max(("user", user.not_before), ("org", app.org.not_before), ("app", policy_mark), key=_mark)
            return Finding(STANDING, f"the {of}'s tokens were taken back", no.tokens_ended(not_before=mark, of=of))
        return _STANDS

    return (installed, active, permitted, api_access, standing)


def _active(case: UseCase, no: Voices) -> Finding:
    user = case.of.user
    if user.is_guest and not case.as_guest:
        return Finding(USER, "a guest user", no.user_is_guest(user=user.username))
    return _ACTIVE if user.may_act else Finding(USER, "deactivated or frozen", no.user_inactive(user=user.username))


def _api_access(case: UseCase, no: Voices) -> Finding | None:
    app, user = case.of.app, case.of.user
    if not app[s.ADMIN_APPROVED_APPS_ONLY]:
        return None
    if USE_ANY_API_CLIENT.name in case.of.permissions:
        return _ANY_CLIENT
    # That the user is in a profile or permission set of the app was checked before.
    if app.policy is not None and app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED:
        return _APPROVED
    refusal = no.api_access_limited(app=app.app.name, org=app.org.name, user=user.username)
    return Finding(API_ACCESS, "on; the app is not installed and admin approved", refusal)


def _kept_out(app: InstalledApp, no: Voices) -> Finding | None:
    """Refuse an external client app where it is not installed, or is local to another org."""
    if not app.is_at_home and app[s.DISTRIBUTION_STATE] is Distribution.LOCAL:
        return Finding(APP, "local to another org", no.external_is_local(app=app.app.name, org=app.org.name))
    if app.policy is None:
        return Finding(APP, "not installed", no.external_not_installed(app=app.app.name, org=app.org.name))
    return None


def _uninstalled(case: UseCase, no: Voices) -> Finding:
    """A connected app that the org has not installed: what was approved stays, something new takes a permission."""
    app = case.of.app
    if app.is_child:
        # Installed where its parent is, and nowhere else.
        refusal = no.app_not_installed(app=app.ruled_by, org=app.org.name, user=case.of.user.username)
        return Finding(APP, "not installed, for its parent is not", refusal)
    if case.is_token and not app.is_at_home:
        return _STAYS
    if APPROVE_UNINSTALLED.name in case.of.permissions:
        return _UNINSTALLED
    refusal = no.app_not_installed(app=app.app.name, org=app.org.name, user=case.of.user.username)
    return Finding(APP, "not installed", refusal)


def _switched_off(app: InstalledApp, no: Voices) -> Finding:
    if app[s.OAUTH_ENABLED]:
        return Finding(APP, "switched off in this org", no.off_in_org(app=app.ruled_by, org=app.org.name))
    return Finding(APP, "OAuth settings are off", no.oauth_off(app=app.ruled_by))


def _mark(pair: tuple[str, int]) -> int:
    return pair[1]
