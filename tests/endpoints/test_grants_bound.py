"""What a code and a refresh token are bound to, and what their second use does (S12, S13, S14; decisions 3 and 8)."""

from typing import Any

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.browsing import Browser, give_passwords, told
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, House
from tests.endpoints.wire import DOOR_NAME, bearer, both_doors, read_id_token

EXPIRED_OR_USED = "expired authorization code"
TIE = {"error": "invalid_grant", "error_description": "token request is already being processed"}


@both_doors
@pytest.mark.requirement("S12")
@pytest.mark.parametrize("after_s", [0, 30])
async def test_a_code_used_again_is_refused_and_the_first_uses_tokens_stop_working(
    house: House, web: httpx.AsyncClient, door: str, after_s: int
) -> None:
    """Modules `codereuse` and `codereuse-30seconds`."""
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    _, first = await house.redeem(app, code, door=door)
    house.clock.advance(seconds=after_s)
    assert (await web.get(f"{door}/userinfo", headers=bearer(first))).status_code == 200

    assert await house.redeem(app, code, door=door) == (
        400,
        {"error": "invalid_grant", "error_description": EXPIRED_OR_USED},
    )

    assert (await web.get(f"{door}/userinfo", headers=bearer(first))).status_code in (401, 403)
    assert (await house.refresh(app, first["refresh_token"], door=door))[0] == 400


@both_doors
@pytest.mark.requirement("S12")
@pytest.mark.parametrize("wrong", ["client_secret", "code_verifier", "redirect_uri"])
async def test_a_replay_that_proves_nothing_harms_nobody(
    house: House, web: httpx.AsyncClient, door: str, wrong: str
) -> None:
    """Decision 8: else replay would be a lever to sign others out."""
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    _, first = await house.redeem(app, code, door=door)

    assert (await house.redeem(app, code, door=door, **{wrong: "x" * 64}))[0] in (400, 401)
    assert (await web.get(f"{door}/userinfo", headers=bearer(first))).status_code == 200


@both_doors
@pytest.mark.requirement("S14")
async def test_two_uses_of_a_code_at_once_harm_nobody(house: House, web: httpx.AsyncClient, door: str) -> None:
    """Decision 3: a tie is told from a replay by when the request arrived."""
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    arrived = house.clock.now_us()
    house.clock.advance(ms=5)
    _, first = await house.redeem(app, code, door=door)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 64,
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
    }

    assert await house.token(form, door=door, arrived_us=arrived) == (400, TIE)
    assert (await web.get(f"{door}/userinfo", headers=bearer(first))).status_code == 200


@both_doors
@pytest.mark.requirement("S13")
async def test_a_code_is_bound_to_the_callback_it_was_asked_for_with(house: House, door: str) -> None:
    """Another one that is registered for the same app will not do."""
    second = "https://app.example/second"
    app = await house.app({s.CALLBACK_URL: (CALLBACK, second)})
    code = await house.code(app, door=DOOR_NAME[door])

    _, refused = await house.redeem(app, code, door=door, redirect_uri=second)

    assert refused["error"] == ("redirect_uri_mismatch" if door == SALESFORCE else "invalid_grant")


@both_doors
@pytest.mark.requirement("S13")
async def test_user_scope_and_nonce_are_the_approvals_and_not_the_token_requests(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await house.app()
    code = await house.code(app, "ben", door=DOOR_NAME[door], scopes="openid api", nonce="approved")
    more: dict[str, Any] = {"username": "ada@harbour.example", "nonce": "other", "scope": "full"}
    _, answer = await house.redeem(app, code, door=door, **more)
    _, claims = await read_id_token(web, answer["id_token"], door)

    assert answer["scope"] == "openid api"
    assert claims["nonce"] == "approved"
    assert claims["sub"].endswith(house.user_ids["ben"])


@both_doors
async def test_a_code_has_an_end(house: House, door: str) -> None:
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door], lives_ms=60_000)
    house.clock.advance(seconds=60)

    assert (await house.redeem(app, code, door=door))[1]["error_description"] == EXPIRED_OR_USED
    assert await house.reasons() == ["code.expired"]


@pytest.mark.parametrize(("door", "lives_s"), [(SALESFORCE, 15 * 60), (STANDARDS, 60)])
async def test_an_approvals_code_lives_15_minutes_at_salesforces_door_and_60_seconds_at_the_other(
    house: House, door: str, lives_s: int
) -> None:
    """security.md 1."""
    await give_passwords(house)
    app, browser = await house.app(), Browser(house)
    in_time = await browser.approve(app, door=door)
    house.clock.advance(seconds=lives_s - 1)
    first = await house.redeem(app, in_time["code"], door=door)
    late = told(await browser.ask(app, door=door))
    house.clock.advance(seconds=lives_s)
    second = await house.redeem(app, late["code"], door=door)

    assert first[0] == 200
    assert (second[0], second[1]["error_description"]) == (400, EXPIRED_OR_USED)


@both_doors
async def test_a_refresh_token_of_another_client_is_as_good_as_none_and_stays_alive(house: House, door: str) -> None:
    """Module `refresh-token`."""
    mine, other = await house.app(), await house.app()
    token = (await house.sign_in(mine, door=door))["refresh_token"]

    status, refused = await house.refresh(other, token, door=door)

    assert (status, refused["error"]) == (400, "invalid_grant")
    assert (await house.refresh(mine, token, door=door))[0] == 200


@both_doors
@pytest.mark.requirement("S14")
async def test_a_refresh_token_used_again_ends_its_line(house: House, web: httpx.AsyncClient, door: str) -> None:
    """security.md 1: the current refresh token and all access tokens of the family die."""
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    first = await house.sign_in(app, door=door)
    _, second = await house.refresh(app, first["refresh_token"], door=door)

    assert (await house.refresh(app, first["refresh_token"], door=door))[1]["error"] == "invalid_grant"

    assert (await house.refresh(app, second["refresh_token"], door=door))[1]["error"] == "invalid_grant"
    for answer in (first, second):
        assert (await web.get(f"{door}/userinfo", headers=bearer(answer))).status_code in (401, 403)


@pytest.mark.requirement("S14")
async def test_scope_narrows_for_one_answer_and_the_line_keeps_what_was_granted(house: House) -> None:
    """RFC 6749, section 6; module `refresh-token`: with and without a scope parameter."""
    app = await house.app()
    token = (await house.sign_in(app, door=STANDARDS))["refresh_token"]

    narrowed = await house.refresh(app, token, door=STANDARDS, scope="openid")
    widened = await house.refresh(app, token, door=STANDARDS, scope="openid full")
    whole = await house.refresh(app, token, door=STANDARDS)

    assert narrowed[1]["scope"] == "openid"
    assert (widened[0], widened[1]["error"]) == (400, "invalid_scope")
    assert whole[1]["scope"] == "api id openid refresh_token"


@both_doors
async def test_hybrid_and_other_grant_types_do_not_take_a_code_or_refresh_token(house: House, door: str) -> None:
    """What is not built is refused by name and uses nothing up."""
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    token = (await house.sign_in(app, door=door))["refresh_token"]

    for grant in ("hybrid_auth_code", "hybrid_refresh", "AUTHORIZATION_CODE"):
        refused = await house.redeem(app, code, door=door, grant_type=grant, refresh_token=token)
        assert (refused[0], refused[1]["error"]) == (400, "unsupported_grant_type")
    assert (await house.redeem(app, code, door=door))[0] == 200
    assert (await house.refresh(app, token, door=door))[0] == 200
