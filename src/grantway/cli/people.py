"""`grantway user`, `grantway profile`, `grantway permset`."""

from typing import Any

import click

from grantway.cli.context import options, pairs, run, secret_from_stdin, shared
from grantway.cli.options import Options
from grantway.cli.printing import columns, misuse, show, table


@click.group()
def user() -> None:
    """Users: the people and integrations of an org."""


@user.command("create")
@click.argument("username")
@click.option("--email", required=True)
@click.option("--profile", default="Standard User", show_default=True)
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--guest", is_flag=True, help="Nobody's account: as whom visitors act who have none. It has no password.")
@shared
def create(
    username: str,
    email: str,
    profile: str,
    first_name: str,
    last_name: str,
    password_stdin: bool,
    guest: bool,
    **given: Any,
) -> None:
    """Make a user. Without --password-stdin a random password is made and printed once.

    \b
    grantway user create ada@example.com --email ada@example.com --first-name Ada --last-name Lovelace
    """
    from grantway.manage.people import users
    from grantway.manage.people.passwords import new_password
    from grantway.manage.server import orgs

    chosen = options(given)
    if guest and password_stdin:
        misuse("nobody logs in as a guest user: leave --password-stdin out")
    password = "" if guest else secret_from_stdin("password", chosen) if password_stdin else new_password()

    async def work(desk: Any) -> Any:
        new = users.NewUser(
            username=username,
            email=email,
            password=password,
            first_name=first_name,
            last_name=last_name,
            profile=profile,
            guest=guest,
        )
        return await users.create(desk, await orgs.find(desk, chosen.org), new)

    made = run(chosen, work)
    document = _document(made) | ({"password": password} if password and not password_stdin else {})
    shown = "" if password_stdin or guest else f"\nPassword, shown once: {password}"
    show(chosen, document, f"Made the user {made.username}: {made.id}{shown}")


@user.command("list")
@shared
def list_users(**given: Any) -> None:
    """List the users of an org."""
    from grantway.manage.people import users
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await users.all_users(desk, await orgs.find(desk, chosen.org))

    found = run(chosen, work)
    rows = [(one.username, one.id, one.profile_name, _state(one)) for one in found]
    show(chosen, [_document(one) for one in found], table(rows, ("USERNAME", "ID", "PROFILE", "STATE")))


@user.command("show")
@click.argument("username")
@shared
def show_user(username: str, **given: Any) -> None:
    """Show a user with all fields and permission sets."""
    from grantway.manage.people import users
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        found = await users.find(desk, await orgs.find(desk, chosen.org), username)
        return found, await users.permission_sets_of(desk, found)

    found, permission_sets = run(chosen, work)
    document = _document(found) | users.fields_of(found) | {"permission_sets": list(permission_sets)}
    show(chosen, document, columns([(name, _says(value)) for name, value in document.items()]))


@user.command("set")
@click.argument("username")
@click.argument("values", nargs=-1, metavar="FIELD=VALUE...")
@click.option("--password-stdin", is_flag=True, help="Read a new password from standard input.")
@shared
def set_user(username: str, values: tuple[str, ...], password_stdin: bool, **given: Any) -> None:
    """Change fields of a user, or the password; `user show` names the fields.

    With a new password every token and session from before ends.

    \b
    grantway user set ada@example.com phone="+43 1 234" is_active=false
    """
    from grantway.manage.people import users
    from grantway.manage.server import orgs

    chosen = options(given)
    if not values and not password_stdin:
        misuse("say what to change: FIELD=VALUE or --password-stdin")
    asked = pairs(values, chosen)
    password = secret_from_stdin("password", chosen) if password_stdin else ""

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        async with desk.changing() as changing:
            user = await users.set_password(changing, org, username, password) if password else None
            return user if user is not None and not asked else await users.change(changing, org, username, asked)

    _show(chosen, run(chosen, work))


