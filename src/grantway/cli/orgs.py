"""`grantway org`."""

import shlex
from typing import Any

import click

from grantway.cli.context import options, pairs, run, shared
from grantway.cli.file_output import write_out
from grantway.cli.printing import columns, note, show, table


@click.group()
def org() -> None:
    """Orgs: the tenants of this server."""


@org.command("create")
@click.argument("name")
@click.option("--edition", default="Developer Edition", show_default=True, help="It decides what can be made.")
@click.option("--my-domain", default="", help="One label of a host name.  [default: from the name]")
@shared
def create(name: str, edition: str, my_domain: str, **given: Any) -> None:
    """Make an org with its first profiles.

    \b
    grantway org create "Northwind Shipping" --my-domain northwind
    """
    from grantway.manage.server import orgs

    chosen = options(given)
    made = run(chosen, lambda desk: orgs.create(desk, orgs.NewOrg(name=name, edition=edition, my_domain=my_domain)))
    show(chosen, _document(made), f"Made the org {made.name}: {made.id}")


@org.command("list")
@shared
def list_orgs(**given: Any) -> None:
    """List the orgs."""
    from grantway.manage.server import orgs

    chosen = options(given)
    found = run(chosen, orgs.all_orgs)
    rows = [(one.name, one.id, one.edition, one.my_domain) for one in found]
    show(chosen, [_document(one) for one in found], table(rows, ("NAME", "ID", "EDITION", "MY DOMAIN")))


@org.command("show")
@shared
def show_org(**given: Any) -> None:
    """Show an org with its settings."""
    from grantway import settings as s
    from grantway.manage.server import orgs

    chosen = options(given)
    found = run(chosen, lambda desk: orgs.find(desk, chosen.org))
    document = _document(found)
    values = document["settings"]
    told = [(name, str(value)) for name, value in document.items() if name != "settings"]
    told += [(one.name, one.kind.says(one.kind.parse(values[one.name]))) for one in s.held_by(s.Holder.ORG)]
    show(chosen, document, columns(told))


@org.command("set")
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE...")
@shared
def set_org(values: tuple[str, ...], **given: Any) -> None:
    """Change name, edition, my_domain or a setting of an org.

    \b
    grantway org set org_session_timeout=60 require_pkce_for_all_apps=true
    """
    from grantway.manage.server import orgs

    chosen = options(given)
    asked = pairs(values, chosen)

    async def work(desk: Any) -> Any:
        return await orgs.change(desk, await orgs.find(desk, chosen.org), asked)

    changed = run(chosen, work)
    show(chosen, _document(changed), f"Saved: {', '.join(asked)}, in force now.")


@org.command("export")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@shared
def export_org(folder: str | None, **given: Any) -> None:
    """Write an org's settings as Salesforce settings files; `grantway app import` reads them.

    Settings that Salesforce has no element for are not in them: `grantway org show` has all.

    \b
    grantway org export --to settings
    """
    from grantway.manage.files.org_files import export_org as export_files
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await export_files(desk, await orgs.find(desk, chosen.org))

    exported = run(chosen, work)
    write_out(chosen, exported, folder, _exported)
    for one in exported:
        if one.left_out and not chosen.json:
            again = ["grantway", "org", "set", *(setting.argument(value) for setting, value in one.left_out.items())]
            note(f"{one.member}: the file cannot say everything. To set the rest again: {shlex.join(again)}")


def _exported(one: Any) -> dict[str, Any]:
    return {
        "name": one.member,
        "left_out": {setting.name: setting.kind.write(value) for setting, value in one.left_out.items()},
    }


def _document(org: Any) -> dict[str, Any]:
    from grantway.manage.server import orgs

    return {
        "id": org.id,
        "name": org.name,
        "edition": org.edition,
        "my_domain": org.my_domain,
        "settings": orgs.settings_of(org),
    }
