"""What the sets of key and secret of an external client app do on the wire (connected-apps.md 2.8)."""

import asyncio
import base64
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.endpoints.introspect import introspect
from grantway.kit.clock import DAY_MS
from grantway.kit.jose import s256
from grantway.manage.consumer_keys import rotation
from grantway.manage.consumer_keys.credentials import Pair, PairState
from grantway.manage.problem import ManageProblem
from tests.endpoints.browsing import Browser, give_passwords
from tests.endpoints.house import BASE, CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.signer import GRANT_TYPE, proof, signer
from tests.endpoints.wire import MACHINE, decoded

ADA = "ada@harbour.example"
OVER = (400, {"error": "invalid_client_id", "error_description": "client identifier invalid"})


async def external(house: House) -> TestApp:
    """Register an external client app that can do every flow."""
    return await house.app({s.CLIENT_CREDENTIALS: True}, run_as=ADA, kind=AppKind.EXTERNAL_CLIENT_APP)


async def staged(house: House, app: TestApp) -> TestApp:
    """Stage a set, and return the app as who has it knows the app."""
    pair = (await rotation.stage(house.desk, house.org, app.id)).staged
    assert pair is not None
    house.clock.advance(ms=1)
    return replace(app, consumer_key=pair.consumer_key, consumer_secret=pair.secret.reveal())


async def rotated(house: House, app: TestApp) -> TestApp:
    """Stage and rotate a set, and return the app as it is with it."""
    new = await staged(house, app)
    await rotation.apply(house.desk, house.org, app.id)
    house.clock.advance(ms=1)
    return new


async def sets_of(house: House, app: TestApp) -> tuple[Pair, ...]:
    """Return the sets that an app has beside its own."""
    return (await rotation.look(house.desk, house.org, app.id)).sets


async def statuses(house: House, app: TestApp) -> list[int]:
    """Try a pair wherever a client says who it is; return 200 or 302 where it was let in."""
    secret = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    basic = f"{app.consumer_key}:{app.consumer_secret}"
    machine = {"grant_type": "client_credentials"}
    asked = await introspect(house.call(f"{STANDARDS}/introspect", {"token": "x", **secret}), house.server, BASE)
    page = await house.authorize(app, code_challenge=s256(VERIFIER), code_challenge_method="S256")
    return [
        (await house.token({**machine, **secret}))[0],
        (await house.token(machine, door=STANDARDS, basic=basic))[0],
        (await house.redeem(app, await house.code(app)))[0],
        asked.status,
        page.status,
    ]


LET_IN = [200, 200, 200, 200, 302]
KEPT_OUT = [400, 401, 400, 401, 400]


