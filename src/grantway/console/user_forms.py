"""A new user, and changing one: /setup/users/new, /setup/users/{id}/edit and its password."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from grantway.console.fields import Field, Problems, status_of, with_problem
from grantway.console.visit import Route, Visit
from grantway.domain.org import User
from grantway.kit.http import Reply
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem, NotFound

USERS: Final = "/setup/users"
CRUMBS: Final = (("Users", USERS),)
_NAMES: Final = (("first_name", "First Name", False), ("last_name", "Last Name", True))
_DETAILS: Final = (
    ("nickname", "Nickname"),
    ("phone", "Phone"),
    ("street", "Street"),
    ("city", "City"),
    ("state", "State/Province"),
    ("postal_code", "Zip/Postal Code"),
    ("country", "Country"),
    ("language", "Language"),
    ("locale", "Locale"),
    ("timezone", "Time Zone"),
    ("federation_id", "Federation ID"),
)
_FLAGS: Final = (
    ("is_active", "Active", "Clear it for somebody who has left: every token and login of theirs ends for good."),
    ("email_verified", "E-mail address verified", "Apps are told so."),
    ("integration", "Integration user", "Not a person: apps are told so."),
)

_GUEST_HELP: Final = (
    "Nobody’s account: visitors who have none act as this user, by a token exchange handler. Nobody logs in as a guest"
    " user, and it stays one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFormPage:
    """A form about a user. `seen`: the version that it was filled in over; `flags`: (name, label, help, ticked)."""

    template: ClassVar[str] = "setup/user_form.html"
    title: str
    action: str
    back: str
    button: str
    fields: tuple[Field, ...]
    flags: tuple[tuple[str, str, str, bool], ...] = ()
    seen: str = ""
    problems: Problems = ()


async def ask_new(visit: Visit) -> Reply:
    """Show an empty form."""
    return visit.show(await _new_page(visit, {}), here=USERS, crumbs=CRUMBS)


async def new(visit: Visit) -> Reply:
    """Make a user, with a password where one was typed twice."""
    form = visit.form
    names = ("username", "email", "first_name", "last_name", "profile")
    asked = {name: form.get(name, "") for name in names}
    guest = "guest" in form
    try:
        password = _typed_twice(form) if form.get("password") or form.get("again") else ""
        user = await users.create(visit.desk, visit.org, users.NewUser(**asked, password=password, guest=guest))
    except ManageProblem as problem:
        return _again(visit, await _new_page(visit, asked, guest=guest), problem)
    return visit.go(f"{USERS}/{user.id}", saying=f"{user.username} is made.")


async def ask_edit(visit: Visit) -> Reply:
    """Show a user's fields."""
    user = await users.find(visit.desk, visit.org, visit.params["user"])
    page = await _edit_page(visit, user, users.fields_of(user), users.version_of(user))
    return visit.show(page, here=USERS, crumbs=(*CRUMBS, (user.name, f"{USERS}/{user.id}")))


async def edit(visit: Visit) -> Reply:
    """Change a user."""
    user = await users.find(visit.desk, visit.org, visit.params["user"])
    form = visit.form
    texts = ("email", "profile", *(name for name, _, _ in _NAMES), *(name for name, _ in _DETAILS))
    asked: dict[str, Any] = {name: form[name] for name in texts if name in form}
    asked |= {name: name in form for name, _, _ in _FLAGS}
    before = users.fields_of(user)
    changed = {name: value for name, value in asked.items() if value != before[name]}
    if not changed:
        return visit.go(f"{USERS}/{user.id}", saying="Nothing was different, so nothing was saved.")
    try:
        await users.change(visit.desk, visit.org, user.id, changed, seen=form.get("seen", ""))
    except NotFound:
        raise
    except ManageProblem as problem:
        page = await _edit_page(visit, user, before | asked, form.get("seen", ""))
        return _again(visit, page, problem, (user.name, f"{USERS}/{user.id}"))
    number = f"{len(changed)} change{'s' if len(changed) > 1 else ''}"
    return visit.go(f"{USERS}/{user.id}", saying=f"Saved: {number} of {user.username}.")


