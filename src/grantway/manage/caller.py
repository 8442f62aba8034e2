"""Who asks for a change, and what they may do (security.md S37, S38): the operator, or a user with user permissions."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from grantway.domain import permissions as p
from grantway.domain.app import AppKind
from grantway.domain.org import User
from grantway.domain.permissions import UserPermission, label_of
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.store.database import Session
from grantway.store.people import permissions_of, user_and_password


class Right(Enum):
    """What may be asked for; the value says it in words. `{apps}` stands for the kind of app it is asked for."""

    READ_APPS = "read {apps}"
    APPS = "read and change {apps}"
    APP_POLICIES = "change the policies of {apps}"
    APP_ASSIGNMENTS = "assign apps to profiles and permission sets"
    REVEAL_SECRET = "reveal a consumer secret of {apps}"
    ROTATE_KEYS = "rotate the consumer key and secret of {apps}"
    INSTALL = "install and uninstall {apps}"
    INSTALL_PACKAGED = "install and uninstall packaged {apps}"
    ORG_SETTINGS = "change the OAuth settings of the org"
    CERTIFICATES = "make and delete certificates of the org"
    SINGLE_SIGN_ON = "change the single sign-on settings of the org"
    USERS = "manage users"
    PROFILES = "manage profiles and permission sets"
    ASSIGN_PERMISSION_SETS = "assign permission sets to users"
    SEE_PEOPLE = "see users, profiles and permission sets"
    USAGE = "see and end the tokens of users"
    SEE_SETUP = "see Setup"
    AUDIT = "read the audit trail"
    CUSTOM_SCOPES = "see and change custom scopes"
    CUSTOM_PERMISSIONS = "create and delete custom permissions"
    TOKEN_HANDLERS = "see and change token exchange handlers"
    SIGNING_KEYS = "see the signing keys"
    ROTATE_SIGNING_KEYS = "rotate the signing keys of a server with one org"
    SERVER = "manage orgs and the database"


Needs = tuple[tuple[UserPermission, ...], ...]
"""Of every group at least one permission."""

_CONNECTED: Final = ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA, p.MANAGE_CONNECTED_APPS))
NEEDS: Final[dict[Right, Needs]] = {
    Right.READ_APPS: _CONNECTED,
    Right.APPS: _CONNECTED,
    Right.APP_POLICIES: _CONNECTED,
    Right.APP_ASSIGNMENTS: ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA,), (p.MANAGE_PROFILES,)),
    Right.REVEAL_SECRET: (*_CONNECTED, (p.ROTATE_CONSUMER,)),
    Right.ROTATE_KEYS: (*_CONNECTED, (p.ROTATE_CONSUMER,)),
    Right.INSTALL: _CONNECTED,
    Right.INSTALL_PACKAGED: (*_CONNECTED, (p.INSTALL_PACKAGES,)),
    Right.ORG_SETTINGS: ((p.CUSTOMIZE_APPLICATION,),),
    Right.CERTIFICATES: ((p.CUSTOMIZE_APPLICATION, p.MANAGE_CERTIFICATES),),
    Right.USERS: ((p.MANAGE_USERS,),),
    Right.PROFILES: ((p.MANAGE_PROFILES,),),
    Right.ASSIGN_PERMISSION_SETS: ((p.ASSIGN_PERMISSION_SETS, p.MANAGE_PROFILES),),
    Right.SEE_PEOPLE: (
        (p.VIEW_SETUP, p.MANAGE_USERS, p.MANAGE_PROFILES, p.ASSIGN_PERMISSION_SETS, p.CUSTOMIZE_APPLICATION),
    ),
    Right.CUSTOM_SCOPES: ((p.MANAGE_CONNECTED_APPS,),),
    Right.CUSTOM_PERMISSIONS: ((p.CUSTOMIZE_APPLICATION,),),
    # Whose word is believed decides who comes in as whom: as much as to give every user a password.
    Right.SINGLE_SIGN_ON: ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA,), (p.MANAGE_USERS,)),
    Right.TOKEN_HANDLERS: ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA,), (p.MANAGE_USERS,)),
    Right.USAGE: ((p.VIEW_SETUP,), (p.MANAGE_USERS,)),
    Right.SEE_SETUP: ((p.VIEW_SETUP,),),
    Right.AUDIT: ((p.VIEW_SETUP,),),
    Right.SIGNING_KEYS: ((p.VIEW_SETUP,),),
    Right.ROTATE_SIGNING_KEYS: ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA,)),
}
"""The whole matrix for connected apps and all that is no app. SERVER is the operator's alone."""

