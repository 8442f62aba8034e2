"""Settings in the database: a newer release may have written some that this one does not know (R7)."""

import json

from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.server import orgs
from grantway.store.statement import Statement

NEWER = '{"of_a_newer_release": 7}'


async def change(desk: Desk, text: str) -> None:
    """Change the database as another release would."""
    async with desk.db.transaction() as transaction:
        await transaction.run(Statement(text), NEWER)


async def stored(desk: Desk, table: str) -> dict[str, object]:
    """Return the settings of the one row of a table."""
    ((text,),) = await desk.db.all(Statement(f"SELECT settings FROM {table}"))
    return dict(json.loads(str(text)))


async def test_a_change_leaves_settings_alone_that_only_a_newer_release_knows(desk: Desk, org: Org) -> None:
    await apps.create(desk, org, apps.NewApp(name="Sync", values={"contact_email": "a@b.example"}))
    for table in ("app", "app_policy", "org"):
        await change(desk, f"UPDATE {table} SET settings = :settings, version = version + 1")

    await apps.change(desk, org, "Sync", {"label": "New", "session_timeout": 15})
    await orgs.change(desk, org, {"org_session_timeout": 30})

    assert await stored(desk, "app") == {"label": "New", "of_a_newer_release": 7}
    assert await stored(desk, "app_policy") == {"of_a_newer_release": 7, "session_timeout": 15}
    assert await stored(desk, "org") == {"of_a_newer_release": 7, "org_session_timeout": 30}


async def test_a_change_of_another_policy_leaves_the_run_as_user(desk: Desk, org: Org) -> None:
    await users.create(desk, org, users.NewUser(username="sync@b.example", email="sync@b.example", password="p" * 12))
    values = {"contact_email": "a@b.example", "run_as": "sync@b.example"}
    await apps.create(desk, org, apps.NewApp(name="Sync", values=values))

    await apps.change(desk, org, "Sync", {"session_timeout": 15})

    ((run_as,),) = await desk.db.all(Statement("SELECT run_as FROM app_policy"))
    assert run_as == "sync@b.example"
