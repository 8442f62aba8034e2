"""What every command shares: reading its options and arguments, and a desk at the database to work at."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from grantway.cli.key_file import key_ring_text
from grantway.cli.options import Options
from grantway.cli.printing import fail, misuse

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
OPTIONS: Final = ("data", "database", "org", "as_user", "json", "secret_key_file")
SERVE_OPTIONS: Final = (
    "host",
    "port",
    "workers",
    "base_url",
    "tls_cert",
    "tls_key",
    "domain",
    "root_issuer",
    "trusted_proxy",
    "outbound_allow",
    "outbound_ca",
    "demo",
)
_FILE: Final = "grantway.config_file"


def _take_config(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Read the configuration file as soon as it is named: `serve`, and `handler try`, take their defaults from it."""
    if path:
        file = read_config(path)
        context.meta[_FILE] = file
        of_serve: dict[str, Any] = {name: file[name] for name in SERVE_OPTIONS if name in file}
        below: dict[str, Any] = {"serve": of_serve, "handler": {"try": of_serve}}
        context.default_map = of_serve if context.info_name in ("serve", "try") else below
    return path


def shared(command: F) -> F:
    """Give a command the shared options; what stands after the command wins over what stands before it."""
    for decorator in (
        click.option("--data", metavar="DIR", help="Data folder.  [default: var]"),
        click.option("--database", metavar="URL", help="Database URL.  [default: sqlite:///<data>/grantway.db]"),
        click.option("--org", metavar="ORG", help="Org by id or name; not needed while there is one."),
        click.option("--as", "as_user", metavar="USER", help="Act with this user's rights, not as the operator."),
        click.option("--json", "json", is_flag=True, default=None, help="Print one JSON document."),
        click.option(
            "--config",
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=_take_config,
            help="TOML file with any option of any command.",
        ),
        click.option("--secret-key-file", metavar="FILE", help="Key file.  [default: <data>/secret.key]"),
    ):
        command = decorator(command)
    return command


def options(given: dict[str, Any]) -> Options:
    """Take the shared options out of a command's arguments: command line, then environment, then file."""
    context = click.get_current_context()
    above: dict[str, Any] = context.find_root().obj or {}
    path = os.environ.get("GRANTWAY_CONFIG")
    file: dict[str, Any] = context.meta.get(_FILE) or (read_config(path) if path else {})
    found: dict[str, Any] = {}
    for name in OPTIONS:
        option = name.removesuffix("_user")
        value = given.pop(name, None)
        for otherwise in (above.get(name), os.environ.get(f"GRANTWAY_{option.upper()}"), file.get(option)):
            value = otherwise if value is None else value
        found[name] = value
    found["base_url"] = os.environ.get("GRANTWAY_BASE_URL") or file.get("base_url")
    found["json"] = str(found["json"]).lower() in ("true", "1", "yes")
    return Options(**{name: value for name, value in found.items() if value is not None})


def read_config(path: str) -> dict[str, Any]:
    """Read a TOML configuration file: option names, with hyphens or underscores, and their values."""
    try:
        read = tomllib.loads(Path(path).read_text())
    except (OSError, ValueError) as problem:
        misuse(f"--config {path}: {problem}")
    file = {name.replace("-", "_"): value for name, value in read.items()}
    texts = [name.removesuffix("_user") for name in OPTIONS if name != "json"]
    for name, value in file.items():
        if name not in (*texts, "json", *SERVE_OPTIONS):
            misuse(f"--config {path}: {name} is no option; these are: {', '.join((*texts, 'json', *SERVE_OPTIONS))}")
        if name in texts and not isinstance(value, str):
            misuse(f"--config {path}: {name}: write it as text, in quotes")
    return file


