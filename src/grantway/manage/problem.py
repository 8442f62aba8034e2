"""Why an administrator's request is not carried out."""

from collections.abc import Mapping
from typing import Self


class ManageProblem(Exception):
    """One line for a person: names the setting or field, and what to do.

    `fields`: what is wrong with each field or setting, by its name; empty where no field is to blame.
    """

    def __init__(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.fields: Mapping[str, str] = fields or {}

    @classmethod
    def at(cls, field: str, problem: str) -> Self:
        """Say what is wrong with one field."""
        return cls(f"{field}: {problem}", {field: problem})

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """Say what is wrong with several fields at once."""
        return cls("; ".join(f"{field}: {problem}" for field, problem in fields.items()), fields)


class NotAllowed(ManageProblem):
    """The caller lacks a right; the text names the permission."""


class NotFound(ManageProblem):
    """What was named is not there."""


class StaleVersion(ManageProblem):
    """Somebody else changed it since it was read; nothing was overwritten (S42)."""
