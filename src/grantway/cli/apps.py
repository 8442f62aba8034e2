"""`grantway app`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import Options, fail, options, pairs, run, shared, show, table

_MASK = "••••••••"


@click.group()
def app() -> None:
    """Connected apps: the clients of this server."""


@app.command("create")
@click.argument("name")
@click.option("--contact-email", required=True)
@click.option("--consumer-key", default="", help="Choose the key; otherwise it is generated.")
@click.argument("values", nargs=-1, metavar="[SETTING=VALUE]...")
@shared
def create(name: str, contact_email: str, consumer_key: str, values: tuple[str, ...], **given: Any) -> None:
    """Register an app. Key and secret are printed once; `grantway settings` lists the settings."""
    from grantway.manage import apps, orgs

    chosen = options(given)
    asked = {"contact_email": contact_email, **pairs(values)}

    async def work(desk: Any) -> Any:
        new = apps.NewApp(name=name, values=asked, consumer_key=consumer_key)
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
    rows = [(one.app.name, one[s.LABEL], one.consumer_key) for one in found]
    show(chosen, [_document(one) for one in found], table(rows, ("NAME", "LABEL", "CONSUMER KEY")))


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
    """Change settings of an app; policies are changed for the org you act in."""
    from grantway.manage import apps, orgs

    chosen = options(given)
    asked = pairs(values)

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

    async def work(desk: Any) -> None:
        await apps.delete(desk, await orgs.find(desk, chosen.org), name)

    run(chosen, work)
    show(chosen, {"deleted": name}, f"Deleted {name}; its tokens ended.")


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
    """Import Salesforce metadata: .connectedApp-meta.xml files, folders of them, or a metadata zip."""
    from grantway.manage import orgs
    from grantway.manage.import_app import import_files

    chosen = options(given)
    files = list(_files(sources))
    bar = click.progressbar(length=len(files), label="Importing", file=sys.stderr)
    quiet = len(files) < 20 or not sys.stderr.isatty()

    async def work(desk: Any) -> Any:
        progress = (lambda: None) if quiet else (lambda: bar.update(1))
        return await import_files(desk, await orgs.find(desk, chosen.org), files, progress)

    results = run(chosen, work)
    lines = []
    for one in results:
        lines.append(f"{one.done:<8} {one.name}" + (f": {one.problem}" if one.problem else ""))
        lines += [f"         kept {path}: {why}" for path, why in one.kept]
    document = [
        {
            "file": one.file,
            "name": one.name,
            "done": one.done,
            "kept": [{"path": path, "why": why} for path, why in one.kept],
            "problem": one.problem,
        }
        for one in results
    ]
    show(chosen, document, "\n".join(lines) or "nothing to import")
    failed = [one for one in results if one.done == "failed"]
    if failed:
        fail(f"{len(failed)} of {len(results)} files were not imported; {failed[0].name}: {failed[0].problem}")


@app.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@shared
def export(names: tuple[str, ...], folder: str | None, **given: Any) -> None:
    """Write apps as Salesforce metadata files; the secret is never in them."""
    from grantway.manage import orgs
    from grantway.manage.export_app import export_app

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [await export_app(desk, org, name) for name in names]

    for file, data in run(chosen, work):
        if folder is None:
            click.echo(data.decode(), nl=False)
        else:
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / file).write_bytes(data)
            click.echo(f"wrote {Path(folder) / file}", err=True)


def _files(sources: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    from grantway.metadata.archive import read_archive
    from grantway.metadata.problem import MetadataProblem

    for source in map(Path, sources):
        try:
            if source.is_dir():
                for path in sorted(source.rglob("*")):
                    if path.is_file() and path.name.endswith(("-meta.xml", ".connectedApp")):
                        yield path.name, path.read_bytes()
            elif source.suffix == ".zip":
                for name, data in read_archive(source.read_bytes()):
                    yield name.rsplit("/", 1)[-1], data
            else:
                yield source.name, source.read_bytes()
        except (OSError, MetadataProblem) as problem:
            fail(f"{source}: {problem}")


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

    lines = [
        f"{'name':<38} {app.app.name}",
        f"{'consumer_key':<38} {app.consumer_key}",
        f"{'consumer_secret':<38} {app.secret.reveal() if reveal else _MASK}",
    ]
    lines += [f"{one.name:<38} {one.kind.says(app[one])}" for one in s.ALL if one.held_by is not s.Holder.ORG]
    show(chosen, _document(app, reveal=reveal), "\n".join(lines))


def _warned(warnings: tuple[str, ...]) -> str:
    return "".join(f"\nLook at this: {warning}" for warning in warnings)