def run(chosen: Options, work: Callable[[Any], Awaitable[T]], *, upgrade: bool | None = None) -> T:
    """Open the database, do the work at a desk with the caller's rights, close; problems end in one line."""
    from dataclasses import replace

    from grantway.kit.clock import SystemClock
    from grantway.kit.keyfile import read_key_ring
    from grantway.kit.secrets import KeyRingError
    from grantway.manage.caller import OPERATOR, caller_named
    from grantway.manage.desk import Desk
    from grantway.manage.problem import ManageProblem
    from grantway.manage.server.setup import make_ready
    from grantway.settings.kinds import SettingProblem
    from grantway.store.open import open_database
    from grantway.store.statement import Conflict, Unavailable, Unfit

    async def work_at_a_desk() -> T:
        clock = SystemClock()
        text = key_ring_text(chosen)
        try:
            ring = read_key_ring(text)
            db = await open_database(chosen.database_url, clock)
        except ValueError as problem:
            raise ManageProblem(str(problem)) from problem
        try:
            desk = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR, base_url=chosen.base_url)
            if upgrade is not False:
                await make_ready(desk, upgrade=chosen.is_embedded)
            if chosen.as_user:
                desk = replace(desk, caller=await caller_named(db, chosen.as_user))
            return await work(desk)
        finally:
            await db.close()

    try:
        return asyncio.run(work_at_a_desk())
    except (Unfit, UnicodeError):
        fail("an argument holds something that is no text in UTF-8", chosen)
    except Conflict:
        fail("somebody else made the same thing at this moment; look, and try again", chosen)
    except SettingProblem as problem:
        fail(f"a stored setting cannot be read ({problem}); grantway db check says which", chosen)
    except (ManageProblem, Unavailable, KeyRingError) as problem:
        fail(str(problem), chosen)


def pairs(arguments: tuple[str, ...], chosen: Options) -> dict[str, Any]:
    """Read NAME=VALUE arguments: a repeated name is a list, `@file` reads a file, `@@` begins a value with one @.

    A setting that takes a list takes it as JSON too.
    """
    import json

    from grantway import settings as s
    from grantway.settings import token_handlers

    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, raw = argument.partition("=")
        if not equals or not name:
            misuse(f"{argument!r}: write it as NAME=VALUE")
        value: Any = raw
        if raw.startswith("@@"):
            value = raw[1:]
        elif raw.startswith("@"):
            try:
                value = _text_of(name, Path(raw[1:]).read_bytes())
            except (OSError, ValueError) as problem:
                why = getattr(problem, "strerror", None) or "it is no text in UTF-8"
                fail(f"{name}: the file {raw[1:]!r} cannot be read ({why}); write @@ for a value with an @", chosen)
        elif (
            raw.startswith("[")
            and (setting := s.BY_NAME.get(name) or token_handlers.BY_NAME.get(name))
            and setting.kind.many
        ):
            try:
                value = json.loads(raw)
            except (ValueError, RecursionError) as problem:
                fail(f"{name}: the JSON list cannot be read: {problem}", chosen)
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            value = before + (value if isinstance(value, list) else [value])
        found[name] = value
    return found


def _text_of(name: str, data: bytes) -> str:
    """Return what stands in a file; a certificate may stand there in its binary form."""
    import base64

    from grantway import settings as s

    setting = s.BY_NAME.get(name)
    try:
        return data.decode()
    except UnicodeDecodeError:
        if setting is None or setting.kind.name != "certificate":
            raise
        return base64.b64encode(data).decode()


def secret_from_stdin(what: str, chosen: Options) -> str:
    """Read one line of standard input, so that a secret stands in no history and no process list.

    A person is asked for it, and it is not shown.
    """
    try:
        if sys.stdin.isatty():
            line = click.prompt(what, hide_input=True, err=True, default="", show_default=False)
        else:
            line = sys.stdin.readline()
    except UnicodeDecodeError:
        fail(f"{what}: standard input is no text in UTF-8", chosen)
    text = line.rstrip("\r\n")
    if not text:
        fail(f"{what}: standard input is empty", chosen)
    return text
