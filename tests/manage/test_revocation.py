"""What administration takes back is refused everywhere from that moment (S16, S64), on both engines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.people import userinfo
from grantway.kit.clock import FrozenClock
from grantway.manage.connected_apps import apps
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.manage.usage import tokens
from grantway.store.approvals import approval_of, approve
from grantway.store.database import Database
from grantway.store.statement import Statement, Write
from tests.conftest import one_engine
from tests.endpoints.house import BASE, SALESFORCE, House, TestApp, house_on

pytestmark = pytest.mark.requirement("S16")
ADA = "ada@harbour.example"


@pytest.fixture
async def house(db: Database) -> AsyncIterator[House]:
    async with house_on(db, FrozenClock()) as opened:
        yield opened


async def good(house: House, access_token: str) -> bool:
    """Whether an access token is taken at userinfo."""
    headers = ((b"authorization", b"Bearer " + access_token.encode()),)
    return (
        await userinfo(house.call(f"{SALESFORCE}/userinfo", headers=headers, method="GET"), house.server, BASE)
    ).status == 200


async def refreshes(house: House, app: TestApp, answer: dict[str, Any]) -> bool:
    """Whether a refresh token is taken."""
    return (await house.refresh(app, answer["refresh_token"]))[0] == 200


async def app_of(house: House, app: TestApp) -> str:
    return (await apps.find(house.desk, house.org, app.id)).app.name


Deed = Callable[[House, TestApp], Awaitable[Any]]
ENDING_FOR_GOOD: dict[str, Deed] = {
    "revoke the user's tokens": lambda h, _: tokens.revoke(h.desk, h.org, username=ADA),
    "revoke the app's tokens": lambda h, a: tokens.revoke(h.desk, h.org, app=a.id),
    "revoke the user's in the app": lambda h, a: tokens.revoke(h.desk, h.org, username=ADA, app=a.id),
    "revoke all of the org": lambda h, _: tokens.revoke(h.desk, h.org),
    "give a new password": lambda h, _: users.set_password(h.desk, h.org, ADA, "correct horse"),
    "admin approved users only": lambda h, a: apps.change(h.desk, h.org, a.id, {"permitted_users": "admin_approved"}),
    "deactivate and activate again": lambda h, _: _there_and_back(h),
    "delete the app": lambda h, a: apps.delete(h.desk, h.org, a.id),
}
WHILE_IT_HOLDS: dict[str, tuple[Deed, Deed]] = {
    "freeze the user": (
        lambda h, _: users.freeze(h.desk, h.org, ADA, frozen=True),
        lambda h, _: users.freeze(h.desk, h.org, ADA, frozen=False),
    ),
    "block the app": (
        lambda h, a: apps.block(h.desk, h.org, a.id, blocked=True),
        lambda h, a: apps.block(h.desk, h.org, a.id, blocked=False),
    ),
    "OAuth off": (
        lambda h, a: apps.change(h.desk, h.org, a.id, {"oauth_enabled": "false"}),
        lambda h, a: apps.change(h.desk, h.org, a.id, {"oauth_enabled": "true"}),
    ),
}


async def _there_and_back(house: House) -> None:
    await users.change(house.desk, house.org, ADA, {"is_active": "false"})
    house.clock.advance(days=1)
    await users.change(house.desk, house.org, ADA, {"is_active": "true"})


@pytest.mark.parametrize("deed", ENDING_FOR_GOOD.values(), ids=[name.replace(" ", "-") for name in ENDING_FOR_GOOD])
async def test_tokens_and_codes_end_for_good(house: House, deed: Deed) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    code = await house.code(app)
    assert await good(house, answer["access_token"])

    await deed(house, app)

    assert not await good(house, answer["access_token"])
    assert not await refreshes(house, app, answer)
    assert (await house.redeem(app, code))[0] == 400


@pytest.mark.parametrize(
    ("deed", "undo"), WHILE_IT_HOLDS.values(), ids=[name.replace(" ", "-") for name in WHILE_IT_HOLDS]
)
async def test_tokens_rest_while_it_holds(house: House, deed: Deed, undo: Deed) -> None:
    app = await house.app()
    answer = await house.sign_in(app)

    await deed(house, app)
    assert not await good(house, answer["access_token"])
    assert not await refreshes(house, app, answer)

    await undo(house, app)
    assert await good(house, answer["access_token"])
    assert await refreshes(house, app, answer)


async def test_what_others_have_stays(house: House) -> None:
    app, other = await house.app(), await house.app()
    bens, others = await house.sign_in(app, "ben"), await house.sign_in(other)
    await house.sign_in(app)

    assert await tokens.revoke(house.desk, house.org, username=ADA, app=app.id) == 1

    assert await good(house, bens["access_token"])
    assert await good(house, others["access_token"])


async def test_a_users_tokens_are_listed_by_line_and_end_by_line(house: House) -> None:
    app = await house.app()
    first = await house.sign_in(app)
    second = await house.sign_in(app)
    await house.sign_in(app, "ben")

    newest, oldest = await tokens.lines(house.desk, house.org, username=ADA)
    assert (newest["username"], newest["app"], newest["access_tokens"]) == (ADA, await app_of(house, app), 1)
    assert await tokens.revoke_one(house.desk, house.org, oldest["id"]) == 1

    assert not await good(house, first["access_token"])
    assert not await refreshes(house, app, first)
    assert await good(house, second["access_token"])
    assert [one["id"] for one in await tokens.lines(house.desk, house.org, username=ADA)] == [newest["id"]]
    assert await tokens.revoke_one(house.desk, house.org, oldest["id"]) == 0


async def test_each_line_says_how_often_it_was_used(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as=ADA)
    line = await house.sign_in(app)
    await asyncio.gather(*(house.refresh(app, line["refresh_token"]) for _ in range(4)))
    right = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token({"grant_type": "client_credentials", **right})
    await house.sign_in(app, scopes="api")

    found = await tokens.lines(house.desk, house.org, app=app.id)

    assert sorted((one["has_refresh_token"], one["uses"]) for one in found) == [(False, 1), (False, 1), (True, 5)]


async def test_a_refresh_token_ends_its_line_and_an_access_token_itself(house: House) -> None:
    app = await house.app()
    first, second = await house.sign_in(app), await house.sign_in(app)

    assert await tokens.revoke_one(house.desk, house.org, first["refresh_token"]) == 1
    assert await tokens.revoke_one(house.desk, house.org, second["access_token"]) == 1

    assert not await good(house, first["access_token"])
    assert not await good(house, second["access_token"])
    assert await refreshes(house, app, second)


async def test_a_token_without_a_person_is_listed_and_ended_alone(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as=ADA)
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    first, second = (await house.token(form))[1], (await house.token(form))[1]

    listed = await tokens.lines(house.desk, house.org, app=app.id)
    assert [one["has_refresh_token"] for one in listed] == [False, False]
    assert await tokens.revoke_one(house.desk, house.org, listed[1]["id"]) == 1

    assert not await good(house, first["access_token"])
    assert await good(house, second["access_token"])


@one_engine
@pytest.mark.parametrize(
    "damage",
    [lambda text: text[:-1] + ("y" if text.endswith("x") else "x"), lambda text: text[:-8], lambda _: "nonsense"],
)
async def test_what_is_no_token_ends_nothing_and_is_not_shown(house: House, damage: Callable[[str], str]) -> None:
    answer = await house.sign_in(await house.app())

    for name in ("access_token", "refresh_token"):
        with pytest.raises(ManageProblem, match="knows no such token") as refused:
            await tokens.revoke_one(house.desk, house.org, damage(answer[name]))
        assert damage(answer[name]) not in str(refused.value)

    assert await good(house, answer["access_token"])


@pytest.mark.requirement("S57")
async def test_another_org_neither_sees_nor_ends_tokens(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    line = (await tokens.lines(house.desk, house.org))[0]["id"]
    other = await orgs.create(house.desk, orgs.NewOrg(name="Northwind"))

    assert await tokens.lines(house.desk, other) == ()
    assert await tokens.revoke(house.desk, other) == 0
    for text in (line, answer["access_token"], answer["refresh_token"]):
        with pytest.raises(ManageProblem, match="knows no such token"):
            await tokens.revoke_one(house.desk, other, text)
    for named in ({"username": ADA}, {"app": app.id}, {"app": app.consumer_key}):
        with pytest.raises(ManageProblem, match="there is no"):
            await tokens.revoke(house.desk, other, **named)

    assert await good(house, answer["access_token"])


@pytest.mark.parametrize("named", ["key", "id"])
async def test_all_of_an_app_that_nobody_installed_here_ends_with_its_approvals(house: House, named: str) -> None:
    elsewhere = await house.elsewhere()
    app = await elsewhere.app()
    eve = users.NewUser(username="eve@elsewhere.example", email=ADA)
    elsewhere.user_ids["eve"] = (await users.create(house.desk, elsewhere.org, eve)).id
    await _let_in(house)
    answers = [await house.sign_in(app), await house.sign_in(app, "ben")]
    theirs = await elsewhere.sign_in(app, "eve")
    for name in ("ada", "ben", "eve"):
        await house.db.commit(Write((approve(elsewhere.user_ids[name], app.id, "api", house.clock.now_ms()),)))
    assert all([await good(house, answer["access_token"]) for answer in answers])

    ended = await tokens.revoke(house.desk, house.org, app=app.consumer_key if named == "key" else app.id)

    # The two lines; their access tokens end with them.
    assert ended == 2
    for answer in answers:
        assert not await good(house, answer["access_token"])
        assert not await refreshes(house, app, answer)
    for name, kept in (("ada", False), ("ben", False), ("eve", True)):
        assert (await approval_of(house.db, elsewhere.user_ids[name], app.id) is not None) is kept
    assert await good(house, theirs["access_token"])
    assert await tokens.lines(house.desk, house.org, app=app.id) == ()


async def test_what_was_approved_of_an_app_that_nobody_installed_is_forgotten_without_tokens(house: House) -> None:
    app = await (await house.elsewhere()).app()
    await house.db.commit(Write((approve(house.user_ids["ada"], app.id, "api", house.clock.now_ms()),)))

    assert await tokens.revoke(house.desk, house.org, app=app.consumer_key) == 0

    assert await approval_of(house.db, house.user_ids["ada"], app.id) is None
    with pytest.raises(ManageProblem, match="there is no app"):
        await tokens.revoke(house.desk, house.org, app=app.consumer_key)


async def _let_in(house: House) -> None:
    """Give everybody the right to use what nobody installed."""
    permissions = '["ApiEnabled","CanApproveUninstalledApps"]'
    await house.change("UPDATE profile SET permissions = :permissions", permissions)


async def test_an_app_whose_tokens_were_taken_back_has_to_ask_again(house: House) -> None:
    app, other = await house.app(), await house.app()
    for one in (app, other):
        await house.db.commit(Write((approve(house.user_ids["ada"], one.id, "api", house.clock.now_ms()),)))

    await tokens.revoke(house.desk, house.org, username=ADA, app=app.id)

    assert await approval_of(house.db, house.user_ids["ada"], app.id) is None
    assert await approval_of(house.db, house.user_ids["ada"], other.id) is not None


@one_engine
async def test_a_shortened_timeout_holds_for_tokens_that_are_out(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    await apps.change(house.desk, house.org, app.id, {"session_timeout": "15"})

    house.clock.advance(minutes=119)
    assert await good(house, answer["access_token"])
    house.clock.advance(minutes=16)

    assert not await good(house, answer["access_token"])


@one_engine
async def test_a_tightened_refresh_token_policy_ends_what_is_older(house: House) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    house.clock.advance(days=2)

    await apps.change(house.desk, house.org, app.id, {"refresh_token_policy": "specific_lifetime:1:DAYS"})

    assert not await refreshes(house, app, answer)


async def test_each_revocation_is_on_record_without_a_token(house: House) -> None:
    answer = await house.sign_in(await house.app())
    await tokens.revoke_one(house.desk, house.org, answer["access_token"])
    await tokens.revoke(house.desk, house.org, username=ADA)

    rows = await house.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.tokens.revoke'"))

    assert len(rows) == 2
    assert not any(answer[name] in str(row[0]) for row in rows for name in ("access_token", "refresh_token"))
