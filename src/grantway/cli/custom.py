"""`grantway scope`, `grantway permission`: what an org defines for its apps beyond the standard."""

from typing import Any

import click

from grantway.cli.context import options, pairs, run, shared
from grantway.cli.file_output import write_out
from grantway.cli.options import Options
from grantway.cli.printing import columns, show, table


@click.group()
def scope() -> None:
    """Custom scopes: what apps may ask for on behalf of services outside of this server."""


@scope.command("create")
@click.argument("name")
@click.option("--description", required=True, help="What people read on the consent page: 60 letters, digits, blanks.")
@click.option("--label", default="", help="The name, unless said.")
@click.option("--public", is_flag=True, help="List it in scopes_supported of the discovery documents.")
@shared
def create_scope(name: str, description: str, label: str, public: bool, **given: Any) -> None:
    """Make a custom scope. Apps may ask for it once it is assigned to them.

    \b
    grantway scope create shipments_read --description "See your shipments"
    grantway scope assign shipments_read Shipment_Sync
    """
    from grantway.manage.custom import custom_scopes

    chosen = options(given)
    asked = custom_scopes.NewScope(name=name, description=description, label=label, is_public=public)
    _show_scope(chosen, _on_scope(chosen, "create", asked))


@scope.command("list")
@shared
def list_scopes(**given: Any) -> None:
    """List the org's custom scopes with the apps that may ask for them."""
    from grantway.manage.custom import custom_scopes
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [
            (one, [app.app.name for app in await custom_scopes.apps_with(desk, org, one)])
            for one in await custom_scopes.all_of(desk, org)
        ]

    found = run(chosen, work)
    rows = [
        (one.name, one.description, "yes" if one.is_public else "no", ", ".join(apps) or "none") for one, apps in found
    ]
    documents = [_scope_document(one) | {"apps": apps} for one, apps in found]
    show(chosen, documents, table(rows, ("NAME", "DESCRIPTION", "PUBLIC", "APPS")))


@scope.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
@shared
def set_scope(name: str, values: tuple[str, ...], **given: Any) -> None:
    """Change a custom scope's label, description or is_public. Its name stays: apps and services know it."""
    chosen = options(given)
    _show_scope(chosen, _on_scope(chosen, "change", name, pairs(values, chosen)))


@scope.command("delete")
@click.argument("name")
@shared
def delete_scope(name: str, **given: Any) -> None:
    """Delete a custom scope and take it from its apps. Tokens that are out bear it until they end."""
    chosen = options(given)
    gone = _on_scope(chosen, "delete", name).name
    show(chosen, {"deleted": gone}, f"Deleted {gone}; no app can ask for it any more.")


@scope.command("assign")
@click.argument("name")
@click.argument("app")
@shared
def assign(name: str, app: str, **given: Any) -> None:
    """Let an app ask for a custom scope."""
    _assign(name, app, given, assigned=True)


@scope.command("unassign")
@click.argument("name")
@click.argument("app")
@shared
def unassign(name: str, app: str, **given: Any) -> None:
    """Let an app ask for a custom scope no longer. Tokens that are out bear it until they end."""
    _assign(name, app, given, assigned=False)


@scope.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@shared
def export_scopes(names: tuple[str, ...], folder: str | None, **given: Any) -> None:
    """Write custom scopes as Salesforce metadata files; `grantway app import` reads them."""
    _export(options(given), "export_scope", names, folder)


@click.group()
def permission() -> None:
    """Custom permissions: what users may do in apps; given by profiles and permission sets, told to apps."""


@permission.command("create")
@click.argument("name")
@click.option("--label", default="", help="The name, unless said.")
@click.option("--description", default="")
@click.option("--app", default="", help="The one app that is told of it; otherwise every app with the scope is.")
@click.option("--requires", multiple=True, metavar="NAME", help="One that must be given with it; repeat for more.")
@shared
def create_permission(
    name: str, label: str, description: str, app: str, requires: tuple[str, ...], **given: Any
) -> None:
    """Make a custom permission. Users hold it once a profile or permission set of theirs gives it.

    \b
    grantway permission create Approve_Shipments
    grantway permset set "Shipping Clerk" custom_permissions=Approve_Shipments
    """
    from grantway.manage.custom import custom_permissions

    chosen = options(given)
    asked = custom_permissions.NewPermission(
        name=name, label=label, description=description, app=app, required=requires
    )
    made = _on_permission(chosen, "create", asked)
    document = _permission_document(made, app)
    show(chosen, document, _in_words(document))


