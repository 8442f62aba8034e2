"""Taking away rows that have ended, a small window at a time, so that no request waits for it (R8).

Row ids hold the time they were made at, so a window is a stretch of the primary key: no index is kept for sweeping,
and a window is bounded by rows looked at, not by rows found. Refusals and kept answers have random ids; they are
found by their time.
"""

from dataclasses import dataclass
from typing import Final, cast

from grantway.kit.clock import DAY_MS, HOUR_MS, MINUTE_MS
from grantway.kit.ids import first_row_id
from grantway.store.database import Database
from grantway.store.statement import Statement, Step, Write

WINDOW: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When rows of a table have ended: `ended` is a condition over `t` and `:before`, which lies `kept_ms` back.

    `key` and `dated`: the primary key and the indexed time of a table whose ids are random.
    """

    table: str
    ended: str
    kept_ms: int
    key: str = "id"
    dated: str = ""

    def look(self) -> Statement:
        """Return the statement that reads a window: ids, and whether each has ended."""
        if self.dated:
            return Statement(
                f"SELECT t.{self.key}, 1 FROM {self.table} t WHERE {self.ended} ORDER BY t.{self.dated} LIMIT {WINDOW}"
            )
        return Statement(
            f"SELECT t.id, CASE WHEN {self.ended} THEN 1 ELSE 0 END FROM {self.table} t"
            f" WHERE t.id > :after AND t.id < :horizon AND {_NEVER_FALSE} ORDER BY t.id LIMIT {WINDOW}"
        )

    def delete(self) -> Statement:
        """Return the statement that takes one row away, if it still has ended."""
        return Statement(f"DELETE FROM {self.table} AS t WHERE t.{self.key} = :id AND {self.ended}")


# Keeps `:before` among the parameters of rules that do not compare with it.
_NEVER_FALSE: Final = "CAST(:before AS BIGINT) > 0"
RULES: Final = (
    # What has ended stays an hour, so that a late use is explained rather than unknown.
    Rule(table="access_token", ended="t.expires_at < :before", kept_ms=HOUR_MS),
    Rule(table="asset_token", ended="t.expires_at < :before", kept_ms=HOUR_MS),
    Rule(table="authorization_code", ended="t.expires_at < :before", kept_ms=HOUR_MS),
    # A line without refresh token lives as long as its one access token is kept in use, at most this long.
    Rule(
        table="token_family",
        ended="(t.revoked_at < :before OR (t.has_refresh = 0 AND t.created_at < :before))",
        kept_ms=30 * DAY_MS,
    ),
    # A spent refresh token stays recognizable, and its replay an alarm, for thirty days.
    Rule(
        table="refresh_token",
        ended="(t.spent_at < :before OR NOT EXISTS (SELECT 1 FROM token_family f WHERE f.id = t.family_id))",
        kept_ms=30 * DAY_MS,
    ),
    Rule(table="browser_session", ended="t.expires_at < :before", kept_ms=DAY_MS),
    Rule(table="authorization_request", ended="t.created_at < :before", kept_ms=DAY_MS),
    # A login ends, and a page that stands open is worthless, a day after the browser was seen.
    Rule(table="browser", ended="t.seen_at < :before", kept_ms=2 * DAY_MS),
    Rule(table="event", ended="t.at < :before", kept_ms=180 * DAY_MS),
    Rule(table="refusal", ended="t.at < :before", kept_ms=30 * DAY_MS, key="request_id", dated="at"),
    # What was uploaded and never confirmed; it stopped counting after half an hour.
    Rule(table="metadata_upload", ended="t.created_at < :before", kept_ms=HOUR_MS, dated="created_at"),
    # A minute more: where another machine's clock is behind, it may still be taken there (R10).
    Rule(table="seen_assertion", ended="t.ends_at < :before", kept_ms=MINUTE_MS, key="digest", dated="ends_at"),
    Rule(
        table="registration_pace",
        ended="t.window_at < :before",
        kept_ms=HOUR_MS,
        key="address",
        dated="window_at",
    ),
    Rule(table="idempotent_answer", ended="t.created_at < :before", kept_ms=DAY_MS, dated="created_at"),
)
_PREPARED: Final = tuple((rule, rule.look(), rule.delete()) for rule in RULES)


class Sweep:
    """One pass over all tables, window by window; `step` does one window and says whether there is more."""

    def __init__(self, db: Database, now_ms: int) -> None:
        self._db = db
        self._now = now_ms
        self._table = 0
        self._after = ""
        self.deleted = 0

    async def step(self) -> bool:
        """Look at one window and take away what has ended in it; False when the pass is over.

        Raises:
            Unavailable: the database does not answer; the next pass goes on.
        """
        if self._table >= len(_PREPARED):
            return False
        rule, look, delete = _PREPARED[self._table]
        before = self._now - rule.kept_ms
        values: dict[str, str | int] = {"before": before, "after": self._after, "horizon": first_row_id(max(before, 0))}
        rows = await self._db.all(look, *(values[name] for name in look.names))
        ended = [cast(str, row[0]) for row in rows if row[1]]
        if ended:
            by_name: list[dict[str, str | int]] = [{"id": row_id, "before": before} for row_id in ended]
            await self._db.commit(
                Write(tuple(Step(delete, tuple(one[name] for name in delete.names)) for one in by_name))
            )
            self.deleted += len(ended)
        if len(rows) < WINDOW:
            self._table, self._after = self._table + 1, ""
        else:
            self._after = cast(str, rows[-1][0])
        return self._table < len(_PREPARED)