@user.command("freeze")
@click.argument("username")
@shared
def freeze(username: str, **given: Any) -> None:
    """Freeze a user: no login, token or session of theirs is good from now on."""
    chosen = options(given)
    _show(chosen, _on_user(chosen, "freeze", username, frozen=True))


@user.command("unfreeze")
@click.argument("username")
@shared
def unfreeze(username: str, **given: Any) -> None:
    """Let a frozen user in again."""
    chosen = options(given)
    _show(chosen, _on_user(chosen, "freeze", username, frozen=False))


@user.command("logins")
@click.argument("username")
@shared
def logins(username: str, **given: Any) -> None:
    """List a user's logins in browsers that are still good."""
    from grantway.manage.people import people, users
    from grantway.manage.server import orgs
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return await people.sessions_of(desk, org, await users.find(desk, org, username))

    heads = ("id", "began_at", "seen_at", "ends_at")
    rows = [
        (one.id, *(iso_seconds(at) for at in (one.began_at, one.seen_at, one.ends_at))) for one in run(chosen, work)
    ]
    show(chosen, [dict(zip(heads, row, strict=True)) for row in rows], table(rows, heads))


@user.command("log-out")
@click.argument("username")
@click.option("--login", default="", help="End this one alone; `user logins` lists their ids.")
@shared
def log_out(username: str, login: str, **given: Any) -> None:
    """End a user's logins in browsers. The tokens of apps stay; `token revoke` ends those."""
    from grantway.manage.people import people
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        if login:
            await people.end_login(desk, org, username, login)
            return 1
        return await people.end_logins(desk, org, username)

    ended = run(chosen, work)
    says = f"Ended {ended} {'login' if ended == 1 else 'logins'} of {username}."
    show(chosen, {"username": username, "ended": ended}, says)


@user.command("assign")
@click.argument("username")
@click.argument("permission_set")
@shared
def assign(username: str, permission_set: str, **given: Any) -> None:
    """Give a user a permission set."""
    chosen = options(given)
    _on_user(chosen, "assign", username, permission_set)
    show(chosen, {"username": username, "permission_set": permission_set}, f"{username} has {permission_set} now.")


@user.command("unassign")
@click.argument("username")
@click.argument("permission_set")
@shared
def unassign(username: str, permission_set: str, **given: Any) -> None:
    """Take a permission set back from a user."""
    chosen = options(given)
    _on_user(chosen, "assign", username, permission_set, assigned=False)
    show(chosen, {"username": username, "permission_set": permission_set}, f"{username} has no {permission_set} now.")


@click.group()
def profile() -> None:
    """Profiles: what kinds of users may do."""


@click.group()
def permset() -> None:
    """Permission sets: what single users may do in addition."""


def _add_commands(group: click.Group, kind_name: str) -> None:
    @group.command("create")
    @click.argument("name")
    @click.argument("permissions", nargs=-1)
    @shared
    def create_holder(name: str, permissions: tuple[str, ...], **given: Any) -> None:
        """Make one, with user permissions by API name or label: ApiEnabled, "Manage Connected Apps"."""
        chosen = options(given)
        _show_holder(chosen, _on_holder(chosen, kind_name, "create", name, permissions))

    @group.command("list")
    @shared
    def list_holders(**given: Any) -> None:
        """List them with their user permissions."""
        chosen = options(given)
        found = _on_holder(chosen, kind_name, "all_of")
        rows = [(one.name, one.id, ", ".join(_permissions(one)) or "none") for one in found]
        show(chosen, [_holder(one) for one in found], table(rows, ("NAME", "ID", "USER PERMISSIONS")))

    @group.command("show")
    @click.argument("name")
    @shared
    def show_one(name: str, **given: Any) -> None:
        """Show one with its user permissions and custom permissions."""
        chosen = options(given)
        holder = _on_holder(chosen, kind_name, "find", name)
        _show_holder(chosen, holder, _custom_of(chosen, kind_name, name))

    @group.command("set")
    @click.argument("name")
    @click.argument("permissions", nargs=-1)
    @click.option("--none", "nothing", is_flag=True, help="It gives no user permissions.")
    @shared
    def set_holder(name: str, permissions: tuple[str, ...], nothing: bool, **given: Any) -> None:
        """Set the user permissions it gives, by API name or label; those not named are taken away.

        The same for custom permissions, by custom_permissions=NAME,NAME; nothing after the = takes all of them away.
        What is not spoken of, user permissions or custom ones, stays as it is.
        """
        chosen = options(given)
        custom = [one.partition("=")[2] for one in permissions if one.startswith("custom_permissions=")]
        permissions = tuple(one for one in permissions if not one.startswith("custom_permissions="))
        if (nothing and permissions) or not (nothing or permissions or custom):
            misuse("say which user permissions it gives, or --none; or custom_permissions=NAME,…")
        holder = _set_holder(chosen, kind_name, name, permissions, nothing=nothing, custom=custom)
        _show_holder(chosen, *holder)


