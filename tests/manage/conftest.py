"""A desk to administrate at, on both engines, with one org: Harbour."""

import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from grantway.domain.app import AppKind, InstalledApp
from grantway.domain.org import Org, User
from grantway.kit.clock import FrozenClock
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import OPERATOR, caller_named
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import holders, users
from grantway.manage.server import orgs
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.sqlite import SqliteDatabase


@dataclass(frozen=True)
class Office:
    """Where a test administrates: the operator's desk, the clock it is looked at, and the first org."""

    desk: Desk
    clock: FrozenClock
    org: Org

    async def user(self, *permissions: str, org: Org | None = None, username: str = "") -> User:
        """Make a user, of a profile of their own that gives exactly these permissions."""
        profile = f"Profile {secrets.token_hex(4)}"
        org = org or self.org
        username = username or f"{secrets.token_hex(4)}@harbour.example"
        async with self.desk.changing() as changing:
            await holders.create(changing, holders.PROFILES, org.id, profile, permissions)
            return await users.create(changing, org, users.NewUser(username=username, email=username, profile=profile))

    async def seat(self, *permissions: str, org: Org | None = None) -> Desk:
        """Give the desk to a new user with exactly these permissions."""
        return await self.seat_of(await self.user(*permissions, org=org))

    async def seat_of(self, user: User) -> Desk:
        """Give the desk to a user."""
        return replace(self.desk, caller=await caller_named(self.desk.db, user.username))

    async def allow_creation(self) -> None:
        """Switch on what is off in a new org: users may create connected apps."""
        await orgs.change(self.desk, self.org, {"allow_connected_app_creation": "true"})

    async def app(self, name: str = "Sync", *, org: Org | None = None, **more: Any) -> InstalledApp:
        """Make an app as the operator; `kind`, `key` and settings by name."""
        kind = AppKind(more.pop("kind", "connected_app"))
        values = {"contact_email": "it@harbour.example"}
        new = apps.NewApp(name=name, kind=kind, consumer_key=more.pop("key", ""), values=values | more)
        return (await apps.create(self.desk, org or self.org, new)).app

    async def other_org(self) -> Org:
        """Make a second org."""
        return await orgs.create(self.desk, orgs.NewOrg(name="Northwind"))


@pytest.fixture
async def office(db: Database) -> Office:
    clock = FrozenClock()
    desk = Desk(db=db, clock=clock, ring=KeyRing([os.urandom(32)]), caller=OPERATOR)
    return Office(desk, clock, await orgs.create(desk, orgs.NewOrg(name="Harbour")))


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
