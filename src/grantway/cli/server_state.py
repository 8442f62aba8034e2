"""`grantway token`, `explain`, `db` and `keys`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import options, run, secret_from_stdin, shared
from grantway.cli.options import Options
from grantway.cli.printing import fail, misuse, show, table


@click.group()
def token() -> None:
    """Tokens: what is out, and taking it back."""


@token.command("list")
@click.option("--user", "username", default="", help="Only this user's.")
@click.option("--app", "app_name", default="", help="Only this app's.")
@shared
def list_tokens(username: str, app_name: str, **given: Any) -> None:
    """List what is out in an org: lines of tokens, one an approval, and access tokens that stand alone."""
    from grantway.manage.server import orgs
    from grantway.manage.usage import tokens
    from grantway.protocol.when import iso_seconds

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await tokens.lines(desk, await orgs.find(desk, chosen.org), username=username, app=app_name)

    found = run(chosen, work)
    rows = [
        (
            one["id"],
            one["app"],
            one["username"],
            one["scopes"],
            "refresh token" if one["has_refresh_token"] else "access token",
            iso_seconds(one["created_at"]),
            iso_seconds(one["used_at"]),
            str(one["uses"]),
        )
        for one in found
    ]
    show(
        chosen,
        list(found),
        table(rows, ("ID", "APP", "USER", "SCOPES", "HOLDS", "FIRST USED", "LAST USED", "TIMES USED")),
    )


@token.command("revoke")
@click.argument("line_id", metavar="[ID]", required=False)
@click.option("--user", "username", help="All of this user's; ends their sessions too.")
@click.option("--app", "app_name", help="All of this app's.")
@click.option("--all", "everything", is_flag=True, help="Everything of the org.")
@click.option("--token-stdin", is_flag=True, help="The token that standard input holds.")
@shared
def revoke_tokens(
    line_id: str | None,
    username: str | None,
    app_name: str | None,
    everything: bool,
    token_stdin: bool,
    **given: Any,
) -> None:
    """End tokens: one (by its ID in the list, or itself), a user's, an app's, a user's in an app, or all of the org.

    \b
    grantway token revoke --user ada@example.com --app Shipment_Sync
    grantway token revoke --token-stdin < token.txt
    """
    from grantway.kit.secrets import access_token_row, refresh_token_row
    from grantway.manage.server import orgs
    from grantway.manage.usage import tokens

    chosen = options(given)
    # Something empty is most likely a variable that a script never set: never read it as "all".
    named = [line_id is not None, username is not None or app_name is not None, everything, token_stdin]
    if sum(named) != 1 or "" in {line_id, username, app_name}:
        misuse("say what to end: an ID, --user and --app, --all, or --token-stdin")
    if line_id and (access_token_row(line_id) or refresh_token_row(line_id)):
        misuse("a token on the command line can be read by others: give it by --token-stdin")
    one = secret_from_stdin("token", chosen) if token_stdin else line_id

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        if one:
            return await tokens.revoke_one(desk, org, one)
        return await tokens.revoke(desk, org, username=username or "", app=app_name or "")

    ended = run(chosen, work)
    show(chosen, {"ended": ended}, f"Ended {ended} lines and tokens; they are refused from this moment.")


def _shown(value: str | None) -> str:
    return "(hidden)" if value is None else value


@click.command(short_help="Why a request was refused.")
@click.argument("request_id", metavar="ID")
@shared
def explain(request_id: str, **given: Any) -> None:
    """Why a request was refused: the checks in order, the setting, the remedy."""
    from grantway.manage.usage.explain import explain as explain_request

    chosen = options(given)
    found = run(chosen, lambda desk: explain_request(desk, request_id))
    lines = [
        f"Request {found.request_id}: {found.endpoint}, {found.at}",
        f"Answered with {found.error or 'no error code'}" + (f", app {found.app}" if found.app else ""),
        "",
        found.means,
    ]
    for check in found.checks:
        lines.append(f"  {'✕' if check['refused'] else '✓'} {check['check']}: {check['says']}")
    lines += [f"  – not reached: {demand}" for demand in found.not_reached]
    if found.received:
        lines += ["", "It sent:"]
        lines += [f"  {name}{'=' if value is not None else ' '}{_shown(value)}" for _, name, value in found.received]
    if found.setting:
        lines += ["", f"Setting: {found.setting_label} ({found.setting})", f"Changed by: {found.change}"]
    lines += ["", f"What to do: {found.remedy}", f"Reason: {found.reason}"]
    show(chosen, asdict(found), "\n".join(lines))


@click.group()
def db() -> None:
    """The database: schema and integrity."""


def _of_operator(given: dict[str, Any]) -> Options:
    """Take the options of a command that may meet a database without users in it."""
    chosen = options(given)
    if chosen.as_user:
        fail("--as: the database is the operator's to look after", chosen)
    return chosen


@db.command("upgrade")
@click.option("--plan", is_flag=True, help="Only say what would be done.")
@shared
def upgrade(plan: bool, **given: Any) -> None:
    """Bring the schema up to date."""
    from grantway.manage.server import setup

    chosen = _of_operator(given)
    steps = run(chosen, setup.plan if plan else setup.upgrade, upgrade=False)
    named = [f"{step.number:04d}_{step.name}" for step in steps]
    word = "Would apply" if plan else "Applied"
    text = f"{word}: {', '.join(named) or 'nothing, it is current'}"
    before = steps[0].number - 1 if steps else 0
    rolling = before > 0 and all(step.serves <= before for step in steps)
    if before > 0:
        may = "may go on meanwhile" if rolling else "have to be stopped first"
        text += f"\nServers of the release before {may}."
    show(chosen, {"plan": plan, "migrations": named, "rolling": rolling}, text)


@db.command("check")
@shared
def check(**given: Any) -> None:
    """Check schema, integrity, that the key file opens every secret, and that settings can be read."""
    from grantway.manage.server.inspect_database import inspect

    chosen = _of_operator(given)
    found = run(chosen, inspect, upgrade=False)
    lines = [f"Schema {found.version}, {len(found.pending)} migrations pending"]
    lines += found.problems or ([] if found.pending else ["Everything is whole and can be read."])
    show(chosen, asdict(found) | {"pending": len(found.pending)}, "\n".join(lines))
    if found.pending:
        fail("the schema is not current: run grantway db upgrade")
    if found.problems:
        fail(f"{len(found.problems)} problems, the first: {found.problems[0]}")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@shared
def backup(file: Path, **given: Any) -> None:
    """Write the database to a new FILE while servers use it (SQLite). Keep the key file apart from it.

    For PostgreSQL: pg_dump.
    """
    from grantway.manage.server.backup import backup as back_up

    chosen = _of_operator(given)
    run(chosen, lambda desk: back_up(desk, file), upgrade=False)
    show(chosen, {"file": str(file)}, f"The database stands in {file}; the key file does not.")


@db.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@shared
def restore(file: Path, **given: Any) -> None:
    """Put the backup in FILE in the place of the database (SQLite); ends every token and session.

    Servers may run meanwhile. What was revoked after the backup was made stays revoked: nothing issued before this
    moment counts any more. For PostgreSQL: pg_restore, then grantway db restored.
    """
    from grantway.manage.server.backup import restore as put_back

    chosen = _of_operator(given)
    run(chosen, lambda desk: put_back(desk, file), upgrade=False)
    show(chosen, {"file": str(file)}, "Restored. Every token and session from before has ended.")


@db.command("restored")
@shared
def restored(**given: Any) -> None:
    """End every token and session, after a database was put back by other tools and before servers use it."""
    from grantway.manage.server.backup import mark_restored

    chosen = _of_operator(given)
    orgs = run(chosen, mark_restored)
    show(chosen, {"orgs": orgs}, f"Every token and session of {orgs} orgs from before has ended.")


@click.group()
def keys() -> None:
    """Signing keys."""


@keys.command("list")
@shared
def list_keys(**given: Any) -> None:
    """List the signing keys, without their private halves."""
    from grantway.manage.server.keys import all_keys
    from grantway.protocol.when import iso_seconds

    chosen = options(given)
    found = run(chosen, all_keys)
    rows = [(one["kid"], one["purpose"], one["org"], iso_seconds(one["created_at"]), _key_state(one)) for one in found]
    show(chosen, list(found), table(rows, ("KID", "PURPOSE", "ORG", "MADE", "STATE")))


def _key_state(key: Any) -> str:
    from grantway.protocol.when import iso_seconds

    if key["state"] == "published":
        return f"published until {iso_seconds(key['retired_at'])}"
    return str(key["state"])


@keys.command("rotate")
@click.option(
    "--purpose",
    type=click.Choice(["id-token", "access-token"]),
    default="id-token",
    help="What the key signs: ID tokens of the whole server, or JWT-based access tokens of an org.",
)
@click.option("--at-once", is_flag=True, help="Retire the keys before now: for one that got into wrong hands.")
@shared
def rotate(purpose: str, at_once: bool, **given: Any) -> None:
    """Make a new signing key; a running server signs with it within a second.

    The keys before stay published for a day, so that clients can verify what they signed. With --at-once nothing that
    they signed counts any more.

    With --purpose access-token every JWT-based access token of the org ends at once; nothing else does.

    \b
    grantway keys rotate
    grantway keys rotate --purpose access-token --org Harbour
    """
    from grantway.manage.server import access_keys, orgs
    from grantway.manage.server.keys import rotate as rotate_keys

    chosen = options(given)
    if purpose == "id-token":
        kid = run(chosen, lambda desk: rotate_keys(desk, at_once=at_once))
        before = "are retired" if at_once else "stay published for a day"
        show(chosen, {"kid": kid}, f"The key {kid} signs now; the ones before {before}.")
        return

    async def work(desk: Any) -> Any:
        return await access_keys.revoke_all(desk, await orgs.find(desk, chosen.org))

    done = run(chosen, work)
    ended = f"{done.ended} access token{'' if done.ended == 1 else 's'} ended"
    show(chosen, {"kid": done.kid, "ended": done.ended}, f"The key {done.kid} signs now; {ended}.")
