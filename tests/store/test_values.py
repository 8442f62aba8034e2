"""Values come back as they were stored, and text sorts the same everywhere."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grantway.kit.ids import new_row_id
from grantway.store.database import Database
from grantway.store.statement import Statement, Step, Unfit, Write
from tests.store import rows

_AFTER = Statement("SELECT id FROM refresh_token WHERE id > :after ORDER BY id LIMIT 5")
_LARGEST = 2**63 - 1


@pytest.mark.parametrize("number", [_LARGEST, _LARGEST - 1, -(2**63), 2**53 + 1, 0, -1])
async def test_integers_of_64_bits_come_back(db: Database, number: int) -> None:
    await db.commit(Write((rows.add("one", issued_at=number),)))
    await rows.together(db, [Write((rows.add(f"n{n}", issued_at=number),)) for n in range(3)])

    assert [row[3] for row in await db.all(rows.ALL)] == [number] * 4


async def test_bytes_and_null_come_back_alone_and_in_a_group(db: Database) -> None:
    every_byte = bytes(range(256))
    contents = [every_byte, b"", b"\0", every_byte * 40]

    await db.commit(Write((rows.add("alone", content=every_byte, spent_at=None),)))
    await rows.together(
        db, [Write((rows.add(f"{n}", content=one, spent_at=n or None),)) for n, one in enumerate(contents)]
    )

    stored = await db.all(rows.ALL)
    assert [row[1] for row in stored] == [*contents, every_byte]
    assert [row[4] for row in stored] == [None, 1, 2, 3, None]


async def test_an_update_may_take_values_away(db: Database) -> None:
    await db.commit(Write(tuple(rows.add(name, spent_at=1) for name in "abc")))
    unspend = [Step(rows.SETTLE, (value, name)) for name, value in (("a", None), ("b", 5), ("c", None))]

    await rows.together(db, [Write((step,)) for step in unspend])

    assert [row[5] for row in await db.all(rows.ALL)] == [None, 5, None]


async def test_ids_sort_by_code_point(db: Database) -> None:
    names = [*"aAbBzZ059._-~ é€", "a.", "a_", "aa", "A_", "Ab", "\U0001f511", "￿", *(new_row_id(n) for n in range(5))]
    await db.commit(Write(tuple(rows.add(name) for name in names)))

    assert await rows.ids(db) == sorted(names)


async def test_pages_of_ids_continue_where_the_last_one_ended(db: Database) -> None:
    names = sorted({f"{letter}{n}" for letter in "aA_.z" for n in range(4)})
    await db.commit(Write(tuple(rows.add(name) for name in names)))

    pages: list[str] = []
    while page := await db.all(_AFTER, pages[-1] if pages else ""):
        pages += [str(row[0]) for row in page]

    assert pages == names


async def test_reads_at_the_same_time_get_each_their_own_answer(db: Database) -> None:
    await db.commit(Write(tuple(rows.add(f"{n}", issued_at=n) for n in range(0, 100, 2))))
    asked = [f"{n}" for n in range(100)] * 2

    answers = await asyncio.gather(*[db.one(rows.FIND, name) for name in asked])

    assert [row and row[0] for row in answers] == [name if int(name) % 2 == 0 else None for name in asked]


async def test_what_is_asked_together_is_answered_in_its_order(db: Database) -> None:
    await db.commit(Write(tuple(rows.add(f"{n}", issued_at=n) for n in range(0, 100, 2))))
    asked = [(f"{n}",) for n in range(100)] * 2
    expected = [name if int(name) % 2 == 0 else None for (name,) in asked]

    async with db.transaction() as transaction:
        within = await transaction.each(rows.FIND, asked[:4])
    many, beside = await asyncio.gather(
        db.each(rows.FIND, asked), asyncio.gather(*[db.one(rows.FIND, f"{n}") for n in range(10)])
    )

    assert [row and row[0] for row in many] == expected
    assert [row and row[0] for row in within] == expected[:4]
    assert [row and row[0] for row in beside] == expected[:10]
    assert [row is not None for row in await db.each(rows.FIND, [("2",), ("\ud800",), ("4",)])] == [True, False, True]
    assert await db.each(rows.FIND, []) == []


@pytest.mark.parametrize("value", ["with\0nul", "\ud800"], ids=["nul", "surrogate"])
async def test_text_that_cannot_be_stored_cannot_be_found_either(db: Database, value: str) -> None:
    await db.commit(Write((rows.add("one"),)))

    answers = await asyncio.gather(*[db.one(rows.FIND, name) for name in ["one", value] * 10])

    assert [row is not None for row in answers] == [True, False] * 10


@pytest.mark.parametrize("step", [rows.add("\ud800"), rows.add("bad", issued_at=2**63)], ids=["surrogate", "65 bits"])
async def test_a_value_that_cannot_be_stored_fails_alone(db: Database, step: Step) -> None:
    outcomes = await rows.together(db, [Write((rows.add("one"),)), Write((step,)), Write((rows.add("two"),))])

    assert isinstance(outcomes[1], Unfit)
    assert await rows.ids(db) == ["one", "two"]
    with pytest.raises(Unfit):
        await db.commit(Write((step,)))
    with pytest.raises(Unfit):
        async with db.transaction() as transaction:
            await transaction.run(step.statement, *step.values)
    assert await db.commit(Write((rows.add("three"),)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50),
    content=st.binary(max_size=50),
    number=st.integers(-(2**63), 2**63 - 1),
)
async def test_whatever_is_stored_comes_back(db: Database, text: str, content: bytes, number: int) -> None:
    token_id = new_row_id(0)
    await db.commit(Write((rows.add(token_id, content=content, issued_at=number, successor=text),)))

    row = await rows.found(db, token_id)

    assert (row[1], row[3], row[6]) == (content, number, text)
