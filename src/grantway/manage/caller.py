"""Who asks for a change, and what they may do (security.md S37, S38): the operator, or a user with user permissions."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from grantway.domain.org import User
from grantway.domain.permissions import (
    ALL,
    CUSTOMIZE_APPLICATION,
    MANAGE_CONNECTED_APPS,
    MANAGE_PROFILES,
    MANAGE_USERS,
    MODIFY_ALL_DATA,
    ROTATE_CONSUMER,
)
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.store.database import Session
from grantway.store.people import permissions_of, user_and_password


class Right(Enum):
    """What may be asked for; the value says it in words."""

    APPS = "read and change connected apps"
    APP_ASSIGNMENTS = "assign apps to profiles and permission sets"
    REVEAL_SECRET = "reveal a consumer secret"
    ROTATE_KEYS = "rotate a consumer key and secret"
    AUDIT = "read the audit trail"
    USERS = "manage users"
    PROFILES = "manage profiles and permission sets"
    SEE_PEOPLE = "see users, profiles and permission sets"
    ORG_SETTINGS = "change the org's OAuth settings"
    CUSTOM_SCOPES = "see and change custom scopes"
    CUSTOM_PERMISSIONS = "create and delete custom permissions"
    SERVER = "manage orgs, keys and the database"


_APPS: Final = ({CUSTOMIZE_APPLICATION.name}, {MODIFY_ALL_DATA.name, MANAGE_CONNECTED_APPS.name})
# Each right: of every group at least one permission. SERVER is the operator's alone.
_NEEDS: Final[dict[Right, tuple[set[str], ...]]] = {
    Right.APPS: _APPS,
    Right.APP_ASSIGNMENTS: ({CUSTOMIZE_APPLICATION.name}, {MODIFY_ALL_DATA.name}, {MANAGE_PROFILES.name}),
    Right.REVEAL_SECRET: (*_APPS, {ROTATE_CONSUMER.name}),
    Right.ORG_SETTINGS: ({CUSTOMIZE_APPLICATION.name}, {MODIFY_ALL_DATA.name}),
    Right.ROTATE_KEYS: (*_APPS, {ROTATE_CONSUMER.name}),
    Right.AUDIT: ({CUSTOMIZE_APPLICATION.name},),
    Right.USERS: ({MANAGE_USERS.name},),
    Right.PROFILES: ({MANAGE_PROFILES.name},),
    Right.CUSTOM_SCOPES: ({MANAGE_CONNECTED_APPS.name},),
    Right.CUSTOM_PERMISSIONS: ({CUSTOMIZE_APPLICATION.name},),
    Right.SEE_PEOPLE: ({MANAGE_USERS.name, MANAGE_PROFILES.name, CUSTOMIZE_APPLICATION.name},),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The operator (no user), or a user of one org with the permissions that profile and permission sets give."""

    user_id: str = ""
    username: str = ""
    org_id: str = ""
    permissions: frozenset[str] = frozenset()

    @property
    def is_operator(self) -> bool:
        """Whether this is whoever runs the server: every right, audited as such."""
        return not self.user_id

    def needs(self, right: Right, org_id: str = "") -> None:
        """Demand a right in an org; an empty `org_id` means what belongs to no org, which is the operator's.

        Raises:
            NotAllowed: names the permission that is missing.
        """
        if self.is_operator:
            return
        if right not in _NEEDS or org_id != self.org_id:
            raise NotAllowed(f"{self.username} may not {right.value} here: that is the operator's or another org's")
        for group in _NEEDS[right]:
            if group.isdisjoint(self.permissions):
                labels = " or ".join(sorted(ALL[name].label for name in group))
                raise NotAllowed(f"{self.username} may not {right.value}: the permission {labels} is missing")

    def holds_all(self, permissions: Iterable[str], doing: str) -> None:
        """Demand that nobody gives, takes over or acts as more than they hold themselves (S38).

        Raises:
            NotAllowed: names the permissions the caller lacks; `doing` says what was tried.
        """
        if self.is_operator:
            return
        if beyond := sorted(set(permissions) - self.permissions):
            labels = ", ".join(ALL[name].label if name in ALL else name for name in beyond)
            raise NotAllowed(f"{self.username} cannot {doing}: that needs {labels}, which they do not hold")


OPERATOR: Final = Caller()


async def caller_named(session: Session, username: str) -> Caller:
    """Return a user as a caller, with the rights that they have at this moment.

    Raises:
        ManageProblem: there is no such user, or one who may not act.
    """
    found = await user_and_password(session, username)
    if found is None or not found[0].may_act:
        raise ManageProblem(f"--as: there is no active user {username!r}")
    return await caller_of(session, found[0])


async def caller_of(session: Session, user: User) -> Caller:
    """Return a user who was found and may act as a caller, with the rights that they have at this moment."""
    permissions = await permissions_of(session, user)
    return Caller(user_id=user.id, username=user.username, org_id=user.org_id, permissions=permissions)
