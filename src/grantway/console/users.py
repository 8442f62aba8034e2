"""/setup/users: the org's users, and one of them: profile, permission sets, grants and logins, and acts on them."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.moments import Moment, moment
from grantway.console.paging import SIZE, Paging, page_of, paging
from grantway.console.user_forms import CRUMBS, USERS
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.caller import Right
from grantway.manage.people import holders, people, security_tokens, users
from grantway.manage.usage import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One user in the list."""

    id: str
    name: str
    username: str
    email: str
    profile: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPage:
    """A page of the org's users."""

    template: ClassVar[str] = "setup/users.html"
    title: str = "Users"
    rows: tuple[UserRow, ...]
    paging: Paging
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """What one app may do for the user."""

    id: str
    app_ref: str
    app: str
    scopes: str
    first_used: Moment
    last_used: Moment
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRow:
    """One login in a browser."""

    id: str
    began: Moment
    seen: Moment
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """One user. `manages`, `assigns`: whether the reader may change the user, and give and take permission sets.

    `is_guest`: nobody logs in as the user. `security_token` is one that was made a moment ago, and empty from then on.
    """

    template: ClassVar[str] = "setup/user.html"
    title: str
    path: str
    username: str
    state: str
    profile_id: str
    facts: tuple[tuple[str, str], ...]
    created: Moment
    sets: tuple[tuple[str, str], ...]
    free_sets: tuple[tuple[str, str], ...]
    grants: tuple[GrantRow, ...]
    logins: tuple[LoginRow, ...]
    sees_tokens: bool
    sees_logins: bool
    manages: bool
    assigns: bool
    is_guest: bool
    security_token: str


async def show_all(visit: Visit) -> Reply:
    """List users."""
    page, query = page_of(visit), visit.query.get("q", "")[:200]
    found, total = await people.page_of_users(visit.desk, visit.org, query=query, page=page, size=SIZE)
    rows = tuple(
        UserRow(
            id=one.id,
            name=one.name,
            username=one.username,
            email=one.email,
            profile=one.profile_name,
            state=_state(one.is_active, one.is_frozen),
        )
        for one in found
    )
    shown = UsersPage(rows=rows, paging=paging(USERS, page, len(rows), total, q=query), query=query)
    return visit.show(shown, here=USERS)


async def show(visit: Visit) -> Reply:
    """Show a user."""
    return await _show(visit)


async def reset_security_token(visit: Visit) -> Reply:
    """Make a user's security token anew and show it, this once."""
    token = await security_tokens.reset(visit.desk, visit.org, visit.params["user"])
    return await _show(visit, security_token=token)


async def _show(visit: Visit, security_token: str = "") -> Reply:
    desk, org = visit.desk, visit.org
    user = await users.find(desk, org, visit.params["user"])
    now = visit.server.clock.now_ms()
    assigned = set(await users.permission_sets_of(desk, user))
    sets = await holders.all_of(desk, holders.PERMISSION_SETS, org.id)
    fields = users.fields_of(user)
    labels = {"email": "Email", "phone": "Phone", "city": "City", "country": "Country", "language": "Language"}
    sees_tokens = desk.caller.may(Right.USAGE, org.id)
    sees_logins = desk.caller.may(Right.USERS, org.id)
    page = UserPage(
        title=user.name,
        path=f"{USERS}/{user.id}",
        username=user.username,
        state=_state(user.is_active, user.is_frozen),
        profile_id=user.profile_id,
        facts=(
            ("Username", user.username),
            ("Profile", user.profile_name),
            *((("Guest user", "nobody’s account: visitors without one act as this user"),) if user.is_guest else ()),
            *((label, str(fields[name])) for name, label in labels.items() if fields[name]),
        ),
        created=moment(user.created_at, now),
        sets=tuple((one.id, one.label) for one in sets if one.name in assigned),
        free_sets=tuple((one.id, one.label) for one in sets if one.name not in assigned),
        grants=tuple(
            GrantRow(
                id=one.id,
                app_ref=one.app.ref,
                app=one.app.label,
                scopes=one.scopes,
                first_used=moment(one.created_at, now),
                last_used=moment(one.used_at, now),
                uses=one.uses,
            )
            for one in (await people.grants_of(desk, org, user) if sees_tokens else ())
        ),
        logins=tuple(
            LoginRow(
                id=one.id,
                began=moment(one.began_at, now),
                seen=moment(one.seen_at, now),
                is_this=one.id == visit.person.session.id,
            )
            for one in (await people.sessions_of(desk, org, user) if sees_logins else ())
        ),
        sees_tokens=sees_tokens,
        sees_logins=sees_logins,
        manages=desk.caller.may(Right.USERS, org.id),
        assigns=desk.caller.may(Right.ASSIGN_PERMISSION_SETS, org.id),
        is_guest=bool(user.is_guest),
        security_token=security_token,
    )
    return visit.show(page, here=USERS, crumbs=CRUMBS)


async def freeze(visit: Visit) -> Reply:
    """Freeze a user."""
    user = await users.freeze(visit.desk, visit.org, visit.params["user"], frozen=True)
    return visit.go(f"{USERS}/{user.id}", saying=f"{user.username} is frozen: no login, no token of theirs is good.")


async def unfreeze(visit: Visit) -> Reply:
    """Unfreeze a user."""
    user = await users.freeze(visit.desk, visit.org, visit.params["user"], frozen=False)
    return visit.go(f"{USERS}/{user.id}", saying=f"{user.username} may log in again; what was out works again.")


async def assign(visit: Visit) -> Reply:
    """Give a user a permission set."""
    chosen = visit.form.get("permission_set", "")
    user = await users.assign(visit.desk, visit.org, visit.params["user"], chosen)
    return visit.go(f"{USERS}/{user.id}", saying=f"{user.username} has the permission set now.")


async def unassign(visit: Visit) -> Reply:
    """Take a permission set back from a user."""
    chosen = visit.form.get("permission_set", "")
    user = await users.assign(visit.desk, visit.org, visit.params["user"], chosen, assigned=False)
    return visit.go(f"{USERS}/{user.id}", saying=f"The permission set is taken back from {user.username}.")


async def revoke(visit: Visit) -> Reply:
    """End one grant of a user."""
    user = await users.find(visit.desk, visit.org, visit.params["user"])
    grant = visit.form.get("grant", "")
    mine = {one.id for one in await people.grants_of(visit.desk, visit.org, user)}
    ended = await tokens.revoke_one(visit.desk, visit.org, grant) if grant in mine else 0
    said = "The grant has ended, with every token that came of it." if ended else "That grant had ended already."
    return visit.go(f"{USERS}/{user.id}", saying=said)


async def log_out(visit: Visit) -> Reply:
    """End one login of a user."""
    user = await people.end_login(visit.desk, visit.org, visit.params["user"], visit.form.get("login", ""))
    return visit.go(f"{USERS}/{user.id}", saying="The login has ended. What apps hold stays.")


def _state(is_active: int, is_frozen: int) -> str:
    return "frozen" if is_frozen else "active" if is_active else "inactive"


ROUTES: Final = (
    Route("/setup/users", get=show_all),
    Route("/setup/users/{user}", get=show),
    Route("/setup/users/{user}/freeze", post=freeze),
    Route("/setup/users/{user}/unfreeze", post=unfreeze),
    Route("/setup/users/{user}/security-token", post=reset_security_token),
    Route("/setup/users/{user}/assign", post=assign),
    Route("/setup/users/{user}/unassign", post=unassign),
    Route("/setup/users/{user}/revoke", post=revoke),
    Route("/setup/users/{user}/log-out", post=log_out),
)
