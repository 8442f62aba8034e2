"""The directory's revision: what is kept in memory serves as long as the database says the same (decision 6)."""

import pytest

from grantway.store.database import Database
from grantway.store.statement import Conflict, Statement
from tests.conftest import Opener

NOW = 1_700_000_000_000
MADE = {
    "org": "INSERT INTO org VALUES ('00D1', 'Harbour', 'Developer', 'harbour', '{}', 1, 0, 1, '')",
    "profile": "INSERT INTO profile VALUES ('00e1', '00D1', 'standard', 'Standard', '[]', 1)",
    "permission_set": "INSERT INTO permission_set VALUES ('0PS1', '00D1', 'crew', 'Crew', '[]', 1)",
    "person": "INSERT INTO person VALUES ('0051', '00D1', 'ada@harbour.example', 'a@b.example', 'Ada', 'L', '00e1', '',"
    " 1, 0, 0, '{}', 1, 1, '', 0)",
    "permission_set_assignment": "INSERT INTO permission_set_assignment VALUES ('0051', '0PS1')",
    "app": "INSERT INTO app VALUES ('0H41', '00D1', 'Tide', 'key', :mac, :box, '{}', '', 1, 1, '',"
    " 'connected_app', '', '')",
    "app_policy": "INSERT INTO app_policy VALUES ('00D1', '0H41', '{}', '', 1, 0, 0, 1)",
    "token_handler": "INSERT INTO token_handler VALUES ('0th1', '00D1', 'Tide', '{}', :box, '', 1, 1)",
    "token_handler_app": "INSERT INTO token_handler_app VALUES ('0th1', '0H41', 'ada@harbour.example', 0)",
}
CHANGED = {
    "org": "UPDATE org SET name = 'Port'",
    "profile": "UPDATE profile SET permissions = '[1]'",
    "permission_set": "UPDATE permission_set SET label = 'Sailors'",
    "person": "UPDATE person SET is_frozen = 1",
    "permission_set_assignment": "UPDATE permission_set_assignment SET person_id = '0051'",
    "app": "UPDATE app SET version = 2",
    "app_policy": "UPDATE app_policy SET is_blocked = 1",
    "token_handler": "UPDATE token_handler SET settings = '{}'",
    "token_handler_app": "UPDATE token_handler_app SET is_default = 1",
}


async def _run(db: Database, text: str) -> None:
    statement = Statement(text)
    async with db.transaction() as transaction:
        await transaction.run(statement, *(b"1" for _ in statement.names))


async def _twice(db: Database, text: str) -> None:
    async with db.transaction() as transaction:
        await transaction.run(Statement(text))
        await transaction.run(Statement(text))


async def _revision_changes(db: Database, other: Database, text: str) -> bool:
    before = await db.revision(), await other.revision()
    assert before[0] == before[1]
    await _run(db, text)
    after = await db.revision(), await other.revision()
    assert after[0] == after[1]
    return before[0] != after[0]


async def test_each_change_of_the_directory_gives_it_another_revision_for_everyone(
    db: Database, open_another: Opener
) -> None:
    other = await open_another()
    for table, text in MADE.items():
        assert await _revision_changes(db, other, text), table
    for table, text in CHANGED.items():
        assert await _revision_changes(db, other, text), table
    for table in reversed(MADE):
        assert await _revision_changes(db, other, f"DELETE FROM {table}"), table


async def test_a_change_that_is_taken_back_leaves_the_revision(db: Database) -> None:
    before = await db.revision()

    with pytest.raises(Conflict):
        await _twice(db, MADE["org"])

    assert await db.revision() == before


async def test_tokens_and_sessions_do_not_change_the_revision(db: Database) -> None:
    before = await db.revision()

    await _run(db, f"INSERT INTO login_failure VALUES ('ada', 1, {NOW})")
    await _run(db, "INSERT INTO browser VALUES ('1', :hash, 1, 1)")

    assert await db.revision() == before


@pytest.mark.parametrize("engine", ["postgres"])
@pytest.mark.postgres
async def test_taking_away_all_rows_of_a_table_at_once_is_a_change(db: Database, open_another: Opener) -> None:
    other = await open_another()
    for table in MADE:
        assert await _revision_changes(db, other, f"TRUNCATE {table} CASCADE"), table


async def test_a_revision_that_is_lost_never_seems_unchanged(db: Database) -> None:
    await _run(db, "DELETE FROM directory_revision")
    before = await db.revision()
    await _run(db, MADE["org"])

    assert await db.revision() != before
