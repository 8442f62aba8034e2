"""A desk of the operator's, at a database of its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantway.domain.org import Org
from grantway.kit.clock import FrozenClock
from grantway.kit.secrets import KeyRing
from grantway.manage import orgs
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.store import schema
from grantway.store.sqlite import SqliteDatabase


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The operator's desk at a fresh SQLite file."""
    clock = FrozenClock()
    db = SqliteDatabase(str(tmp_path / "desk.db"), clock)
    await schema.upgrade(db)
    try:
        yield Desk(db=db, clock=clock, ring=KeyRing([os.urandom(32)]), caller=OPERATOR)
    finally:
        await db.close()


@pytest.fixture
async def org(desk: Desk) -> Org:
    """An org of that database."""
    return await orgs.create(desk, orgs.NewOrg(name="Harbour"))
