"""`grantway app registration-token`."""

from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show


@click.command("registration-token")
@click.argument("name")
@click.option("--revoke", is_flag=True, help="Take the token away; apps that registered with it stay.")
@shared
def registration_token(name: str, revoke: bool, **given: Any) -> None:
    """Make an app's initial access token for dynamic client registration anew and print it, once.

    Whoever has it registers apps (POST /services/oauth2/register, POST /oidc/register) that belong to this one: with
    its policies, at most its scopes, and at most 100 of them. The token before ends at once.

    \b
    grantway app registration-token Shipment_Sync
    grantway app registration-token Shipment_Sync --revoke
    """
    from grantway.manage.registration import registration_tokens
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        if revoke:
            return await registration_tokens.revoke(desk, org, name)
        return await registration_tokens.make(desk, org, name)

    done = run(chosen, work)
    if revoke:
        document = {"name": done.app.name, "state": "revoked"}
        show(chosen, document, f"Took the initial access token of {done.app.name} away: nobody registers with it now.")
        return
    token = done.reveal()
    show(
        chosen,
        {"name": name, "initial_access_token": token},
        f"Initial access token of {name}, shown once: {token}",
    )
