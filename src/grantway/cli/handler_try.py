"""`grantway handler try`: what would come of a token at a token exchange handler."""

import sys
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import options, run, secret_from_stdin, shared
from grantway.cli.options import Options
from grantway.cli.printing import columns, fail, note, show


@click.command("try")
@click.argument("name")
@click.option("--app", required=True, metavar="APP", help="The app that would send the token.")
@click.option(
    "--type", "token_type", default="jwt", show_default=True, metavar="TYPE", help="What kind of token it is."
)
@click.option("--file", metavar="FILE", help="Read the token from this file, not from standard input.")
@click.option(
    "--outbound-allow",
    multiple=True,
    metavar="ORIGIN",
    help="As of `serve`: what may be asked although it is not https or not public.",
    envvar="GRANTWAY_OUTBOUND_ALLOW",
)
@click.option(
    "--outbound-ca", default="", metavar="FILE", help="As of `serve`: authorities.", envvar="GRANTWAY_OUTBOUND_CA"
)
@shared
def try_token(
    name: str,
    app: str,
    token_type: str,
    file: str | None,
    outbound_allow: tuple[str, ...],
    outbound_ca: str,
    **given: Any,
) -> None:
    """Try a token: what each check finds, and as whom the app would act. Nothing is issued; the token is not kept.

    The token comes from standard input or a file. Ends with 1 where it would be refused.

    \b
    grantway handler try Harbour_IdP --app Shipment_Sync < token.txt
    """
    chosen = options(given)
    token = _token_of(file, chosen)

    async def work(desk: Any) -> Any:
        from grantway.endpoints.audiences import salesforce_audiences
        from grantway.endpoints.token_handlers import TokenHandlers
        from grantway.kit.urls import Urls
        from grantway.manage.problem import ManageProblem
        from grantway.manage.server import orgs
        from grantway.manage.usage import trials
        from grantway.outbound.fetch import Fetcher
        from grantway.outbound.target import Allowed
        from grantway.store.apps import Apps
        from grantway.store.directory import Directory

        org = await orgs.find(desk, chosen.org)
        try:
            urls = Urls.serving(chosen.base_url)
            fetcher = Fetcher(Allowed(outbound_allow), outbound_ca)
        except (ValueError, OSError) as problem:
            raise ManageProblem(str(problem)) from problem
        handlers = TokenHandlers.of(Directory(desk.db, Apps(desk.ring)), desk.clock, desk.ring, urls, fetcher)
        names = salesforce_audiences(urls, chosen.base_url)
        return await trials.try_token(desk, org, name, app, token, token_type, handlers=handlers, names=names)

    trial = run(chosen, work)
    lines = [f"{'no ' if one.refusal else 'yes'}  {one.check}: {one.says}" for one in trial.findings]
    lines += [f"  -  not reached: {demand}" for demand in trial.not_reached]
    told = [
        ("would act as", f"{trial.user}{', who would be made' if trial.is_new else ''}"),
        ("profile", trial.profile),
    ]
    told += [("visitor", trial.visitor)] * bool(trial.visitor)
    if not trial.is_new:
        told += [("scopes", " ".join(trial.scopes)), ("refresh token", "yes" if trial.has_refresh_token else "no")]
    if not trial.would_work:
        told = [("would be told", f"{trial.told.error}: {trial.told.says}"), ("means", trial.means)]
        told += [("remedy", trial.remedy)]
    show(chosen, trial.document(), "\n".join([*lines, "", columns(told)]))
    if not trial.would_work:
        note(f"it would be refused: {trial.reason}")
        sys.exit(1)


def _token_of(file: str | None, chosen: Options) -> str:
    if file is None:
        return secret_from_stdin("The token", chosen)
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "it is no text in UTF-8"
        fail(f"the file {file!r} cannot be read ({why})", chosen)
