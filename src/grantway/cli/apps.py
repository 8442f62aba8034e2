"""`grantway app`."""

import sys
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import options, pairs, run, secret_from_stdin, shared
from grantway.cli.options import Options
from grantway.cli.printing import columns, fail, show, table

_MASK = "••••••••"


@click.group()
def app() -> None:
    """Connected apps: the clients of this server."""


@app.command("create")
@click.argument("name")
@click.option("--contact-email", required=True, help="Whom to write to about this app.")
@click.option("--consumer-key", default="", help="Choose the key; otherwise it is generated.")
@click.option("--consumer-secret-stdin", is_flag=True, help="Read the secret from standard input.")
@click.argument("values", nargs=-1, metavar="[SETTING=VALUE]...")
@shared
def create(
    name: str,
    contact_email: str,
    consumer_key: str,
    consumer_secret_stdin: bool,
    values: tuple[str, ...],
    **given: Any,
) -> None:
    """Register an app. NAME is its API name, or a label that one is made of.

    Key and secret are printed once. A list is given by repeating or as JSON, @file reads a value from a file;
    `grantway settings` lists the settings.

    \b
    grantway app create Shipment_Sync --contact-email it@example.com \\
        callback_url=https://sync.example/callback scopes=api scopes=refresh_token
    """
    from grantway.manage import apps, orgs

    chosen = options(given)
    asked = {"contact_email": contact_email, **pairs(values, chosen)}
    secret = secret_from_stdin("consumer_secret", chosen) if consumer_secret_stdin else ""

    async def work(desk: Any) -> Any:
        new = apps.NewApp(name=name, values=asked, consumer_key=consumer_key, consumer_secret=secret)
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
    """List the org's apps."""
    from grantway import settings as s
    from grantway.manage import apps, orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.all_apps(desk, await orgs.find(desk, chosen.org))

    found = run(chosen, work)
    rows = [(one.app.name, one[s.LABEL], _state(one), one.consumer_key) for one in found]
    show(chosen, [_document(one) for one in found], table(rows, ("NAME", "LABEL", "STATE", "CONSUMER KEY")))


@app.command("show")
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show the consumer secret too; this is audited.")
@shared
def show_app(name: str, reveal: bool, **given: Any) -> None:
    """Show an app with all of its settings."""
    from grantway.manage import apps, orgs

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
    """Change settings of an app; policies are changed for the org you act in. All of them or none.

    \b
    grantway app set Shipment_Sync require_pkce=true permitted_users=admin_approved profiles="Standard User"
    """
    from grantway.manage import apps, orgs

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
    """Delete an app for good; its tokens end with it."""
    from grantway.manage import apps, orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.delete(desk, await orgs.find(desk, chosen.org), name)

    gone = run(chosen, work).app.name
    show(chosen, {"deleted": gone}, f"Deleted {gone}; its tokens ended.")


def _block(name: str, given: dict[str, Any], *, blocked: bool) -> None:
    from grantway.manage import apps, orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        return await apps.block(desk, await orgs.find(desk, chosen.org), name, blocked=blocked)

    run(chosen, work)
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


@app.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="FILE-or-FOLDER...")
@shared
def import_apps(sources: tuple[str, ...], **given: Any) -> None:
    """Import Salesforce metadata: .connectedApp-meta.xml files, folders of them, or a metadata zip.

    An app that the org has already is updated with what its file says. What no setting takes yet is named, kept, and
    exported again unchanged. A broken file does not stop the others; the exit status is 1 then.

    \b
    grantway app import force-app/main/default/connectedApps
    """
    from grantway.manage import orgs
    from grantway.manage.import_app import import_files
    from grantway.manage.metadata_files import source_files

    chosen = options(given)
    files = [file for source in sources for file in source_files(Path(source))]
    hidden = chosen.json or len(files) < 10 or not sys.stderr.isatty()

    async def work(desk: Any) -> Any:
        with click.progressbar(length=len(files), label="Importing", file=sys.stderr, hidden=hidden) as bar:
            return await import_files(desk, await orgs.find(desk, chosen.org), files, lambda: bar.update(1))

    results = run(chosen, work)
    show(chosen, [_imported(one) for one in results], "\n".join(map(_told, results)) or "nothing to import")
    if failed := [one for one in results if one.done == "failed"]:
        fail(f"{len(failed)} of {len(results)} files were not imported; {failed[0].file}: {failed[0].problem}")


@app.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@click.option("--without-keys", is_flag=True, help="Leave the consumer keys out, for use in another org.")
@shared
def export(names: tuple[str, ...], folder: str | None, without_keys: bool, **given: Any) -> None:
    """Write apps as Salesforce metadata files; the secret is never in them.

    \b
    grantway app export Shipment_Sync Reporting --to connectedApps
    """
    from grantway.manage import orgs
    from grantway.manage.export_app import export_app

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [await export_app(desk, org, name, with_key=not without_keys) for name in names]

    files = [(name, data.decode()) for name, data in run(chosen, work)]
    if folder is None:
        show(chosen, [{"file": name, "content": text} for name, text in files], "".join(text for _, text in files)[:-1])
        return
    written = [Path(folder) / name for name, _ in files]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, (_, text) in zip(written, files, strict=True):
            path.write_bytes(text.encode())
    except OSError as problem:
        fail(f"--to: {problem}", chosen)
    show(chosen, [{"file": str(path)} for path in written], "\n".join(f"wrote {path}" for path in written))


def _imported(one: Any) -> dict[str, Any]:
    return {
        "file": one.file,
        "name": one.name,
        "done": one.done,
        "consumer_key": one.consumer_key,
        "kept": [{"path": kept.path, "why": kept.why} for kept in one.kept],
        "warnings": list(one.warnings),
        "problem": one.problem,
    }


def _told(one: Any) -> str:
    """Tell of one file in a few lines: what was kept for the same reason stands together."""
    lines = [f"{one.done:<8} {one.name}" + (f": {one.problem}" if one.problem else "")]
    reasons: dict[str, list[str]] = {}
    for kept in one.kept:
        reasons.setdefault(kept.why, []).append(kept.path)
    lines += [f"         kept {', '.join(paths)}: {why}" for why, paths in reasons.items()]
    lines += [f"         look at this: {warning}" for warning in one.warnings]
    return "\n".join(lines)


def _state(app: Any) -> str:
    return "blocked" if app.policy is not None and app.policy.is_blocked else "active"


def _document(app: Any, *, reveal: bool = False) -> dict[str, Any]:
    from grantway import settings as s

    return {
        "id": app.id,
        "name": app.app.name,
        "consumer_key": app.consumer_key,
        "consumer_secret": app.secret.reveal() if reveal else _MASK,
        "blocked": bool(app.policy and app.policy.is_blocked),
        "settings": {one.name: one.kind.write(app[one]) for one in s.ALL if one.held_by is not s.Holder.ORG},
    }


def _show(chosen: Options, app: Any, *, reveal: bool) -> None:
    from grantway import settings as s

    told = [
        ("name", app.app.name),
        ("state", _state(app)),
        ("consumer_key", app.consumer_key),
        ("consumer_secret", app.secret.reveal() if reveal else _MASK),
    ]
    told += [(one.name, one.kind.says(app[one])) for one in s.ALL if one.held_by is not s.Holder.ORG]
    show(chosen, _document(app, reveal=reveal), columns(told))


def _warned(warnings: tuple[str, ...]) -> str:
    return "".join(f"\nLook at this: {warning}" for warning in warnings)
