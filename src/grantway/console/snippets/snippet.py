"""What a snippet is, how values stand in its language, and where an app's endpoints are."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.settings.choices import Doors

SECRET: Final = "GRANTWAY_SECRET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One piece of code: `name` is the flow's, `language` curl, Python or JavaScript; `id` is unique on the page."""

    id: str
    name: str
    language: str
    text: str

    @property
    def title(self) -> str:
        """How it is called on the page."""
        return f"{self.language}: {self.name}"


def door_path(app: InstalledApp) -> str:
    """Return where the endpoints stand that an app is served at; Salesforce's where it may choose."""
    return "/oidc" if app[s.DOORS] is Doors.STANDARDS else "/services/oauth2"


def literal(value: str) -> str:
    """Return a text as Python and JavaScript write it alike."""
    return json.dumps(value, ensure_ascii=False)


QUOTES: Final[dict[str, Callable[[str], str]]] = {"curl": shlex.quote, "Python": literal, "JavaScript": literal}
"""How a text is quoted, by language."""
