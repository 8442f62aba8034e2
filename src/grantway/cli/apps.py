"""`grantway app`."""

from itertools import groupby
from typing import Any

import click

from grantway.cli.context import options, pairs, run, secret_from_stdin, shared
from grantway.cli.options import Options
from grantway.cli.printing import columns, show, table

_MASK = "••••••••"


@click.group()
def app() -> None:
    """Connected apps: the clients of this server."""


@app.command("create")
@click.argument("name")
@click.option("--contact-email", required=True, help="Whom to write to about this app.")
@click.option("--kind", type=click.Choice(["connected_app", "external_client_app"]), default="connected_app")
@click.option("--consumer-key", default="", help="Choose the key; otherwise it is generated.")
@click.option("--consumer-secret-stdin", is_flag=True, help="Read the secret from standard input.")
@click.argument("values", nargs=-1, metavar="[SETTING=VALUE]...")
@shared
def create(
    name: str,
    contact_email: str,
    kind: str,
    consumer_key: str,
    consumer_secret_stdin: bool,
    values: tuple[str, ...],
    **given: Any,
) -> None:
    """Register an app. NAME is its API name, or a label that one is made of.

    Where an org does not allow users to create connected apps, external client apps can be created.

    The secret is printed once; `grantway app show NAME --reveal` shows it again. A list is given by repeating or as
    JSON, @file reads a value from a file; `grantway settings` lists the settings and what each one takes.

    \b
    grantway app create Shipment_Sync --contact-email it@example.com \\
        callback_url=https://sync.example/callback scopes=api scopes=refresh_token
    """
    from grantway.domain.app import AppKind
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)
    asked = {"contact_email": contact_email, **pairs(values, chosen)}
    secret = secret_from_stdin("consumer_secret", chosen) if consumer_secret_stdin else ""

    async def work(desk: Any) -> Any:
        new = apps.NewApp(
            name=name, kind=AppKind(kind), values=asked, consumer_key=consumer_key, consumer_secret=secret
        )
        return await apps.create(desk, await orgs.find(desk, chosen.org), new)

    changed = run(chosen, work)
    made = changed.app
    text = (
        f"Made the app {made.app.name}\nConsumer key     {made.consumer_key}\nConsumer secret  {made.secret.reveal()}"
    )
    show(chosen, _document(made, reveal=True) | {"warnings": list(changed.warnings)}, text + _warned(changed.warnings))


@app.command("list")
@shared
def list_apps(**given: Any) -> None:
    """List the org's apps and those it has installed, with the consumer keys that clients send as client_id."""
    from grantway import settings as s
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.all_apps(desk, await orgs.find(desk, chosen.org))

    found = run(chosen, work)
    rows = [(one.app.name, one[s.LABEL], _state(one), one.kind.words, one.consumer_key) for one in found]
    show(chosen, [_document(one) for one in found], table(rows, ("NAME", "LABEL", "STATE", "KIND", "CONSUMER KEY")))


@app.command("show")
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show the consumer secret too; this is audited.")
@shared
def show_app(name: str, reveal: bool, **given: Any) -> None:
    """Show an app with all of its settings.

    NAME is its API name, its id or its consumer key. `grantway settings SETTING` explains a setting.

    \b
    grantway app show Shipment_Sync
    grantway app show Shipment_Sync --reveal --json
    """
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return await (apps.reveal(desk, org, name) if reveal else apps.find(desk, org, name))

    _show(chosen, run(chosen, work), reveal=reveal)


@app.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="SETTING=VALUE...")
@shared
def set_app(name: str, values: tuple[str, ...], **given: Any) -> None:
    """Change settings of an app, in force at once.

    Several are changed together or not at all. `grantway settings` lists them and what each one takes. A list is given
    by repeating or as JSON, @file reads a value from a file. Policies are changed for the org you act in.

    \b
    grantway app set Shipment_Sync require_pkce=true permitted_users=admin_approved profiles="Standard User"
    """
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)
    asked = pairs(values, chosen)

    async def work(desk: Any) -> Any:
        return await apps.change(desk, await orgs.find(desk, chosen.org), name, asked)

    changed = run(chosen, work)
    text = f"Saved: {', '.join(asked)}, in force now." + _warned(changed.warnings)
    show(chosen, _document(changed.app) | {"warnings": list(changed.warnings)}, text)


