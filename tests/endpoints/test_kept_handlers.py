"""Token exchange handlers are kept in memory by every worker, and every change of one holds at once (decision 6)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from grantway.manage.exchange import token_handlers
from grantway.manage.people import users
from grantway.store.apps import Apps
from grantway.store.directory import Directory
from tests.endpoints.house import House, TestApp
from tests.endpoints.issuer import AUDIENCE, ISSUER, exchanging_app, handler_for, outside_token
from tests.endpoints.signer import signer
from tests.endpoints.test_token_exchange import exchange

HANDLER = "Harbour_IdP"
RUNNER = "ben@harbour.example"
BELIEVING = {"issuer": ISSUER, "audiences": [AUDIENCE], "certificate": signer().certificate}
Change = Callable[[House, TestApp], Awaitable[object]]


async def another_key(house: House, _app: TestApp) -> object:
    return await token_handlers.change(house.desk, house.org, HANDLER, {"certificate": signer(number=1).certificate})


async def another_issuer(house: House, _app: TestApp) -> object:
    return await token_handlers.change(house.desk, house.org, HANDLER, {"issuer": "https://other.example"})


async def switched_off(house: House, _app: TestApp) -> object:
    return await token_handlers.change(house.desk, house.org, HANDLER, {"enabled": False})


async def taken_from_the_app(house: House, app: TestApp) -> object:
    return await token_handlers.disable(house.desk, house.org, HANDLER, app.id)


async def no_longer_the_default(house: House, app: TestApp) -> object:
    return await token_handlers.enable(house.desk, house.org, HANDLER, app.id, RUNNER)


async def deleted(house: House, _app: TestApp) -> object:
    return await token_handlers.delete(house.desk, house.org, HANDLER)


async def another_default(house: House, app: TestApp) -> object:
    await token_handlers.create(house.desk, house.org, "Another", {**BELIEVING, "issuer": "https://other.example"})
    return await token_handlers.enable(house.desk, house.org, "Another", app.id, RUNNER, is_default=True)


async def runner_frozen(house: House, _app: TestApp) -> object:
    return await users.freeze(house.desk, house.org, RUNNER, frozen=True)


async def subject_renamed(house: House, _app: TestApp) -> None:
    await house.change("UPDATE person SET username = 'ada@renamed.example' WHERE id = ?1", house.user_ids["ada"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (another_key, "exchange.not_signed"),
        (another_issuer, "exchange.other_issuer"),
        (switched_off, "exchange.handler_off"),
        (taken_from_the_app, "exchange.no_default"),
        (no_longer_the_default, "exchange.no_default"),
        (deleted, "exchange.no_default"),
        (another_default, "exchange.other_issuer"),
        (runner_frozen, "exchange.run_as_gone"),
        (subject_renamed, "exchange.no_such_user"),
    ],
)
async def test_a_change_holds_for_the_next_request_at_every_worker(house: House, change: Change, reason: str) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, BELIEVING)
    await token_handlers.enable(house.desk, house.org, HANDLER, app.id, RUNNER, is_default=True)
    other = replace(house, server=replace(house.server, directory=Directory(house.db, Apps(house.server.ring))))
    for worker in (house, other, house, other):
        assert (await exchange(worker, app, outside_token(house)))[0] == 200

    await change(house, app)

    for worker in (other, house):
        assert (await exchange(worker, app, outside_token(house)))[0] == 400
    assert await house.reasons() == [reason, reason]


async def test_who_was_not_there_yet_is_found_as_soon_as_somebody_makes_them(house: House) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, BELIEVING)
    token = outside_token(house, sub="eve@harbour.example")
    assert (await exchange(house, app, token))[0] == 400

    asked = users.NewUser(
        username="eve@harbour.example", email="e@b.example", first_name="", last_name="E", profile="Standard"
    )
    await users.create(house.desk, house.org, asked)

    assert (await exchange(house, app, token))[0] == 200
