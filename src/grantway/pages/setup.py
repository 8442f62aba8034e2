"""What every page of the console stands in: who is there, where they can go, what just happened."""

from dataclasses import dataclass
from typing import ClassVar, Protocol


class SetupPage(Protocol):
    """One page of the console: a frozen record with its template, and a title that states what is found."""

    template: ClassVar[str]

    @property
    def title(self) -> str:
        """The page's heading."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NavLink:
    """One way to go: a label, a path on this host, and a number where it asks for something."""

    label: str
    path: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NavGroup:
    """Ways that belong to one task; the first group has no heading."""

    heading: str
    links: tuple[NavLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """What the last request did: said once, at the top of the next page. `kind` is ok, warn or bad."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page of the console.

    - `here`: the path of the navigation link that is current; `crumbs`: (label, path) from the top.
    - `csrf`: the token that every form must carry, as the hidden field `csrf`.
    """

    org_name: str
    person: str
    nav: tuple[NavGroup, ...]
    here: str
    csrf: str
    crumbs: tuple[tuple[str, str], ...] = ()
    flash: Flash | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupMessagePage:
    """One sentence: a page that is not there, a right that is missing, what went wrong."""

    template: ClassVar[str] = "setup/message.html"
    title: str
    text: str
    request_id: str = ""