async def ask_password(visit: Visit) -> Reply:
    """Show the form for a new password."""
    user = await users.find(visit.desk, visit.org, visit.params["user"])
    return visit.show(_password_page(user), here=USERS, crumbs=(*CRUMBS, (user.name, f"{USERS}/{user.id}")))


async def password(visit: Visit) -> Reply:
    """Give a user a password."""
    user = await users.find(visit.desk, visit.org, visit.params["user"])
    try:
        await users.set_password(visit.desk, visit.org, user.id, _typed_twice(visit.form))
    except ManageProblem as problem:
        return _again(visit, _password_page(user), problem, (user.name, f"{USERS}/{user.id}"))
    return visit.go(f"{USERS}/{user.id}", saying=f"{user.username} has a new password. Every token and login ended.")


def _typed_twice(form: Any) -> str:
    text: str = form.get("password", "")
    if text != form.get("again", ""):
        raise ManageProblem.at("again", "The two passwords differ. Type the same one twice.")
    return text


def _again(visit: Visit, page: UserFormPage, problem: ManageProblem, *crumbs: tuple[str, str]) -> Reply:
    """Show a form again with all that was typed (but passwords), and what is wrong."""
    fields, problems = with_problem(page.fields, problem)
    page = replace(page, fields=fields, problems=problems)
    return visit.show(page, here=USERS, crumbs=(*CRUMBS, *crumbs), status=status_of(problem))


def _password_fields(*, required: bool) -> tuple[Field, ...]:
    help_text = "" if required else "Leave it empty for somebody who is not to log in yet."
    return (
        Field(
            name="password",
            label="New password",
            type="password",
            help=help_text,
            required=required,
            autocomplete="new-password",
        ),
        Field(name="again", label="Again", type="password", required=required, autocomplete="new-password"),
    )


def _password_page(user: User) -> UserFormPage:
    return UserFormPage(
        title=f"New password for {user.username}",
        action=f"{USERS}/{user.id}/password",
        back=f"{USERS}/{user.id}",
        button="Set password and end all logins",
        fields=_password_fields(required=True),
    )


async def _profiles(visit: Visit) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.label) for one in await holders.all_of(visit.desk, holders.PROFILES, visit.org.id))


async def _new_page(visit: Visit, typed: dict[str, str], *, guest: bool = False) -> UserFormPage:
    return UserFormPage(
        title="New User",
        action=f"{USERS}/new",
        back=USERS,
        button="Make the user",
        fields=(
            Field(
                name="username",
                label="Username",
                value=typed.get("username", ""),
                help="Written like an e-mail address, and unique over all orgs of this server.",
                required=True,
                autocomplete="off",
            ),
            Field(name="email", label="Email", value=typed.get("email", ""), required=True, autocomplete="off"),
            *(Field(name=name, label=label, value=typed.get(name, "")) for name, label, _ in _NAMES),
            Field(
                name="profile",
                label="Profile",
                value=typed.get("profile", "Standard User"),
                choices=await _profiles(visit),
                required=True,
            ),
            *_password_fields(required=False),
        ),
        flags=(("guest", "Guest user", _GUEST_HELP, guest),),
    )


async def _edit_page(visit: Visit, user: User, values: dict[str, Any], seen: str) -> UserFormPage:
    names = tuple(Field(name=n, label=label, value=values[n], required=must) for n, label, must in _NAMES)
    return UserFormPage(
        title=f"Edit {user.name}",
        action=f"{USERS}/{user.id}/edit",
        back=f"{USERS}/{user.id}",
        button="Save",
        fields=(
            Field(name="email", label="Email", value=values["email"], required=True),
            *names,
            Field(
                name="profile",
                label="Profile",
                value=values["profile"],
                choices=await _profiles(visit),
                required=True,
            ),
            *(Field(name=name, label=label, value=values[name]) for name, label in _DETAILS),
        ),
        flags=tuple((name, label, text, bool(values[name])) for name, label, text in _FLAGS),
        seen=seen,
    )


ROUTES: Final = (
    Route("/setup/users/new", get=ask_new, post=new),
    Route("/setup/users/{user}/edit", get=ask_edit, post=edit),
    Route("/setup/users/{user}/password", get=ask_password, post=password),
)