@permission.command("list")
@shared
def list_permissions(**given: Any) -> None:
    """List the org's custom permissions."""
    from grantway.manage.custom import custom_permissions
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        found = await custom_permissions.all_of(desk, await orgs.find(desk, chosen.org))
        return [(one, await custom_permissions.app_name_of(desk, one)) for one in found]

    found = run(chosen, work)
    rows = [(one.name, one.label, app or "every app", one.description) for one, app in found]
    documents = [_permission_document(one, app) for one, app in found]
    show(chosen, documents, table(rows, ("NAME", "LABEL", "TOLD TO", "DESCRIPTION")))


@permission.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
@shared
def set_permission(name: str, values: tuple[str, ...], **given: Any) -> None:
    """Change a custom permission's label, description, app or required (NAME,...). Its name stays."""
    from grantway.manage.custom import custom_permissions
    from grantway.manage.server import orgs

    chosen = options(given)
    asked = pairs(values, chosen)

    async def work(desk: Any) -> Any:
        changed = await custom_permissions.change(desk, await orgs.find(desk, chosen.org), name, asked)
        return changed, await custom_permissions.app_name_of(desk, changed)

    document = _permission_document(*run(chosen, work))
    show(chosen, document, _in_words(document))


@permission.command("delete")
@click.argument("name")
@shared
def delete_permission(name: str, **given: Any) -> None:
    """Delete a custom permission; nobody holds it any more."""
    chosen = options(given)
    gone = _on_permission(chosen, "delete", name).name
    show(chosen, {"deleted": gone}, f"Deleted {gone}; nobody holds it any more.")


@permission.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@shared
def export_permissions(names: tuple[str, ...], folder: str | None, **given: Any) -> None:
    """Write custom permissions as Salesforce metadata files; `grantway app import` reads them."""
    _export(options(given), "export_permission", names, folder)


def _on_scope(chosen: Options, operation: str, *arguments: Any, **named: Any) -> Any:
    from grantway.manage.custom import custom_scopes
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        return await getattr(custom_scopes, operation)(desk, await orgs.find(desk, chosen.org), *arguments, **named)

    return run(chosen, work)


def _on_permission(chosen: Options, operation: str, *arguments: Any) -> Any:
    from grantway.manage.custom import custom_permissions
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        return await getattr(custom_permissions, operation)(desk, await orgs.find(desk, chosen.org), *arguments)

    return run(chosen, work)


def _assign(name: str, app: str, given: dict[str, Any], *, assigned: bool) -> None:
    from grantway import settings as s

    chosen = options(given)
    changed = _on_scope(chosen, "assign", name, app, assigned=assigned)
    scopes = list(changed[s.CUSTOM_SCOPES])
    text = f"{changed.app.name} may ask for: {', '.join(scopes) or 'no custom scope'}"
    show(chosen, {"app": changed.app.name, "custom_scopes": scopes}, text)


def _export(chosen: Options, operation: str, names: tuple[str, ...], folder: str | None) -> None:
    from grantway.manage.files import custom_files
    from grantway.manage.server import orgs

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [await getattr(custom_files, operation)(desk, org, name) for name in names]

    write_out(chosen, run(chosen, work), folder, lambda one: {"name": one.name})


def _scope_document(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "is_public": bool(one.is_public),
    }


def _show_scope(chosen: Options, one: Any) -> None:
    document = _scope_document(one)
    told = {**document, "is_public": "yes" if one.is_public else "no"}
    show(chosen, document, columns(list(told.items())))


def _permission_document(one: Any, app: str) -> dict[str, Any]:
    from grantway.manage.custom.permission_needs import is_licensed, required_of

    return {
        "id": one.id,
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "app": app,
        "required": list(required_of(one)),
        "licensed": is_licensed(one),
    }


def _in_words(document: dict[str, Any]) -> str:
    told = {key: ", ".join(value) if isinstance(value, list) else value for key, value in document.items()}
    return columns([(key, "yes" if value is True else str(value)) for key, value in told.items() if value])
