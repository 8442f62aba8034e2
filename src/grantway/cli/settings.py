"""`grantway settings`: the catalogue, for people, for programs, and as the reference page."""

from dataclasses import asdict
from typing import Any

import click

from grantway.cli.context import options, shared
from grantway.cli.printing import columns, fail, misuse, show, table


@click.command(short_help="The catalogue of settings.")
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", help="How to print all.")
@shared
def settings(name: str | None, form: str, **given: Any) -> None:
    """The catalogue: every setting with label, values, default, metadata name and wire effect.

    With NAME, all about one setting. `grantway app set APP NAME=VALUE` changes it; settings of an org are changed by
    `grantway org set NAME=VALUE`.

    \b
    grantway settings require_pkce
    grantway settings scopes               lists every scope there is, too
    grantway settings --format markdown    the whole reference page
    """
    from grantway import settings as s
    from grantway.manage.settings_reference import facts_of, reference_page
    from grantway.settings.scopes import SCOPES

    chosen = options(given)
    if form == "markdown":
        if name is not None or chosen.json:
            misuse("--format markdown prints the page of all settings: leave out NAME and --json")
        click.echo(reference_page(), nl=False)
        return
    if name is None:
        rows = [(one.name, one.kind.hint, one.kind.says(one.default), one.label) for one in s.ALL]
        show(chosen, [facts_of(one) for one in s.ALL], table(rows, ("SETTING", "VALUES", "DEFAULT", "LABEL")))
        return
    found = s.BY_NAME.get(name)
    if found is None:
        import difflib

        near = difflib.get_close_matches(name, s.BY_NAME, 1)
        hint = f"did you mean {near[0]}?" if near else "grantway settings lists them"
        fail(f"{name}: there is no such setting; {hint}", chosen)
    document = facts_of(found)
    told = document | {
        "metadata": "\n".join(f"{kind}: {path}" for kind, path in document["metadata"].items()),
        "refusals": "\n".join(f"{one['says']} ({one['reason']})" for one in document["refusals"]),
    }
    text = columns([(key, str(value)) for key, value in told.items() if value and key != "schema"])
    if found is s.SCOPES:
        document["scopes"] = [asdict(scope) for scope in SCOPES]
        text += "\n\n" + table([(scope.name, scope.label) for scope in SCOPES], ("SCOPE", "LABEL"))
    show(chosen, document, text)
