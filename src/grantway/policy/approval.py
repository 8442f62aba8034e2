"""May an app act for a user who is not there? Pre-authorized, or approved earlier (salesforce-oauth.md 4).

JWT bearer and SAML bearer ask this: nobody is at hand to press Allow.
"""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.refresh_life import refresh_life
from grantway.domain.token import StandingGrant
from grantway.policy.app_use import UseCase
from grantway.protocol.decision import Finding
from grantway.protocol.no import assertion as no
from grantway.protocol.scopes import allows_refresh
from grantway.settings.choices import PermittedUsers

APPROVAL: Final = "Approved earlier"
# Nobody logs in, so there is nothing to renew, and no browser to be one with.
_NOT_GIVEN: Final = frozenset({"refresh_token", "offline_access"})
_PREAUTHORIZED: Final = Finding(APPROVAL, "not asked: admin approved users are pre-authorized")


class ApprovalCase(msgspec.Struct, frozen=True, gc=False):
    """An app, the user an assertion names (`of` is None where there is none), and what that user granted the app.

    `grants` are there where `asks_for_grants`.
    """

    app: InstalledApp | None
    username: str
    of: AppUser | None
    grants: tuple[StandingGrant, ...]
    now_ms: int


def asks_for_grants(of: AppUser) -> bool:
    """Tell whether what a user granted an app decides: not where users are pre-authorized."""
    return of.app[s.PERMITTED_USERS] is not PermittedUsers.ADMIN_APPROVED


def approved(case: ApprovalCase) -> Finding | None:
    """The user must be pre-authorized, or have a grant with a refresh token that still counts.

    Who is unknown and who has not approved are refused alike (S23).
    """
    app, of = case.app, case.of
    if app is None:
        return None
    if of is None:
        return Finding(APPROVAL, "no such user", no.NO_SUCH_USER(user=case.username[:200]))
    if of.app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED:
        scopes = of.app[s.SCOPES]
        if allows_refresh(scopes):
            return _PREAUTHORIZED
        refusal = no.REFRESH_SCOPE_NEEDED(app=app.app.name)
        return Finding(APPROVAL, "pre-authorized, and the app has not the scope refresh_token", refusal)
    standing = _standing(case)
    if not standing:
        refusal = no.NOT_APPROVED(app=app.app.name, user=of.user.username)
        return Finding(APPROVAL, "nothing that still counts", refusal)
    return Finding(APPROVAL, f"{len(standing)} {'grant' if len(standing) == 1 else 'grants'} with a refresh token")


def scopes_left(case: ApprovalCase) -> Finding | None:
    """Of what was approved, something besides the refresh token must be left."""
    of = case.of
    assert of is not None  # noqa: S101 - `approved` refused otherwise
    if scopes_of(case):
        return None
    refusal = no.NO_SCOPES(app=of.app.app.name, user=of.user.username)
    return Finding(APPROVAL, "no scope is left", refusal)


def all_scopes(app: InstalledApp) -> tuple[str, ...]:
    """Return the scopes of an app that a token can have for which there is no refresh token, in the app's order."""
    return tuple(name for name in app[s.SCOPES] if name not in _NOT_GIVEN) + app[s.CUSTOM_SCOPES]


def scopes_of(case: ApprovalCase) -> tuple[str, ...]:
    """Return the scopes of the token, in the app's order: all of the app's, or those that the user approved."""
    of = case.of
    if of is None:
        return ()
    standard = tuple(name for name in of.app[s.SCOPES] if name not in _NOT_GIVEN)
    custom = of.app[s.CUSTOM_SCOPES]
    if of.app[s.PERMITTED_USERS] is not PermittedUsers.ADMIN_APPROVED:
        granted = {name for grant in _standing(case) for name in grant.scopes.split()}
        standard = tuple(name for name in standard if name in granted)
        custom = tuple(name for name in custom if name in granted)
    return standard + custom if standard else ()


def use(case: ApprovalCase) -> UseCase:
    """Return whose use of the app this is: of an earlier approval it is one more, of a pre-authorization a new one."""
    assert case.of is not None  # noqa: S101 - `approved` refused otherwise
    if case.of.app[s.PERMITTED_USERS] is PermittedUsers.ADMIN_APPROVED:
        return UseCase(case.of, None)
    return UseCase(case.of, _standing(case)[-1].created_at, is_token=True)


def _standing(case: ApprovalCase) -> tuple[StandingGrant, ...]:
    """Return the grants that still count: after every mark of user, org and app, and within the policy's time."""
    of = case.of
    if of is None:
        return ()
    policy = of.app.policy
    mark = max(of.user.not_before, of.app.org.not_before, policy.not_before if policy is not None else 0)
    life = refresh_life(of.app)
    found = []
    for grant in case.grants:
        ends_at = life.ends_at(grant.created_at, grant.used_at)
        if grant.created_at > mark and (ends_at is None or case.now_ms < ends_at):
            found.append(grant)
    return tuple(found)