_add_commands(profile, "PROFILES")
_add_commands(permset, "PERMISSION_SETS")


def _on_user(chosen: Options, operation: str, *arguments: Any, **named: Any) -> Any:
    from grantway.manage.people import users
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        return await getattr(users, operation)(desk, await orgs.find(desk, chosen.org), *arguments, **named)

    return run(chosen, work)


def _set_holder(
    chosen: Options, kind_name: str, name: str, permissions: tuple[str, ...], *, nothing: bool, custom: list[str]
) -> Any:
    """Set user permissions, custom permissions or both, together or not at all."""
    from grantway.manage.custom import custom_permissions
    from grantway.manage.people import holders
    from grantway.manage.server import orgs

    names = tuple(name.strip() for text in custom for name in text.split(",") if name.strip())

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        kind = getattr(holders, kind_name)
        async with desk.changing() as changing:
            if permissions or nothing:
                await holders.change(changing, kind, org.id, name, permissions)
            if custom:
                await custom_permissions.give(changing, org, kind, name, names)
            holder = await holders.find(changing, kind, org.id, name)
            return holder, await custom_permissions.given_by(changing, org, kind, holder.id)

    return run(chosen, work)


def _custom_of(chosen: Options, kind_name: str, name: str) -> Any:
    from grantway.manage.custom import custom_permissions
    from grantway.manage.people import holders
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return await custom_permissions.given_by(desk, org, getattr(holders, kind_name), name)

    return run(chosen, work)


def _on_holder(chosen: Options, kind_name: str, operation: str, *arguments: Any) -> Any:
    from grantway.manage.people import holders
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return await getattr(holders, operation)(desk, getattr(holders, kind_name), org.id, *arguments)

    return run(chosen, work)


def _state(user: Any) -> str:
    state = "frozen" if user.is_frozen else "active" if user.is_active else "inactive"
    return f"{state}, guest" if user.is_guest else state


def _document(user: Any) -> dict[str, Any]:
    return {
        "id": user.id,
        "org_id": user.org_id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "profile": user.profile_name,
        "is_active": bool(user.is_active),
        "is_frozen": bool(user.is_frozen),
        "is_guest": bool(user.is_guest),
    }


def _show(chosen: Options, user: Any) -> None:
    document = _document(user)
    show(chosen, document, columns([(name, _says(value)) for name, value in document.items()]))


def _says(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)


def _permissions(holder: Any) -> list[str]:
    import json

    return list(json.loads(holder.permissions))


def _holder(holder: Any) -> dict[str, Any]:
    return {"id": holder.id, "name": holder.name, "permissions": _permissions(holder)}


def _show_holder(chosen: Options, holder: Any, custom: tuple[str, ...] = ()) -> None:
    text = f"{holder.name}: {', '.join(_permissions(holder)) or 'no user permissions'}"
    if custom:
        text += f"; custom: {', '.join(custom)}"
    show(chosen, _holder(holder) | {"custom_permissions": list(custom)}, text)
