"""`grantway app import` and `grantway app export`: Salesforce's metadata files."""

import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from grantway.cli.context import options, run, shared
from grantway.cli.file_output import write_out
from grantway.cli.printing import fail, note, show


@click.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="FILE-or-FOLDER...")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done; nothing is changed.")
@shared
def import_apps(sources: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    """Import apps from Salesforce metadata.

    That is .connectedApp-meta.xml files, folders of them at any depth, or a metadata zip. Each app is named after its
    file. Settings files of the org (OauthOidc, ConnectedApp, Security, ExternalClientApp) change the org's settings.
    What is neither is skipped, and said so.

    An app that the org has already is updated with what its file says: what the file leaves out stays as it is, and so
    do its key and secret. What no setting takes is named, kept, and exported again unchanged. A broken file does not
    stop the others; the exit status is 1 then.

    \b
    grantway app import force-app/main/default/connectedApps --dry-run
    grantway app import force-app/main/default/connectedApps
    """
    from grantway.manage.files.import_app import import_files
    from grantway.manage.files.metadata_files import source_files
    from grantway.manage.server import orgs

    chosen = options(given)
    files = [file for source in sources for file in source_files(Path(source))]
    hidden = chosen.json or len(files) < 10 or not sys.stderr.isatty()

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        with click.progressbar(length=len(files), label="Importing", file=sys.stderr, hidden=hidden) as bar:
            return await import_files(desk, org, files, lambda: bar.update(1), dry_run=dry_run)

    results = run(chosen, work)
    lines = [_told(one) for one in results]
    if len(results) > 1:
        lines.append(", ".join(f"{count} {done}" for done, count in Counter(one.done for one in results).items()))
    if dry_run:
        lines.append("Nothing was changed: this was a dry run.")
    show(chosen, [_imported(one) | {"dry_run": dry_run} for one in results], "\n".join(lines))
    if failed := [one for one in results if one.done == "failed"]:
        fail(f"{len(failed)} of {len(results)} files cannot be imported; {failed[0].file}: {failed[0].problem}")


@click.command("export")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", "folder", type=click.Path(file_okay=False), help="Write files into this folder.")
@click.option("--without-keys", is_flag=True, help="Leave the consumer keys out, for use in another org.")
@shared
def export(names: tuple[str, ...], folder: str | None, without_keys: bool, **given: Any) -> None:
    """Write apps as Salesforce metadata files.

    The secret is never in them. Settings that Salesforce has no element for are not in the file either: they are
    named, with the command that sets them again.

    \b
    grantway app export Shipment_Sync Reporting --to connectedApps
    """
    from grantway.manage.files.export_app import export_app
    from grantway.manage.server import orgs

    chosen = options(given)

    async def work(desk: Any) -> Any:
        org = await orgs.find(desk, chosen.org)
        return [await export_app(desk, org, name, with_key=not without_keys) for name in names]

    exported = run(chosen, work)
    write_out(chosen, exported, folder, _exported)
    for one in exported:
        if one.left_out and not chosen.json:
            note(f"{one.app}: the file cannot say everything. To set the rest again: {_setting_again(one)}")


def _exported(one: Any) -> dict[str, Any]:
    return {
        "name": one.app,
        "left_out": {setting.name: setting.kind.write(value) for setting, value in one.left_out.items()},
    }


def _setting_again(one: Any) -> str:
    return shlex.join(
        ["grantway", "app", "set", one.app, *(setting.argument(value) for setting, value in one.left_out.items())]
    )


def _imported(one: Any) -> dict[str, Any]:
    return {
        "file": one.file,
        "name": one.name,
        "done": one.done,
        "consumer_key": one.consumer_key,
        "changes": [{"setting": made.setting, "before": made.before, "after": made.after} for made in one.changes],
        "kept": [{"path": kept.path, "line": kept.line, "why": kept.why} for kept in one.kept],
        "warnings": list(one.warnings),
        "problem": one.problem,
    }


def _told(one: Any) -> str:
    """Tell of one file in a few lines: what was kept for the same reason stands together."""
    key = f", consumer key {one.consumer_key}" if one.done == "created" and one.consumer_key else ""
    lines = [f"{one.done:<8} {one.name}{key}" + (f": {one.problem}" if one.problem else "")]
    lines += [f"         {made.setting}: {made.before} -> {made.after}" for made in one.changes]
    reasons: dict[str, list[str]] = {}
    for kept in one.kept:
        reasons.setdefault(kept.why, []).append(kept.path + (f" (line {kept.line})" if kept.line else ""))
    lines += [f"         kept {', '.join(paths)}: {why}" for why, paths in reasons.items()]
    lines += [f"         look at this: {warning}" for warning in one.warnings]
    return "\n".join(lines)
