"""Names that a person takes for one another: what the consent page warns of (S8). Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# One character for all that look like it in the usual fonts of a browser: digits and signs, Cyrillic, Greek.
_ALIKE: Final = str.maketrans(
    "01358|i\u0131"
    "\u0430\u0432\u0435\u04bb\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0455\u0442\u0443\u0445"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "olesblllabehljkmhopcstyxabenlkuvoptux",
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
# Below this length one character makes another name: Sales 1 and Sales 2 are not taken for one another.
_LONG: Final = 8


@lru_cache(maxsize=16_384)  # a consent page compares with every app of an org, the same ones each time
def skeleton(name: str) -> str:
    """Return what is left of a name when likeness alone counts: no case, accents, blanks or signs."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char)).translate(_ALIKE)
    for pair, one in _PAIRS:
        plain = plain.replace(pair, one)
    return re.sub(r"[\W_]+", "", plain)


def lookalike_of(name: str, others: Iterable[str]) -> str | None:
    """Return the first of the other names that `name` can be taken for; None when it stands apart."""
    mine = skeleton(name)
    return next((other for other in others if _alike(mine, skeleton(other))), None)


def _alike(one: str, other: str) -> bool:
    """Tell whether two skeletons are the same but for at most one character left out, added or exchanged."""
    if one == other:
        return bool(one)
    if min(len(one), len(other)) < _LONG or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) == len(other):
        return one[start + 1 :] == other[start + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[start + 1 :] == shorter[start:]
