"""What a rotation of consumer key and secret does on the wire (connected-apps.md 2.7)."""

import asyncio
import base64
import hmac
from dataclasses import replace

import pytest

from grantway import settings as s
from grantway.kit.clock import MINUTE_MS
from grantway.manage.consumer_keys import rotation
from grantway.manage.problem import ManageProblem
from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import open_web


async def staged(house: House, app: TestApp) -> TestApp:
    """Stage a new pair, and return the app as it would be with it."""
    pair = (await rotation.stage(house.desk, house.org, app.consumer_key)).staged
    assert pair is not None
    return replace(app, consumer_key=pair.consumer_key, consumer_secret=pair.secret.reveal())


async def rotated(house: House, app: TestApp) -> TestApp:
    """Stage and apply a new pair, and return the app as it is with it."""
    new = await staged(house, app)
    house.clock.advance(ms=1)
    await rotation.apply(house.desk, house.org, new.id)
    house.clock.advance(ms=1)
    return new


async def test_a_staged_pair_does_not_answer_and_explain_says_that_it_is_staged(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    new = await staged(house, app)

    at_salesforce = await house.redeem(new, await house.code(app))
    at_standards = await house.redeem(new, await house.code(app, door="standards"), door=STANDARDS)
    page = await house.authorize(new)

    assert at_salesforce == (400, {"error": "invalid_client_id", "error_description": "client identifier invalid"})
    assert at_standards[0] == 401
    assert page.status == 400
    assert await house.reasons() == ["client.key_staged"] * 3
    assert (await house.redeem(app, await house.code(app)))[0] == 200


async def test_applying_ends_every_access_and_refresh_token_everywhere(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    answer = await house.sign_in(app)
    machine = (await house.token(_machine(app)))[1]
    new = await rotated(house, app)

    async with open_web(house.server) as web:
        for token in (answer["access_token"], machine["access_token"]):
            headers = {"authorization": f"Bearer {token}"}
            for path in (f"{SALESFORCE}/userinfo", answer["id"], "/services/data/v60.0"):
                assert (await web.get(path, headers=headers)).status_code in (401, 403)
    for one in (app, new):
        assert (await house.refresh(one, answer["refresh_token"]))[0] == 400
    for token in (answer["access_token"], answer["refresh_token"], machine["access_token"]):
        assert not await house.is_active(new, token)
        assert (await house.revoke(token)).status == 400


async def test_for_ten_minutes_either_pair_answers_and_then_only_the_new_one(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    new = await rotated(house, app)

    for one in (app, new):
        answer = await house.sign_in(one)
        mac = hmac.digest(one.consumer_secret.encode(), f"{answer['id']}{answer['issued_at']}".encode(), "sha256")
        assert answer["signature"] == base64.b64encode(mac).decode(), "each client checks with the secret it has"
        assert await house.is_active(one, answer["access_token"])
    house.clock.advance(ms=rotation.OVERLAP_MS)

    assert (await house.redeem(app, await house.code(app)))[0] == 400
    assert (await house.reasons())[-1] == "client.key_ended"
    assert (await house.redeem(new, await house.code(app)))[0] == 200


async def test_key_and_secret_of_different_pairs_do_not_go_together(house: House) -> None:
    app = await house.app()
    new = await rotated(house, app)

    for mixed in (
        replace(app, consumer_secret=new.consumer_secret),
        replace(new, consumer_secret=app.consumer_secret),
    ):
        assert (await house.redeem(mixed, await house.code(app)))[1]["error"] == "invalid_client"


async def test_a_login_under_way_goes_on_with_the_pair_that_the_client_has(house: House) -> None:
    """Approvals and codes are not tokens: they stay."""
    app = await house.app()
    codes = [await house.code(app) for _ in range(2)]
    new = await rotated(house, app)

    assert (await house.redeem(app, codes[0]))[0] == 200
    assert (await house.redeem(new, codes[1]))[0] == 200


async def test_client_credentials_follow_the_pairs(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    assert (await house.token(_machine(app)))[0] == 200
    new = await staged(house, app)
    assert (await house.token(_machine(new)))[0] == 400
    await rotation.apply(house.desk, house.org, app.id)

    assert [(await house.token(_machine(one)))[0] for one in (app, new)] == [200, 200]
    house.clock.advance(ms=10 * MINUTE_MS)
    assert [(await house.token(_machine(one)))[0] for one in (app, new)] == [400, 200]


async def test_of_two_who_apply_at_once_one_wins(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    new = await staged(house, app)

    done = await asyncio.gather(
        *(rotation.apply(house.desk, house.org, app.id) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in done) == ["Applied", "ManageProblem"]
    assert (await house.redeem(new, await house.code(app)))[0] == 200
    assert (await house.redeem(app, await house.code(app)))[0] == 200


async def test_a_cancelled_pair_never_answers(house: House) -> None:
    app = await house.app()
    new = await staged(house, app)
    await rotation.cancel(house.desk, house.org, app.id)

    assert (await house.redeem(new, await house.code(app)))[0] == 400
    assert (await house.reasons())[-1] == "client.unknown"
    with pytest.raises(ManageProblem, match="nothing is staged"):
        await rotation.apply(house.desk, house.org, app.id)


def _machine(app: TestApp) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
    }


async def test_applying_happens_whole_or_not_at_all(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    answer = await house.sign_in(app)
    new = await staged(house, app)

    async def interrupted() -> None:
        async with house.desk.changing() as changing:
            await rotation.apply(changing, house.org, app.id)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await interrupted()

    assert await house.is_active(app, answer["access_token"])
    assert (await house.redeem(new, await house.code(app)))[0] == 400
    assert (await house.refresh(app, answer["refresh_token"]))[0] == 200


async def test_tokens_of_other_apps_live_on(house: House) -> None:
    app, bystander = await house.app(), await house.app()
    kept = await house.sign_in(bystander)
    await rotated(house, app)

    assert await house.is_active(bystander, kept["access_token"])
    assert (await house.refresh(bystander, kept["refresh_token"]))[0] == 200
