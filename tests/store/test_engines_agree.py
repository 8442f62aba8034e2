"""Whatever is written, both engines tell the same outcomes and hold the same rows."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grantway.kit.clock import SystemClock
from grantway.store.database import Database
from grantway.store.open import open_database
from grantway.store.statement import Statement, Step, Update, Write
from tests.store import rows

pytestmark = pytest.mark.postgres
Engines = tuple[Database, Database]
_CLEAR = (Statement("DELETE FROM refresh_token"), Statement("DELETE FROM login_failure"))
# Guards and steps of one group change different columns: within a group every guard comes before any step.
_SPEND = Update("refresh_token", ["spent_at"], where="t.spent_at IS NULL")
_TOKENS = st.sampled_from([f"token-{letter}" for letter in "abcd"])
_NUMBERS = st.integers(0, 3)


def _step() -> st.SearchStrategy[Step]:
    return st.one_of(
        # Sometimes a conflict: the name may be taken, by the same write or by an earlier one.
        st.builds(lambda number, at: rows.add(f"new-{number}", issued_at=at), st.integers(0, 40), _NUMBERS),
        st.builds(lambda token, name: Step(rows.NAME_SUCCESSOR, (f"{name}", token)), _TOKENS, _NUMBERS),
        st.builds(lambda who, at: Step(rows.FAIL, (f"user-{who}", 1, at)), _NUMBERS, _NUMBERS),
        st.builds(lambda token, at: Step(rows.SETTLE, (at or None, token)), _TOKENS, _NUMBERS),
    )


def _guard() -> st.SearchStrategy[Step | None]:
    return st.one_of(
        st.none(),
        st.builds(lambda token, at: Step(_SPEND, (at, token)), _TOKENS, _NUMBERS),
        st.builds(lambda token, to, expected: Step(rows.REPLACE, (to, token, expected)), _TOKENS, _NUMBERS, _NUMBERS),
    )


_WRITES = st.builds(lambda steps, guard: Write(tuple(steps), guard), st.lists(_step(), max_size=3), _guard())


@pytest.fixture
async def engines(sqlite_url: str, postgres_url: str) -> AsyncIterator[Engines]:
    opened = (await open_database(sqlite_url, SystemClock()), await open_database(postgres_url, SystemClock()))
    yield opened
    for db in opened:
        await db.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(_WRITES, max_size=12), max_size=4))
async def test_writes_in_groups_do_what_they_do_one_after_the_other(
    engines: Engines, groups: list[list[Write]]
) -> None:
    """PostgreSQL takes each group in one transaction, SQLite each write in its own."""
    sqlite, postgres = engines
    for db in engines:
        async with db.transaction() as transaction:
            for statement in _CLEAR:
                await transaction.run(statement)
        await db.commit(Write(tuple(rows.add(f"token-{letter}", issued_at=1) for letter in "abcd")))

    for group in groups:
        alone = [(await rows.together(sqlite, [write]))[0] for write in group]
        grouped = await rows.together(postgres, group)
        assert [_kind(outcome) for outcome in grouped] == [_kind(outcome) for outcome in alone]
        assert await postgres.all(rows.ALL) == await sqlite.all(rows.ALL)
        assert await postgres.all(rows.FAILURES) == await sqlite.all(rows.FAILURES)


def _kind(outcome: bool | BaseException) -> object:
    return type(outcome) if isinstance(outcome, BaseException) else outcome
