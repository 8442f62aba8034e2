"""`grantway handler`: whose tokens an org's apps may exchange for ours."""

from typing import Any

import click

from grantway.cli.context import options, pairs, run, shared
from grantway.cli.options import Options
from grantway.cli.printing import columns, show, table


@click.group()
def handler() -> None:
    """Token exchange handlers: whose tokens are believed, and whom they name."""


@handler.command("create")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="FIELD=VALUE...")
@shared
def create(name: str, values: tuple[str, ...], **given: Any) -> None:
    """Make a handler. Apps may use it once it is enabled for them; `handler fields` says what it takes.

    \b
    grantway handler create Harbour_IdP issuer=https://id.harbour.example \\
      audiences=https://harbour.example/grantway jwks_url=https://id.harbour.example/keys
    grantway handler enable Harbour_IdP Shipment_Sync --run-as runner@harbour.example --default
    """
    chosen = options(given)
    _show(chosen, _on(chosen, "create", name, pairs(values, chosen)))


@handler.command("list")
@shared
def list_handlers(**given: Any) -> None:
    """List the org's handlers with the apps that may use them; * marks an app's default."""
    from grantway.manage.exchange import token_handlers
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [
            _document(one, await token_handlers.enabled_apps(desk, org, one))
            for one in await token_handlers.all_of(desk, org)
        ]

    documents = run(chosen, work)
    rows = [
        (
            one["name"],
            "yes" if one["enabled"] else "no",
            one["believes"],
            ", ".join(app["app"] + ("*" if app["is_default"] else "") for app in one["apps"]) or "none",
        )
        for one in documents
    ]
    show(chosen, documents, table(rows, ("NAME", "ENABLED", "BELIEVES", "APPS")))


@handler.command("show")
@click.argument("name")
@shared
def show_handler(name: str, **given: Any) -> None:
    """Show a handler: its fields, the apps that may use it, and what it still lacks."""
    chosen = options(given)
    _show(chosen, _on(chosen, "find", name))


@handler.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
@shared
def set_handler(name: str, values: tuple[str, ...], **given: Any) -> None:
    """Change fields of a handler. Its name stays: apps know it.

    \b
    grantway handler set Harbour_IdP matches=federation_id introspection_secret=@secret.txt
    """
    chosen = options(given)
    _show(chosen, _on(chosen, "change", name, pairs(values, chosen)))


@handler.command("delete")
@click.argument("name")
@shared
def delete(name: str, **given: Any) -> None:
    """Delete a handler. Tokens that were given for others' stay until they end."""
    chosen = options(given)
    gone, _ = _on(chosen, "delete", name)
    show(chosen, {"deleted": gone.name}, f"Deleted {gone.name}; nothing more is exchanged by it.")


@handler.command("enable")
@click.argument("name")
@click.argument("app")
@click.option("--run-as", required=True, metavar="USERNAME", help="The user as whom it works, and makes users.")
@click.option("--default", "is_default", is_flag=True, help="What the app means where it names no token_handler.")
@shared
def enable(name: str, app: str, run_as: str, is_default: bool, **given: Any) -> None:
    """Let an app use a handler. The app needs token_exchange and token_exchange_allowed besides."""
    chosen = options(given)
    _on(chosen, "enable", name, app, run_as, is_default=is_default)
    _show(chosen, _on(chosen, "find", name))


@handler.command("disable")
@click.argument("name")
@click.argument("app")
@shared
def disable(name: str, app: str, **given: Any) -> None:
    """Let an app use a handler no longer."""
    chosen = options(given)
    _show(chosen, _on(chosen, "disable", name, app))


@handler.command("fields")
@shared
def fields(**given: Any) -> None:
    """List the fields of a handler: what each takes, and what it is without being set."""
    from grantway.settings.token_handlers import FIELDS

    chosen = options(given)
    documents = [
        {"name": one.name, "label": one.label, "help": one.help, "default": one.kind.write(one.default)}
        for one in FIELDS
    ]
    rows = [(one.name, one.kind.hint, one.kind.says(one.default), one.help) for one in FIELDS]
    show(chosen, documents, table(rows, ("FIELD", "TAKES", "DEFAULT", "WHAT IT IS")))


@handler.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@shared
def export(names: tuple[str, ...], folder: str | None, **given: Any) -> None:
    """Write handlers as Salesforce metadata files; `grantway app import` reads them."""
    from grantway.cli.file_output import write_out
    from grantway.manage.files import handler_files
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [await handler_files.export_handler(desk, org, name) for name in names]

    write_out(chosen, run(chosen, work), folder, lambda one: {"name": one.name})


def _on(chosen: Options, operation: str, *arguments: Any, **named: Any) -> Any:
    """Carry out an operation; return what it gave, and the apps of the handler."""
    from grantway.domain.token_handler import TokenHandler
    from grantway.manage.exchange import token_handlers
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        done = await getattr(token_handlers, operation)(desk, org, *arguments, **named)
        enabled = await token_handlers.enabled_apps(desk, org, done) if isinstance(done, TokenHandler) else ()
        return done, enabled

    return run(chosen, work)


def _document(one: Any, enabled: Any) -> dict[str, Any]:
    from grantway.manage.exchange.token_handlers import fields_of
    from grantway.settings.token_handlers import SECRETS

    return {
        "id": one.id,
        "name": one.name,
        **fields_of(one),
        **{secret.name: "set" if one.box(secret) else "" for secret in SECRETS},
        "believes": one.believes,
        "apps": [{"app": app.app, "run_as": app.run_as, "is_default": app.is_default} for app in enabled],
        "missing": list(one.missing()),
    }


def _show(chosen: Options, done: tuple[Any, Any]) -> None:
    from grantway.settings.token_handlers import FIELDS, SECRETS

    one, enabled = done
    told = [("id", one.id), ("name", one.name)]
    told += [(field.name, field.kind.says(one[field])) for field in FIELDS if not field.secret]
    told += [(secret.name, "set" if one.box(secret) else "none") for secret in SECRETS]
    for app in enabled:
        told.append(("app", f"{app.app}, as {app.run_as}{', its default' if app.is_default else ''}"))
    told += [("missing", what) for what in one.missing()]
    show(chosen, _document(one, enabled), columns(told))
