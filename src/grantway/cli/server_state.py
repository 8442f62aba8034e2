"""`grantway token`, `settings`, `explain`, `db` and `keys`."""

from dataclasses import asdict
from typing import Any

import click

from grantway.cli.context import fail, misuse, options, run, shared, show, table


@click.group()
def token() -> None:
    """Tokens: what is out, and taking it back."""


@token.command("list")
@click.option("--user", "username", default="", help="Only this user's.")
@click.option("--app", "app_name", default="", help="Only this app's.")
@shared
def list_tokens(username: str, app_name: str, **given: Any) -> None:
    """List the live lines of tokens of an org."""
    from grantway.manage import orgs, tokens
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await tokens.lines(desk, await orgs.find(desk, chosen.org), username=username, app=app_name)

    found = run(chosen, work)
    rows = [(one["app"], one["username"], one["scopes"], iso_seconds(one["used_at"])) for one in found]
    show(chosen, list(found), table(rows, ("APP", "USER", "SCOPES", "LAST USED")))


@token.command("revoke")
@click.option("--user", "username", default="", help="This user's.")
@click.option("--app", "app_name", default="", help="This app's.")
@click.option("--all", "everything", is_flag=True, help="Everything of the org.")
@shared
def revoke_tokens(username: str, app_name: str, everything: bool, **given: Any) -> None:
    """End tokens: of a user, of an app, of a user in an app, or all of the org."""
    from grantway.manage import orgs, tokens

    chosen = options(given)
    if not (username or app_name or everything):
        misuse("say whose: --user USER, --app NAME or --all")

    async def work(desk: Any) -> Any:
        return await tokens.revoke(desk, await orgs.find(desk, chosen.org), username=username, app=app_name)

    ended = run(chosen, work)
    show(chosen, {"ended": ended}, f"Ended {ended} lines and tokens; they are refused from this moment.")


@click.command()
@click.argument("name", required=False)
@shared
def settings(name: str | None, **given: Any) -> None:
    """The catalogue: every setting with label, values, default, metadata name and wire effect.

    `grantway settings scopes` shows the setting and lists every scope there is.
    """
    from grantway import settings as s
    from grantway.settings.scopes import SCOPES

    chosen = options(given)
    if name is None:
        rows = [(one.name, one.label, one.kind.hint, one.kind.says(one.default)) for one in s.ALL]
        show(chosen, [_setting(one) for one in s.ALL], table(rows, ("SETTING", "LABEL", "VALUES", "DEFAULT")))
        return
    found = s.BY_NAME.get(name)
    if found is None:
        fail(f"there is no setting {name!r}; grantway settings lists them")
    document = _setting(found)
    text = "\n".join(f"{key:<15} {value}" for key, value in document.items() if value)
    if found is s.SCOPES:
        document["scopes"] = [asdict(scope) for scope in SCOPES]
        text += "\n\n" + table([(scope.name, scope.label) for scope in SCOPES], ("SCOPE", "LABEL"))
    show(chosen, document, text)


def _setting(setting: Any) -> dict[str, Any]:
    return {
        "name": setting.name,
        "label": setting.label,
        "section": setting.section.value,
        "held_by": setting.held_by.value,
        "help": setting.help,
        "values": setting.kind.hint,
        "default": setting.kind.says(setting.default),
        "for_new_apps": setting.kind.says(setting.starts_with),
        "metadata": {name: xml.path for name, xml in setting.xml.items()},
        "effect": setting.effect,
        "shown_on": setting.shown_on,
    }


@click.command()
@click.argument("request_id", metavar="ID")
@shared
def explain(request_id: str, **given: Any) -> None:
    """Why a request was refused: the checks in order, the setting, the remedy."""
    from grantway.manage.explain import explain as explain_request

    chosen = options(given)
    found = run(chosen, lambda desk: explain_request(desk, request_id))
    lines = [
        f"Request {found.request_id}: {found.endpoint}, {found.at}",
        f"Answered with {found.error}" + (f", app {found.app}" if found.app else ""),
        "",
        found.means,
    ]
    for check in found.checks:
        lines.append(f"  {'✕' if check['refused'] else '✓'} {check['check']}: {check['says']}")
    if found.setting:
        lines += ["", f"Setting: {found.setting_label} ({found.setting})"]
    lines += ["", f"What to do: {found.remedy}", f"Reason: {found.reason}"]
    show(chosen, asdict(found), "\n".join(lines))


@click.group()
def db() -> None:
    """The database: schema and integrity."""


@db.command("upgrade")
@click.option("--plan", is_flag=True, help="Only say what would be done.")
@shared
def upgrade(plan: bool, **given: Any) -> None:
    """Bring the schema up to date."""
    from grantway.store import schema

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await (schema.pending(desk.db) if plan else schema.upgrade(desk.db))

    steps = run(chosen, work, upgrade=False)
    named = [f"{step.number:04d}_{step.name}" for step in steps]
    word = "Would apply" if plan else "Applied"
    show(chosen, {"plan": plan, "migrations": named}, f"{word}: {', '.join(named) or 'nothing, it is current'}")


@db.command("check")
@shared
def check(**given: Any) -> None:
    """Check that the database answers and its schema is current."""
    from grantway.store import schema

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await schema.version_of(desk.db), await schema.pending(desk.db)

    version, missing = run(chosen, work, upgrade=False)
    show(chosen, {"version": version, "pending": len(missing)}, f"Schema {version}, {len(missing)} migrations pending")
    if missing:
        fail("the schema is not current: run grantway db upgrade")


@click.group()
def keys() -> None:
    """Signing keys."""


@keys.command("list")
@shared
def list_keys(**given: Any) -> None:
    """List the signing keys, without their private halves."""
    from grantway.manage.keys import all_keys
    from grantway.protocol.when import iso_seconds

    chosen = options(given)
    found = run(chosen, all_keys)
    rows = [
        (one["kid"], one["purpose"], iso_seconds(one["created_at"]), "retired" if one["retired_at"] else "published")
        for one in found
    ]
    show(chosen, list(found), table(rows, ("KID", "PURPOSE", "MADE", "STATE")))


@keys.command("rotate")
@shared
def rotate(**given: Any) -> None:
    """Make a new signing key; a running server signs with it within a second."""
    from grantway.manage.keys import rotate as rotate_keys

    chosen = options(given)
    kid = run(chosen, rotate_keys)
    show(chosen, {"kid": kid}, f"The key {kid} signs now; the ones before stay published for a day.")
