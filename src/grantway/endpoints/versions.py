"""GET /services/data/: the API versions there are; no token needed (salesforce-oauth.md 7)."""

import re
from typing import Final

_OLDEST: Final = 20
_NEWEST: Final = 67
NEWEST: Final = f"{_NEWEST}.0"


def _label(number: int) -> str:
    # Version 20 is Winter '11; three releases a year since.
    season, year = ("Winter", "Spring", "Summer")[(number - 20) % 3], 11 + (number - 20) // 3
    return f"{season} '{year:02d}"


VERSIONS: Final = tuple(
    {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
    for number in range(_OLDEST, _NEWEST + 1)
)


def version_in(path: str) -> str | None:
    """Return the API version (`60.0`) that a data path names, or None when there is no such version."""
    part = path.split("/")[3] if path.count("/") >= 3 else ""
    number = part[1:-2] if part.startswith("v") and part.endswith(".0") else ""
    # At most three digits: Python refuses to read a number of thousands of them.
    if not re.fullmatch(r"[0-9]{1,3}", number) or not _OLDEST <= int(number) <= _NEWEST:
        return None
    return f"{int(number)}.0"
