"""Migration 0008: a pair of key and secret is named by its key, and an app may have several of one state."""

from typing import Any

import pytest

from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.open import open_database
from grantway.store.statement import Conflict, Statement

COLUMNS = "app_id, state, consumer_key, secret_mac, secret_box, created_at, created_by, ends_at"
ADD = Statement(f"INSERT INTO app_credential ({COLUMNS}) VALUES (:a, :s, :k, :m, :b, :c, :u, :e)")
PAIRS = Statement(f"SELECT {COLUMNS} FROM app_credential ORDER BY 3")


async def _add(db: Database, *values: Any) -> None:
    async with db.transaction() as transaction:
        await transaction.run(ADD, *values)


@pytest.mark.requirement("R7")
async def test_pairs_stay_and_an_app_may_have_several_replaced_ones(empty_url: str) -> None:
    db = await open_database(empty_url, SystemClock())
    for migration in schema.migrations():
        if migration.number < 8:
            async with db.transaction() as transaction:
                await transaction.script(db.ddl(migration.text_for(db.name)))
    async with db.transaction() as transaction:
        version = "INSERT INTO setting_of_server (name, value) VALUES ('schema_version', '7')"
        await transaction.run(Statement(version))
    held = [
        ("0H41", "previous", "Key.1", b"mac1", b"box1", 1, "", 600_001),
        ("0H41", "staged", "Key.2", b"mac2", b"box2", 2, "005", None),
    ]
    for one in held:
        await _add(db, *one)

    await schema.upgrade(db)

    assert [tuple(row) for row in await db.all(PAIRS)] == held
    more = ("0H41", "previous", "Key.3", b"mac3", b"box3", 3, "", 5)
    await _add(db, *more)
    with pytest.raises(Conflict):
        await _add(db, "0H42", *more[1:])
    await db.close()
