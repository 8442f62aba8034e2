"""Commands on one data folder with named orgs, within the process of the test."""

import json
from pathlib import Path
from typing import Any

from tests.cli.terminal import Done, grantway


class CommandLine:
    """Commands on one data folder, with the orgs named."""

    def __init__(self, data: Path, *orgs: str) -> None:
        self.data = data
        for org in orgs:
            self("org", "create", org)

    def __call__(self, *arguments: str, exits: int = 0) -> str:
        """Run a command; return what it printed, or what it complained of where it must fail."""
        done = self.run(*arguments)
        assert done.returncode == exits, (arguments, done)
        return done.stderr if exits else done.stdout

    def run(self, *arguments: str) -> Done:
        """Run a command, whatever comes of it."""
        return grantway("--data", str(self.data), *arguments)

    def json(self, *arguments: str) -> Any:
        """Run a command and read the document that it printed."""
        return json.loads(self(*arguments, "--json"))
