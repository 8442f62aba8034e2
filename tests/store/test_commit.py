"""What `commit` promises: durable, all or nothing, one winner, and nobody pays for a neighbour's mistake."""

import asyncio
import sys
from pathlib import Path

import pytest

from grantway.kit.clock import SystemClock
from grantway.store.database import Database
from grantway.store.statement import Conflict, Statement, Step, Update, Write
from tests.conftest import Opener
from tests.store import rows

PROJECT = Path(__file__).resolve().parents[2]
RACER = """
import asyncio, sys
from grantway.kit.clock import SystemClock
from grantway.store.open import open_database
from tests.store import rows

async def race(url, name):
    db = await open_database(url, SystemClock())
    print("ready", flush=True)
    sys.stdin.readline()
    outcomes = await rows.together(db, [rows.rotation("token", f"{name}-{number}") for number in range(32)])
    await db.close()
    print(outcomes.count(True), outcomes.count(False), flush=True)

asyncio.run(race(*sys.argv[1:]))
"""


async def test_a_committed_write_is_seen_by_everybody(db: Database, open_another: Opener) -> None:
    other = await open_another()

    assert await db.commit(Write((rows.add("one"), rows.add("two"))))

    assert await rows.ids(db) == ["one", "two"]
    assert await rows.ids(other) == ["one", "two"]


@pytest.mark.requirement("S12")
async def test_of_64_that_spend_one_token_one_wins(db: Database) -> None:
    await db.commit(Write((rows.add("token"),)))

    outcomes = await rows.together(db, [rows.rotation("token", f"next-{number:02}") for number in range(64)])

    assert outcomes.count(True) == 1
    assert outcomes.count(False) == 63
    winner = f"next-{outcomes.index(True):02}"
    assert await rows.ids(db) == [winner, "token"]
    assert (await rows.found(db, "token"))[6] == winner


@pytest.mark.requirement("S12")
async def test_of_two_processes_that_spend_one_token_one_wins(db: Database, url: str) -> None:
    await db.commit(Write((rows.add("token"),)))
    racers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", RACER, url, name, cwd=PROJECT, stdin=-1, stdout=-1
        )
        for name in ("left", "right")
    ]  # fmt: skip
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"

    answers = await asyncio.gather(*[racer.communicate(b"\n") for racer in racers])

    won, lost = zip(*[map(int, output.split()) for output, _ in answers], strict=True)
    assert (sum(won), sum(lost)) == (1, 63)
    assert len(await rows.ids(db)) == 2


async def test_each_of_many_tokens_spent_at_the_same_time_has_its_own_winner(db: Database) -> None:
    await db.commit(Write(tuple(rows.add(f"token-{number}") for number in range(10))))

    outcomes = await rows.together(
        db, [rows.rotation(f"token-{number % 10}", f"next-{number:02}") for number in range(40)]
    )

    assert outcomes == [True] * 10 + [False] * 30
    assert [name for name in await rows.ids(db) if name.startswith("next")] == [f"next-{n:02}" for n in range(10)]


async def test_a_condition_with_a_value_lets_the_first_through_who_meets_it(db: Database) -> None:
    """The group's first contender asks for a state that is not there; that must not decide for the others."""
    await db.commit(Write((rows.add("token", issued_at=5),)))

    outcomes = await rows.together(
        db,
        [Write((), Step(rows.REPLACE, (to, "token", expected))) for to, expected in [(9, 1), (6, 5), (7, 5), (8, 6)]],
    )

    assert outcomes == [False, True, False, True]
    assert (await rows.found(db, "token"))[3] == 8


async def test_who_loses_the_guard_changes_nothing(db: Database) -> None:
    await db.commit(Write((rows.add("token", spent_at=7),)))

    won = await db.commit(Write((rows.add("next"),), rows.spend("token"), Step(rows.SETTLE, ("token",))))

    assert won is False
    assert await rows.ids(db) == ["token"]
    assert (await rows.found(db, "token"))[4:6] == (7, None)


async def test_a_guard_on_a_row_that_is_not_there_is_lost(db: Database) -> None:
    assert await db.commit(Write((), rows.spend("nobody"))) is False


async def test_the_time_of_settling_lies_between_the_commit_and_the_answer(db: Database) -> None:
    clock = SystemClock()
    await db.commit(Write((rows.add("token"), rows.add("other"))))
    began = clock.now_us()

    assert await rows.together(db, [rows.rotation("token", "next"), rows.rotation("other", "last")]) == [True, True]

    ended = clock.now_us()
    for name in ("token", "other"):
        settled = (await rows.found(db, name))[5]
        assert isinstance(settled, int)
        assert began < settled <= ended


async def test_a_row_that_exists_already_is_a_conflict_and_nothing_is_written(db: Database) -> None:
    await db.commit(Write((rows.add("one", content=b"first"),)))

    with pytest.raises(Conflict):
        await db.commit(Write((rows.add("other"), rows.add("one", content=b"second"))))

    assert await rows.ids(db) == ["one"]
    assert (await rows.found(db, "one"))[1] == b"first"


