"""The options that stand before or after any command, with what they mean where they are left out."""

from dataclasses import dataclass
from pathlib import Path

import click


@dataclass(slots=True)
class Options:
    """The options that stand before or after any command."""

    data: str = ""
    database: str = ""
    org: str = ""
    as_user: str = ""
    json: bool = False
    secret_key_file: str = ""
    base_url: str = "http://localhost:8400"

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
    def has_database(self) -> bool:
        """Whether the SQLite file is there and something stands in it."""
        file = Path(self.database_url.removeprefix("sqlite:///"))
        return self.is_embedded and file.is_file() and file.stat().st_size > 0

    @property
    def key_file(self) -> Path:
        """The key file."""
        if self.secret_key_file:
            return Path(self.secret_key_file)
        if not self.is_embedded:
            raise click.UsageError("name the key file: --secret-key-file FILE or GRANTWAY_SECRET_KEY_FILE")
        return self.folder / "secret.key"
