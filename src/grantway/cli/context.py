"""What every command shares: options, opening the database, printing for people or as JSON, failing in one line."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
OPTIONS: Final = ("data", "database", "org", "as_user", "json", "config", "secret_key_file")


@dataclass(slots=True)
class Options:
    """The options that stand before or after any command."""

    data: str = ""
    database: str = ""
    org: str = ""
    as_user: str = ""
    json: bool = False
    secret_key_file: str = ""

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data or "var")

    @property
    def database_url(self) -> str:
        """The database URL."""
        return self.database or f"sqlite:///{self.folder / 'grantway.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is an SQLite file, made and migrated on first use."""
        return self.database_url.startswith("sqlite:")

    @property
    def key_file(self) -> Path:
        """The key file."""
        if self.secret_key_file:
            return Path(self.secret_key_file)
        if not self.is_embedded:
            misuse("name the key file: --secret-key-file FILE or GRANTWAY_SECRET_KEY_FILE")
        return self.folder / "secret.key"


def shared(command: F) -> F:
    """Give a command the shared options; what stands after the command wins over what stands before it."""
    for decorator in (
        click.option("--data", metavar="DIR", help="Data folder.  [default: var]"),
        click.option("--database", metavar="URL", help="Database URL.  [default: sqlite:///<data>/grantway.db]"),
        click.option("--org", metavar="ORG", help="Org by id or name; not needed while there is one."),
        click.option("--as", "as_user", metavar="USER", help="Act with this user's rights, not as the operator."),
        click.option("--json", "json", is_flag=True, default=None, help="Print one JSON document."),
        click.option("--config", metavar="FILE", help="TOML file with any of these options."),
        click.option("--secret-key-file", metavar="FILE", help="Key file.  [default: <data>/secret.key]"),
    ):
        command = decorator(command)
    return command


def options(given: dict[str, Any]) -> Options:
    """Take the shared options out of a command's arguments: command line, then environment, then file."""
    above: dict[str, Any] = click.get_current_context().find_root().obj or {}
    found: dict[str, Any] = {}
    for name in OPTIONS:
        value = given.pop(name, None)
        found[name] = above.get(name) if value is None else value
    path = found.pop("config") or os.environ.get("GRANTWAY_CONFIG")
    file = read_config(path) if path else {}
    for name, value in found.items():
        option = name.removesuffix("_user")
        if value is None:
            found[name] = os.environ.get(f"GRANTWAY_{option.upper()}", file.get(option))
    found["json"] = str(found["json"]).lower() in ("true", "1", "yes")
    return Options(**{name: value for name, value in found.items() if value is not None})


def read_config(path: str) -> dict[str, Any]:
    """Read a TOML configuration file."""
    try:
        return tomllib.loads(Path(path).read_text())
    except (OSError, ValueError) as problem:
        misuse(f"--config {path}: {problem}")


def fail(text: str) -> NoReturn:
    """End with status 1 and a one-line reason."""
    click.echo(f"grantway: {text}", err=True)
    sys.exit(1)


def misuse(text: str) -> NoReturn:
    """End with status 2 and a one-line reason."""
    click.echo(f"grantway: {text}", err=True)
    sys.exit(2)


def key_ring_text(chosen: Options) -> str:
    """Return the key file's text; with SQLite it is made on first use, readable by its owner alone."""
    from grantway.kit.keyfile import new_key_line

    path = chosen.key_file
    if not path.exists() and chosen.is_embedded:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as file:
            file.write(new_key_line())
    try:
        return path.read_text()
    except OSError as problem:
        fail(f"the key file cannot be read: {problem}")


def run(chosen: Options, work: Callable[[Any], Awaitable[T]], *, upgrade: bool | None = None) -> T:
    """Open the database, do the work at a desk with the caller's rights, close; problems end in one line."""
    from grantway.kit.clock import SystemClock
    from grantway.kit.keyfile import read_key_ring
    from grantway.manage.caller import OPERATOR, Caller
    from grantway.manage.desk import Desk
    from grantway.manage.problem import ManageProblem
    from grantway.manage.setup import make_ready
    from grantway.store.open import open_database
    from grantway.store.people import permissions_of, user_and_password
    from grantway.store.statement import Unavailable

    async def work_at_a_desk() -> T:
        clock = SystemClock()
        ring = read_key_ring(key_ring_text(chosen))
        db = await open_database(chosen.database_url, clock)
        try:
            desk = Desk(db=db, clock=clock, ring=ring, caller=OPERATOR)
            if upgrade is not False:
                await make_ready(desk, upgrade=chosen.is_embedded)
            if chosen.as_user:
                found = await user_and_password(db, chosen.as_user)
                if found is None or not found[0].may_act:
                    raise ManageProblem(f"--as: there is no active user {chosen.as_user!r}")
                user = found[0]
                caller = Caller(
                    user_id=user.id,
                    username=user.username,
                    org_id=user.org_id,
                    permissions=await permissions_of(db, user),
                )
                desk = Desk(db=db, clock=clock, ring=ring, caller=caller)
            return await work(desk)
        finally:
            await db.close()

    try:
        return asyncio.run(work_at_a_desk())
    except (ManageProblem, Unavailable, ValueError) as problem:
        fail(str(problem))


def show(chosen: Options, document: Any, text: str) -> None:
    """Print the document as JSON, or the text for people."""
    import json

    click.echo(json.dumps(document, indent=2, default=str) if chosen.json else text)


def table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    """Return rows as columns for people."""
    if not rows:
        return "none"
    widths = [max(len(row[index]) for row in [heads, *rows]) for index in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def pairs(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Read NAME=VALUE arguments; a repeated name is a list, `@file` reads a file, JSON lists are lists."""
    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, raw = argument.partition("=")
        if not equals:
            misuse(f"{argument!r}: write it as NAME=VALUE")
        value: Any = raw
        if raw.startswith("@"):
            try:
                value = Path(raw[1:]).read_text()
            except OSError as problem:
                fail(f"{name}: {problem}")
        elif raw.startswith("["):
            import json

            try:
                value = json.loads(raw)
            except ValueError as problem:
                fail(f"{name}: the JSON list cannot be read: {problem}")
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            value = before + (value if isinstance(value, list) else [value])
        found[name] = value
    return found
