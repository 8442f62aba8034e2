"""Lists in pages: which page is asked for, and the links to its neighbours."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from grantway.console.visit import Visit

SIZE: Final = 25
_LAST: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a shown part stands in a list. `total` None: not counted. Empty paths: there is no such page."""

    first: int
    last: int
    total: int | None
    previous_path: str
    next_path: str


def page_of(visit: Visit) -> int:
    """Return the page that the address asks for; the first where it asks for none there could be."""
    text = visit.query.get("page", "")
    return min(int(text), _LAST) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) else 1


def paging(path: str, page: int, shown: int, total: int | None, *, more: bool = False, **kept: str) -> Paging:
    """Return where a page with `shown` rows stands; `kept` are the filters that its neighbours keep."""
    first = (page - 1) * SIZE + 1 if shown else 0
    last = (page - 1) * SIZE + shown
    beyond = more if total is None else last < total

    def link(number: int) -> str:
        return f"{path}?{urlencode({**{name: text for name, text in kept.items() if text}, 'page': number})}"

    return Paging(
        first=first,
        last=last,
        total=total,
        previous_path=link(page - 1) if page > 1 else "",
        next_path=link(page + 1) if beyond and shown else "",
    )