async def test_a_conflict_does_not_quote_the_row(db: Database) -> None:
    write = Write((rows.add("one", content=b"a secret", successor="another secret"),))
    await db.commit(write)

    with pytest.raises(Conflict) as caught:
        await db.commit(write)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)


async def test_a_bad_write_fails_alone(db: Database) -> None:
    await db.commit(Write((rows.add("taken"), rows.add("token"))))

    outcomes = await rows.together(
        db,
        [
            Write((rows.add("one"),)),
            Write((rows.add("taken"),), rows.spend("token")),
            rows.rotation("token", "next"),
            Write((rows.add("two"),)),
        ],
    )

    assert outcomes[0] is True
    assert isinstance(outcomes[1], Conflict)
    assert outcomes[2:] == [True, True]
    assert await rows.ids(db) == ["next", "one", "taken", "token", "two"]
    assert (await rows.found(db, "token"))[6] == "next"


async def test_a_statement_that_is_wrong_fails_alone(db: Database) -> None:
    wrong = Write((Step(Statement("UPDATE refresh_token SET no_such_column = 1 WHERE id = :id"), ("one",)),))

    outcomes = await rows.together(db, [Write((rows.add("one"),)), wrong, Write((rows.add("two"),))])

    assert [outcome is True for outcome in outcomes] == [True, False, True]
    assert await rows.ids(db) == ["one", "two"]


async def test_changes_of_one_row_keep_their_order_within_a_group(db: Database) -> None:
    await db.commit(Write((rows.add("a"), rows.add("b"))))

    await rows.together(
        db,
        [Write((Step(rows.NAME_SUCCESSOR, (f"{n}", "ab"[n % 2])), Step(rows.FAIL, ("ada", n, n)))) for n in range(9)],
    )

    assert [(await rows.found(db, name))[6] for name in "ab"] == ["8", "7"]
    assert await db.all(rows.FAILURES) == [("ada", sum(range(9)), 8)]


async def test_statements_of_any_kind_may_be_steps(db: Database) -> None:
    await db.commit(Write((rows.add("one"), rows.add("two"), rows.add("three"))))

    await rows.together(db, [Write((Step(rows.FORGET, (name,)), rows.add(name + "!"))) for name in ("one", "three")])

    assert await rows.ids(db) == ["one!", "three!", "two"]


async def test_a_guard_may_be_any_statement_that_gives_a_row(db: Database) -> None:
    once = Statement(
        "INSERT INTO login_failure (principal, failures, last_at) VALUES (:principal, 0, 0)"
        " ON CONFLICT (principal) DO NOTHING RETURNING principal"
    )

    outcomes = await rows.together(db, [Write((), Step(once, ("jti",))) for _ in range(5)])

    assert outcomes == [True, False, False, False, False]


async def test_an_update_without_condition_is_won_by_all(db: Database) -> None:
    await db.commit(Write((rows.add("token"),)))
    touch = Update("refresh_token", ["issued_at"])

    outcomes = await rows.together(db, [Write((), Step(touch, (n, "token"))) for n in range(5)])

    assert outcomes == [True] * 5
    assert (await rows.found(db, "token"))[3] == 4


async def test_a_waiter_that_gives_up_takes_nobody_with_it(db: Database) -> None:
    waiting = [asyncio.ensure_future(db.commit(Write((rows.add(name),)))) for name in ("one", "two", "three")]
    await asyncio.sleep(0)
    waiting[1].cancel()

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert outcomes[0] is True
    assert outcomes[2] is True
    assert {"one", "three"} <= set(await rows.ids(db))


async def test_closing_finishes_what_waits(url: str, open_another: Opener) -> None:
    closing = await open_another()
    waiting = [asyncio.ensure_future(closing.commit(Write((rows.add(f"{n}"),)))) for n in range(8)]
    await asyncio.sleep(0)

    await closing.close()

    assert await asyncio.gather(*waiting) == [True] * 8
    assert len(await rows.ids(await open_another())) == 8


async def test_whoever_waited_for_a_commit_reads_what_it_wrote_whatever_others_read_meanwhile(db: Database) -> None:
    stopping = False

    async def read_on() -> None:
        while not stopping:
            await db.one(rows.FIND, "nothing")
            await db.one(rows.FIND, "nothing")
            await asyncio.sleep(0)

    async def write_and_read(writer: int) -> None:
        for number in range(20):
            name = f"{writer}-{number}"
            assert await db.commit(Write((rows.add(name),)))
            assert await db.one(rows.FIND, name) is not None

    readers = [asyncio.ensure_future(read_on()) for _ in range(4)]
    await asyncio.gather(*[write_and_read(writer) for writer in range(8)])
    stopping = True
    await asyncio.gather(*readers)
