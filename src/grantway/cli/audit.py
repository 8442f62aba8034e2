"""`grantway audit`."""

from dataclasses import asdict
from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show, table


@click.group()
def audit() -> None:
    """The audit trail: who changed what, and when."""


@audit.command("list")
@click.option("--user", "username", default="", help="Only what this user did; 'operator' for the command line's own.")
@click.option("--app", "app_name", default="", help="Only what was done to this app.")
@click.option("--action", default="", help="Only this action, as changeApplicationCallbackUrl.")
@click.option("--text", default="", help="Only what says this.")
@click.option("--security", is_flag=True, help="Only what somebody should look at.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", default="", help="Go on where the last list ended.")
@shared
def list_audit(
    username: str,
    app_name: str,
    action: str,
    text: str,
    security: bool,
    limit: int,
    cursor: str,
    **given: Any,
) -> None:
    """List what was changed in an org, the newest first.

    \b
    grantway audit list --app Shipment_Sync --security
    """
    from grantway.manage.audit import AuditFilter, audit_trail
    from grantway.manage.connected_apps import apps
    from grantway.manage.server import orgs
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        app_id = (await apps.find(desk, org, app_name)).id if app_name else ""
        wanted = AuditFilter(username=username, app=app_id, action=action, text=text, security_only=security)
        return await audit_trail(desk, org, wanted, cursor=cursor, limit=limit)

    page = run(chosen, work)
    rows = [
        (iso_seconds(one.at), one.username, one.action, ("! " if one.is_security else "") + one.display)
        for one in page.entries
    ]
    document = {
        "entries": [asdict(one) | {"at": iso_seconds(one.at)} for one in page.entries],
        "cursor": page.cursor,
    }
    more = f"\nMore: --cursor {page.cursor}" if page.cursor else ""
    show(chosen, document, table(rows, ("WHEN", "WHO", "ACTION", "WHAT")) + more)