_EXTERNAL: Final = ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA, p.EXTERNAL_DEVELOPER))
_EXTERNAL_POLICIES: Final = ((p.CUSTOMIZE_APPLICATION,), (p.MODIFY_ALL_DATA, p.EXTERNAL_ADMIN))
NEEDS_OF_EXTERNAL: Final[dict[Right, Needs]] = {
    Right.READ_APPS: (
        (p.CUSTOMIZE_APPLICATION,),
        (p.MODIFY_ALL_DATA, p.EXTERNAL_DEVELOPER, p.EXTERNAL_ADMIN, p.EXTERNAL_VIEWER),
    ),
    Right.APPS: _EXTERNAL,
    Right.APP_POLICIES: _EXTERNAL_POLICIES,
    Right.REVEAL_SECRET: (*_EXTERNAL, (p.VIEW_CLIENT_SECRET,)),
    Right.ROTATE_KEYS: (*_EXTERNAL, (p.VIEW_CLIENT_SECRET,)),
    Right.INSTALL: _EXTERNAL_POLICIES,
    Right.INSTALL_PACKAGED: (*_EXTERNAL_POLICIES, (p.INSTALL_PACKAGES,)),
}
"""Where external client apps need something else: permissions of their own in place of Manage Connected Apps."""


def needs_of(right: Right, kind: AppKind = AppKind.CONNECTED_APP) -> Needs | None:
    """Return what a right takes, over apps of a kind where it is about apps; None for what is the operator's alone."""
    if kind is AppKind.EXTERNAL_CLIENT_APP and right in NEEDS_OF_EXTERNAL:
        return NEEDS_OF_EXTERNAL[right]
    return NEEDS.get(right)


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

    def may(self, right: Right, org_id: str = "", kind: AppKind = AppKind.CONNECTED_APP) -> bool:
        """Tell whether `needs` would let the caller pass."""
        return self._why_not(right, org_id, kind) is None

    def needs(self, right: Right, org_id: str = "", kind: AppKind = AppKind.CONNECTED_APP) -> None:
        """Demand a right in an org; an empty `org_id` means what belongs to no org, which is the operator's.

        `kind` is the kind of app that a right over apps is asked for.

        Raises:
            NotAllowed: names the permission that is missing.
        """
        if why := self._why_not(right, org_id, kind):
            raise NotAllowed(why)

    def kinds(self, right: Right, org_id: str) -> tuple[AppKind, ...]:
        """Demand a right over apps of at least one kind, and return the kinds for which the caller has it.

        Raises:
            NotAllowed: names the permission that is missing for connected apps.
        """
        kinds = tuple(kind for kind in AppKind if self.may(right, org_id, kind))
        if not kinds:
            self.needs(right, org_id)
        return kinds

    def reads(self, org_id: str) -> str:
        """Demand the right to read apps of some kind; return what lists narrow themselves to: the one kind that the
        caller may read (the value of an AppKind), or nothing where both may be read.

        Raises:
            NotAllowed: names the permission that is missing for connected apps.
        """
        kinds = self.kinds(Right.READ_APPS, org_id)
        return kinds[0].value if len(kinds) == 1 else ""

    def _why_not(self, right: Right, org_id: str, kind: AppKind) -> str | None:
        if self.is_operator:
            return None
        doing = right.value.format(apps=kind.plural)
        needs = needs_of(right, kind)
        if needs is None or org_id != self.org_id:
            return f"{self.username} may not {doing} here: that is the operator's or another org's"
        for group in needs:
            if self.permissions.isdisjoint(one.name for one in group):
                labels = " or ".join(sorted(one.label for one in group))
                return f"{self.username} may not {doing}: the permission {labels} is missing"
        return None

    def holds_all(self, permissions: Iterable[str], doing: str) -> None:
        """Demand that nobody gives, takes over or acts as more than they hold themselves (S38).

        Raises:
            NotAllowed: names the permissions the caller lacks; `doing` says what was tried.
        """
        if self.is_operator:
            return
        if beyond := sorted(set(permissions) - self.permissions):
            labels = ", ".join(map(label_of, beyond))
            raise NotAllowed(f"{self.username} cannot {doing}: that needs {labels}, which they do not hold")


OPERATOR: Final = Caller()


async def caller_named(session: Session, username: str) -> Caller:
    """Return a user as a caller, with the rights that they have at this moment.

    Raises:
        ManageProblem: there is no such user, or one who may not act: deactivated, frozen, or a guest user.
    """
    found = await user_and_password(session, username)
    if found is None or not found[0].may_act or found[0].is_guest:
        raise ManageProblem(f"--as: there is no active user {username!r}")
    return await caller_of(session, found[0])


async def caller_of(session: Session, user: User) -> Caller:
    """Return a user who was found and may act as a caller, with the rights that they have at this moment."""
    permissions = await permissions_of(session, user)
    return Caller(user_id=user.id, username=user.username, org_id=user.org_id, permissions=permissions)
