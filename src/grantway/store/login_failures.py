"""Failed logins in a row, per principal: an account or an address (S35)."""

from typing import Final, cast

from grantway.kit.clock import MINUTE_MS
from grantway.store.database import Session
from grantway.store.statement import Insert, Statement, Step

FORGOTTEN_MS: Final = 15 * MINUTE_MS
"""A row of failures ends when none was added for this long."""
_SWEPT: Final = 20
_OF: Final = Statement("SELECT failures, last_at FROM login_failure WHERE principal = :principal")
_ADD: Final = Insert(
    "login_failure",
    ["principal", "failures", "last_at"],
    f"(principal) DO UPDATE SET failures = CASE WHEN login_failure.last_at < excluded.last_at - {FORGOTTEN_MS} THEN 1"
    " ELSE login_failure.failures + 1 END, last_at = excluded.last_at",
)
_FORGIVE: Final = Statement("DELETE FROM login_failure WHERE principal = :principal")
# Each new failure takes some old ones away, so the table never holds more than the last minutes brought.
_SWEEP: Final = Statement(
    "DELETE FROM login_failure WHERE principal IN (SELECT principal FROM login_failure WHERE last_at < :before"
    f" ORDER BY last_at LIMIT {_SWEPT})"
)


async def failures_of(db: Session, principal: str, now_ms: int) -> tuple[int, int]:
    """Return how often logins of a principal failed in a row, and when last (ms)."""
    row = await db.one(_OF, principal)
    if row is None or cast(int, row[1]) < now_ms - FORGOTTEN_MS:
        return 0, 0
    return cast(int, row[0]), cast(int, row[1])


def note_failure(principal: str, now_ms: int) -> tuple[Step, ...]:
    """Count a failed login."""
    return Step(_ADD, (principal, 1, now_ms)), Step(_SWEEP, (now_ms - FORGOTTEN_MS,))


def forgive(principal: str) -> Step:
    """Forget failed logins."""
    return Step(_FORGIVE, (principal,))