@app.command("delete")
@click.argument("name")
@shared
def delete(name: str, **given: Any) -> None:
    """Delete an app for good, with its policies, approvals and tokens.

    `grantway app export` before it keeps a copy, `grantway app block` only stops it.
    """
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.delete(desk, await orgs.find(desk, chosen.org), name)

    gone = run(chosen, work).app.name
    show(chosen, {"deleted": gone}, f"Deleted {gone}; its tokens ended.")


def _block(name: str, given: dict[str, Any], *, blocked: bool) -> None:
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.block(desk, await orgs.find(desk, chosen.org), name, blocked=blocked)

    name = run(chosen, work).app.name
    word = "Blocked" if blocked else "Let in again:"
    show(chosen, {"name": name, "blocked": blocked}, f"{word} {name}, from this moment.")


@app.command("block")
@click.argument("name")
@shared
def block(name: str, **given: Any) -> None:
    """Block an app in the org: nothing of it works from this moment."""
    _block(name, given, blocked=True)


@app.command("unblock")
@click.argument("name")
@shared
def unblock(name: str, **given: Any) -> None:
    """Let a blocked app in again."""
    _block(name, given, blocked=False)


@app.command("install")
@click.argument("name", metavar="APP")
@shared
def install_app(name: str, **given: Any) -> None:
    """Install an app of another org of this server in your org, which then has policies of its own for it.

    APP is its consumer key or its id; the operator may write ORG/NAME.

    \b
    grantway app install Harbour/Shipment_Sync --org Northwind
    """
    from grantway.manage.connected_apps.install import install
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await install(desk, await orgs.find(desk, chosen.org), name)

    done = run(chosen, work)
    text = f"Installed {done.app.app.name} in {done.app.org.name}, from this moment." + _warned(done.warnings)
    show(chosen, _document(done.app) | {"warnings": list(done.warnings)}, text)


@app.command("uninstall")
@click.argument("name")
@shared
def uninstall_app(name: str, **given: Any) -> None:
    """Uninstall an app of another org: your org's policies for it go.

    Its tokens stay, without your rules, unless it is packaged or an external client app.
    """
    from grantway.manage.connected_apps.install import uninstall
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await uninstall(desk, await orgs.find(desk, chosen.org), name)

    done = run(chosen, work)
    text = f"Uninstalled {done.app.app.name} from {done.app.org.name}." + _warned(done.warnings)
    show(chosen, {"uninstalled": done.app.app.name, "warnings": list(done.warnings)}, text)


def _state(app: Any) -> str:
    if app.policy is not None and app.policy.is_blocked:
        return "blocked"
    return "active" if app.is_at_home else "installed"


def _document(app: Any, *, reveal: bool = False) -> dict[str, Any]:
    from grantway import settings as s

    return {
        "id": app.id,
        "name": app.app.name,
        "kind": app.app.kind,
        "home_org_id": app.app.org_id,
        "registered": app.is_registered,
        "parent": app.parent,
        "installed": app.policy is not None,
        "consumer_key": app.consumer_key,
        "consumer_secret": app.secret.reveal() if reveal else _MASK,
        "blocked": bool(app.policy and app.policy.is_blocked),
        "settings": {one.name: one.kind.write(app[one]) for one in s.held_by(s.Holder.APP, s.Holder.POLICY)},
    }


def _show(chosen: Options, app: Any, *, reveal: bool) -> None:
    from grantway import settings as s

    told = [
        ("name", app.app.name),
        ("kind", app.kind.words),
        ("state", _state(app)),
        *([("parent", app.parent)] if app.is_child else []),
        ("consumer_key", app.consumer_key),
        ("consumer_secret", app.secret.reveal() if reveal else _MASK),
    ]
    for section, settings in groupby(s.held_by(s.Holder.APP, s.Holder.POLICY), lambda one: one.section):
        told += [("", ""), (section.value, ""), *((f"  {one.name}", one.kind.says(app[one])) for one in settings)]
    show(chosen, _document(app, reveal=reveal), columns(told))


def _warned(warnings: tuple[str, ...]) -> str:
    return "".join(f"\nLook at this: {warning}" for warning in warnings)
