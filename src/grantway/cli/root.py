"""`grantway`: the commands and the options that stand before them."""

from typing import Any

import click

from grantway import __version__
from grantway.cli.app_files import export, import_apps
from grantway.cli.apps import app
from grantway.cli.assets import asset, certificate
from grantway.cli.audit import audit
from grantway.cli.context import shared
from grantway.cli.custom import permission, scope
from grantway.cli.handler_try import try_token
from grantway.cli.handlers import handler
from grantway.cli.orgs import org
from grantway.cli.people import permset, profile, user
from grantway.cli.registration_token import registration_token
from grantway.cli.rotate import rotate
from grantway.cli.security_token import reset_security_token
from grantway.cli.serve import serve
from grantway.cli.server_state import db, explain, keys, token
from grantway.cli.settings import settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__)
@shared
@click.pass_context
def cli(context: click.Context, /, **given: Any) -> None:
    """An OAuth 2.0 and OpenID Connect server whose clients are connected apps.

    \b
    Begin:     grantway serve --demo
    An app:    grantway app create "Shipment Sync" --contact-email it@example.com \\
                 callback_url=https://sync.example/callback scopes=api scopes=refresh_token
    From XML:  grantway app import force-app/main/default/connectedApps
    A refusal: grantway explain 7Q4M-K2XD-90VB
    """
    context.obj = given


user.add_command(reset_security_token)
handler.add_command(try_token)
for command in (import_apps, export, rotate, registration_token):
    app.add_command(command)
for command in (
    serve,
    org,
    user,
    profile,
    permset,
    app,
    scope,
    permission,
    handler,
    token,
    asset,
    certificate,
    settings,
    explain,
    audit,
    db,
    keys,
):
    cli.add_command(command)
