"""Telling a tie from a replay: two uses of one token at once, or one use long after the other (decision 3)."""

from typing import Final

# Without a note of when the winner was on disk (a crash lost it) a request counts as a tie only this long after the
# winner began: longer than any commit may take.
UNSETTLED_MS: Final = 10_000


def is_tie(arrived_us: int, now_ms: int, spent_at: int, settled_us: int | None) -> bool:
    """Tell whether a request that meets a spent token reached the server before the winner's write was on disk.

    `arrived_us`: when the first byte of this request arrived. `spent_at`: when the winner was decided (ms).
    `settled_us`: when the winner's write was on disk, noted before its answer left; None while that is under way.
    """
    if settled_us is None:
        return now_ms - spent_at < UNSETTLED_MS
    return arrived_us <= settled_us
