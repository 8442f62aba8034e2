"""The demo org: made once, whole or not at all, with secrets of its own in each database (contract.md, "Files")."""

import os

import pytest

from grantway.kit.clock import FrozenClock
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import OPERATOR
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.people.passwords import password_matches
from grantway.manage.server import demo, orgs
from grantway.store.database import Database
from grantway.store.people import user_and_password
from tests.manage.conftest import Office

BASE = "http://localhost:8400"


@pytest.fixture
def desk(db: Database) -> Desk:
    """The operator's desk at an empty database."""
    return Desk(db=db, clock=FrozenClock(), ring=KeyRing([os.urandom(32)]), caller=OPERATOR)


async def test_what_is_told_is_what_is_there(desk: Desk) -> None:
    told = await demo.make_demo(desk, BASE)

    assert told is not None
    org = await orgs.find(desk, told["org_id"])
    assert told["base_url"] == BASE
    for one in (told["admin"], *told["users"]):
        found = await user_and_password(desk.db, one["username"])
        assert found is not None
        assert password_matches(found[1], one["password"])
    for one in told["apps"]:
        app = await apps.find(desk, org, one["name"])
        assert (app.consumer_key, app.secret.reveal()) == (one["consumer_key"], one["consumer_secret"])
        assert one["flows"]
    assert told["apps"][0]["flows"] == ["client_credentials", "authorization_code", "refresh_token"]
    assert "PlatformCLI" in [one["consumer_key"] for one in told["apps"]]
    assert (await users.find(desk, org, told["admin"]["username"])).profile_name == orgs.ADMINISTRATOR


async def test_no_two_secrets_are_the_same(desk: Desk) -> None:
    told = await demo.make_demo(desk, BASE)

    assert told is not None
    secrets = [one["password"] for one in (told["admin"], *told["users"])]
    secrets += [one["consumer_secret"] for one in told["apps"]]
    assert len(set(secrets)) == len(secrets)


async def test_where_there_is_an_org_nothing_is_made(office: Office) -> None:
    assert await demo.make_demo(office.desk, BASE) is None

    assert [org.name for org in await orgs.all_orgs(office.desk)] == ["Harbour"]
