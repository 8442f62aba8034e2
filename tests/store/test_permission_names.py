"""Migration 0003: what profiles and permission sets of before say becomes Salesforce's own names."""

import json
from typing import Any

import pytest

from grantway.domain.permissions import ALL
from grantway.kit.clock import SystemClock
from grantway.store import schema
from grantway.store.database import Database
from grantway.store.open import open_database
from grantway.store.statement import Statement

OLD = [
    "ApiEnabled",
    "CustomizeApplication",
    "ModifyAllData",
    "ManageConnectedApps",
    "ManageProfilesPermissionsets",
    "ManageUsers",
    "AllowConsumerKeySecretRotation",
    "ApproveUninstalledConnectedApps",
]
BEFORE = {
    ("profile", "System Administrator"): OLD,
    ("profile", "Builder"): ["CustomizeApplication", "ManageConnectedApps"],
    ("profile", "Nobody"): [],
    ("permission_set", "System Administrator"): OLD,
    ("permission_set", "Keeper"): ["AllowConsumerKeySecretRotation", "ManageUsers"],
}


async def _run(db: Database, text: str, *values: Any) -> None:
    async with db.transaction() as transaction:
        await transaction.run(Statement(text), *values)


@pytest.mark.requirement("R7")
async def test_permissions_keep_what_they_gave_under_their_new_names(empty_url: str) -> None:
    db = await open_database(empty_url, SystemClock())
    known = schema.migrations()
    for migration in known[:2]:
        async with db.transaction() as transaction:
            await transaction.script(db.ddl(migration.text_for(db.name)))
    await _run(db, "INSERT INTO setting_of_server (name, value) VALUES ('schema_version', '2')")
    await _run(db, "INSERT INTO org VALUES ('00D1', 'Harbour', 'Developer', 'harbour', '{}', 1, 0, 1)")
    for number, ((table, name), names) in enumerate(BEFORE.items()):
        await _run(
            db,
            f"INSERT INTO {table} VALUES (:id, '00D1', :name, :name, :permissions, 1)",
            str(number),
            name,
            json.dumps(names, separators=(",", ":")),
        )

    await schema.upgrade(db)

    found = {
        (table, str(name)): set(json.loads(str(permissions)))
        for table in ("profile", "permission_set")
        for name, permissions in await db.all(Statement(f"SELECT name, permissions FROM {table}"))
    }
    await db.close()
    renamed = {"ManageRemoteAccess", "ClientSecretRotation", "CanApproveUninstalledApps", *OLD[:3], *OLD[4:6]}
    assert found == {
        ("profile", "System Administrator"): set(ALL),
        ("profile", "Builder"): {"CustomizeApplication", "ManageRemoteAccess"},
        ("profile", "Nobody"): set(),
        ("permission_set", "System Administrator"): renamed | {"ViewSetup"},
        ("permission_set", "Keeper"): {"ClientSecretRotation", "ManageUsers", "ViewSetup"},
    }
