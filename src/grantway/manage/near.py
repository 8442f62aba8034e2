"""What somebody meant who named what is not there."""

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Final

# Comparing is slow: of many names only so many are looked at, and nothing is looked for in the place of a long one.
_LOOKED_AT: Final = 500
_LONGEST: Final = 100


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence, `; did you mean Shipment_Sync?`: of the names with the same first letter the one
    that is most alike; empty where none is.
    """
    if not 0 < len(name) <= _LONGEST:
        return ""
    alike = (one for one in names if one[:1].lower() == name[0].lower())
    near = difflib.get_close_matches(name, islice(alike, _LOOKED_AT), 1)
    return f"; did you mean {near[0]}?" if near else ""
