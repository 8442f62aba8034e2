"""What happened in each hour of an org, as numbers: counted while it happens, so that nobody has to read it all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, cast

from grantway.domain.app import AppKind
from grantway.kit.clock import HOUR_MS
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step, Write

TOKENS: Final = "token"
REFUSALS: Final = "refusal"
# org, hour (ms), what, name
Key = tuple[str, int, str, str]

_ADD: Final = Insert(
    "hour_count",
    ["org_id", "hour", "what", "name", "count"],
    "(org_id, hour, what, name) DO UPDATE SET count = hour_count.count + excluded.count",
)
_SINCE: Final = Statement(
    "SELECT hour, name, count FROM hour_count WHERE org_id = :org_id AND hour >= :since AND what = :what"
    " ORDER BY hour, name"
)
# A burst of new hours brings its own housekeeping: each flush takes some old rows away.
_SWEEP: Final = Statement("DELETE FROM hour_count WHERE hour < :before")


def of_kind(what: str, kind: AppKind) -> str:
    """Return what is counted of one kind of app: who may read one kind only is not told how much the other does."""
    return what if kind is AppKind.CONNECTED_APP else f"{what}:{kind.value}"


def hour_of(at_ms: int) -> int:
    """Return when the hour of a moment began (ms)."""
    return at_ms - at_ms % HOUR_MS


def add_counts(counts: Mapping[Key, int]) -> Write:
    """Add to the numbers of hours; always in the same order, so that two servers never wait for each other."""
    return Write(tuple(Step(_ADD, (*key, number)) for key, number in sorted(counts.items())))


def forget_before(before_ms: int) -> Write:
    """Take away the numbers of hours that began before a moment."""
    return Write((Step(_SWEEP, (before_ms,)),))


async def counts_since(
    db: Session, org_id: str, what: str, since_ms: int, kinds: Iterable[AppKind] = tuple(AppKind)
) -> tuple[tuple[int, str, int], ...]:
    """Return (hour, name, number) of an org's apps of some kinds from the hour of a moment on, in time's order."""
    found = Counter[tuple[int, str]]()
    for kind in kinds:
        for hour, name, number in await db.all(_SINCE, org_id, hour_of(since_ms), of_kind(what, kind)):
            found[cast(int, hour), cast(str, name)] += cast(int, number)
    return tuple((hour, name, number) for (hour, name), number in sorted(found.items()))
