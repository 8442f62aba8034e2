"""The command line within the process of the test: quick enough to be run many times."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from grantway.cli.root import cli


class CommandLine:
    """Commands on one data folder, with the orgs named."""

    def __init__(self, data: Path, *orgs: str) -> None:
        self.data = data
        for org in orgs:
            self("org", "create", org)

    def __call__(self, *arguments: str, exits: int = 0) -> str:
        """Run a command; return what it printed, or what it complained of where it must fail."""
        done = self.run(*arguments)
        assert done.exit_code == exits, (arguments, done.output, done.exception)
        return done.stderr if exits else done.stdout

    def run(self, *arguments: str) -> Result:
        """Run a command, whatever comes of it."""
        return CliRunner().invoke(cli, ["--data", str(self.data), *arguments])

    def json(self, *arguments: str) -> Any:
        """Run a command and read the document that it printed."""
        return json.loads(self(*arguments, "--json"))