async def test_the_primary_and_the_staged_set_both_answer_everywhere(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await external(house)
    new = await staged(house, app)

    assert await statuses(house, app) == LET_IN
    assert await statuses(house, new) == LET_IN


async def test_rotated_the_old_primary_answers_for_30_days_and_not_a_moment_longer(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    app = await external(house)
    new = await staged(house, app)
    await rotation.apply(house.desk, house.org, app.id)
    began = house.clock.now_ms()

    assert [one.state for one in await sets_of(house, app)] == [PairState.ROTATED]
    house.clock.advance(ms=30 * DAY_MS - 1000)
    assert await statuses(house, app) == LET_IN
    house.clock.advance(ms=began + 30 * DAY_MS - house.clock.now_ms())

    assert await statuses(house, app) == KEPT_OUT
    assert set(await house.reasons()) == {"client.key_ended"}
    assert await statuses(house, new) == LET_IN
    assert [one.state for one in await sets_of(house, app)] == [PairState.EXPIRED]


async def test_a_staged_set_ends_after_30_days_and_cannot_be_rotated_then(house: House) -> None:
    app = await external(house)
    new = await staged(house, app)
    (one,) = await sets_of(house, app)
    house.clock.advance(ms=30 * DAY_MS)

    assert await statuses(house, new) == KEPT_OUT
    assert await statuses(house, app) == LET_IN
    with pytest.raises(ManageProblem, match="nothing is staged"):
        await rotation.apply(house.desk, house.org, app.id)
    with pytest.raises(ManageProblem, match="is Expired: only a staged one can be rotated"):
        await rotation.apply(house.desk, house.org, app.id, set_id=one.id)


async def test_a_deleted_set_is_refused_at_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await external(house)
    new = await staged(house, app)
    assert (await house.redeem(new, await house.code(app)))[0] == 200
    await rotation.cancel(house.desk, house.org, app.id)

    assert await house.redeem(new, await house.code(app)) == OVER
    assert await statuses(house, app) == LET_IN


async def test_tokens_and_codes_belong_to_the_app_and_survive_all_of_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await external(house)
    of_old = await house.sign_in(app)
    new = await staged(house, app)
    of_new = await house.sign_in(new)
    codes = [await house.code(app) for _ in range(2)]
    await rotation.apply(house.desk, house.org, app.id)

    assert (await house.redeem(new, codes[0]))[0] == 200
    assert (await house.redeem(app, codes[1]))[0] == 200
    for one in (app, new):
        for answer in (of_old, of_new):
            assert await house.is_active(one, answer["access_token"])
            assert (await house.refresh(one, answer["refresh_token"]))[0] == 200
    (old_set,) = await sets_of(house, app)
    await rotation.cancel(house.desk, house.org, app.id, set_id=old_set.id)

    assert await house.is_active(new, of_old["access_token"])
    assert (await house.refresh(new, of_old["refresh_token"]))[0] == 200


async def test_key_and_secret_of_different_sets_do_not_go_together(house: House) -> None:
    app = await external(house)
    new = await staged(house, app)

    for mixed in (
        replace(app, consumer_secret=new.consumer_secret),
        replace(new, consumer_secret=app.consumer_secret),
    ):
        assert (await house.redeem(mixed, await house.code(app)))[1]["error"] == "invalid_client"


async def test_answers_name_the_key_that_the_client_used(house: House) -> None:
    app = await external(house)
    for one in (app, await staged(house, app)):
        answer = await house.sign_in(one)
        mac = hmac.digest(one.consumer_secret.encode(), f"{answer['id']}{answer['issued_at']}".encode(), "sha256")
        form = {"token": answer["access_token"], "client_id": one.consumer_key, "client_secret": one.consumer_secret}
        told = json.loads((await introspect(house.call("/oidc/introspect", form), house.server, BASE)).body)

        assert answer["signature"] == base64.b64encode(mac).decode()
        assert json.loads(decoded(answer["id_token"].split(".")[1]))["aud"] == one.consumer_key
        assert told["client_id"] == one.consumer_key


async def test_a_jwt_access_token_names_the_key_that_the_client_used_and_outlives_it(house: House) -> None:
    app = await house.app({s.JWT_ACCESS_TOKENS: True}, kind=AppKind.EXTERNAL_CLIENT_APP)
    new = await staged(house, app)
    tokens = [(await house.sign_in(one))["access_token"] for one in (app, new)]

    named = [json.loads(decoded(token.split(".")[1]))["client_id"] for token in tokens]
    assert named == [app.consumer_key, new.consumer_key]
    await rotation.apply(house.desk, house.org, app.id)
    await rotation.cancel(house.desk, house.org, app.id)

    assert [await house.is_active(new, token) for token in tokens] == [True, True]


async def test_another_app_that_introspects_is_told_the_primary_key(house: House) -> None:
    app, watcher = await external(house), await house.app({s.INTROSPECT_ALL: True})
    new = await staged(house, app)
    answer = await house.sign_in(new)
    secret = {"client_id": watcher.consumer_key, "client_secret": watcher.consumer_secret}
    form = {"token": answer["access_token"], **secret}

    told = json.loads((await introspect(house.call("/oidc/introspect", form), house.server, BASE)).body)

    assert told["client_id"] == app.consumer_key


async def test_an_id_token_of_the_old_key_is_a_hint_with_the_new_one(house: House) -> None:
    app = await external(house)
    await give_passwords(house)
    browser = Browser(house)
    tokens = await house.sign_in(app, door=STANDARDS)
    new = await rotated(house, app)
    bystander = await house.app()

    hinted = await browser.ask(new, door=STANDARDS, scope="openid", prompt="none", id_token_hint=tokens["id_token"])
    foreign = await browser.ask(
        bystander, door=STANDARDS, scope="openid", prompt="none", id_token_hint=tokens["id_token"]
    )

    assert "error=login_required" in hinted.headers["location"]
    assert "error=invalid_request" in foreign.headers["location"]
    assert hinted.headers["location"].startswith(CALLBACK)


async def test_an_assertion_proves_the_app_by_each_key_that_answers(house: House) -> None:
    """private_key_jwt and the JWT bearer flow name the key as issuer; the certificate is the app's."""
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    values: dict[s.AnySetting, Any] = {
        s.CERTIFICATE: certificate,
        s.CLIENT_CREDENTIALS: True,
        s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
        s.PROFILES: ("Standard",),
    }
    app = await house.app(values, run_as=ADA, kind=AppKind.EXTERNAL_CLIENT_APP)
    new = await staged(house, app)

    async def tried() -> list[int]:
        statuses = []
        for one in (app, new):
            says = {"iss": one.consumer_key, "sub": ADA, "aud": BASE, "exp": house.clock.now_ms() // 1000 + 180}
            bearer = {"grant_type": GRANT_TYPE, "assertion": signer().sign(says)}
            proven = proof(house, one, door=SALESFORCE, jti=f"{house.clock.now_ms()} {one.consumer_key}")
            statuses += [(await house.token(form))[0] for form in (bearer, {**MACHINE, **proven})]
        return statuses

    assert await tried() == [200] * 4
    await rotation.apply(house.desk, house.org, app.id)
    assert await tried() == [200] * 4
    await rotation.cancel(house.desk, house.org, app.id)
    house.clock.advance(ms=1000)
    assert await tried() == [400, 400, 200, 200]


async def test_of_two_who_stage_at_once_one_is_told_that_there_is_a_set(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await external(house)

    done = await asyncio.gather(
        *(rotation.stage(house.desk, house.org, app.id) for _ in range(2)), return_exceptions=True
    )

    (problem,) = [one for one in done if isinstance(one, ManageProblem)]
    (only,) = await sets_of(house, app)
    assert only.state is PairState.ACTIVE
    assert f"has a staged set already: {only.id}" in str(problem)


async def test_of_two_who_rotate_at_once_one_is_told_that_nothing_is_staged(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await external(house)
    new = await staged(house, app)

    done = await asyncio.gather(
        *(rotation.apply(house.desk, house.org, app.id) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in done) == ["Applied", "ManageProblem"]
    assert [(await house.redeem(one, await house.code(app)))[0] for one in (app, new)] == [200, 200]


async def test_rotated_again_and_again_each_set_answers_until_its_own_end(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    first = await external(house)
    second = await rotated(house, first)
    house.clock.advance(ms=10 * DAY_MS)
    third = await rotated(house, second)
    house.clock.advance(ms=20 * DAY_MS)

    answered = [(await house.redeem(one, await house.code(first)))[0] for one in (first, second, third)]

    assert answered == [400, 200, 200]
    assert [one.state for one in await sets_of(house, first)] == [PairState.ROTATED, PairState.EXPIRED]


async def test_what_happened_in_a_failed_rotation_did_not_happen(house: House) -> None:
    app = await external(house)
    await staged(house, app)

    async def interrupted() -> None:
        async with house.desk.changing() as changing:
            await rotation.apply(changing, house.org, app.id)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await interrupted()

    assert [one.state for one in await sets_of(house, app)] == [PairState.ACTIVE]
    assert await statuses(house, app) == LET_IN
