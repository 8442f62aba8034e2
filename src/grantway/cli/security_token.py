"""`grantway user reset-security-token`."""

from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.printing import show


@click.command("reset-security-token")
@click.argument("username")
@shared
def reset_security_token(username: str, **given: Any) -> None:
    """Make a user's security token anew and print it, once.

    Where an app sends a password (username-password flow), the token follows it as one text. A new password ends it.
    """
    from grantway.manage.people import security_tokens
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await security_tokens.reset(desk, await orgs.find(desk, chosen.org), username)

    token = run(chosen, work)
    show(chosen, {"username": username, "security_token": token}, f"Security token of {username}, shown once: {token}")
