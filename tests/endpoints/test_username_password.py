"""The Username-Password Flow: off by default, and silent about why (salesforce-oauth.md 3.9; decision 6)."""

from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.endpoints.token import token
from grantway.manage.people import security_tokens, users
from grantway.manage.server import orgs
from tests.endpoints.browsing import PASSWORD, give_passwords
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import in_body

ADA = "ada@harbour.example"
FAILED = (400, {"error": "invalid_grant", "error_description": "authentication failure"})


async def open_app(house: House, *, blocked: bool = False, trusted: str = "", **more: Any) -> TestApp:
    """An app with the flow on, in an org that allows it; the house's users have passwords."""
    await give_passwords(house)
    asked = {"block_username_password_flow": blocked, "trusted_ip_ranges": [trusted] if trusted else []}
    await orgs.change(house.desk, house.org, asked)
    return await house.app({s.USERNAME_PASSWORD: True}, **more)


async def log_in(house: House, app: TestApp, password: str, user: str = ADA, **more: str) -> tuple[int, dict[str, Any]]:
    """Send a username and password, with the app's secret."""
    return await house.token({"grant_type": "password", "username": user, "password": password, **in_body(app), **more})


@pytest.mark.enforces("username_password")
@pytest.mark.enforces("block_username_password_flow")
async def test_with_password_and_security_token_the_app_gets_an_access_token_alone(house: House) -> None:
    app = await open_app(house)
    end = await security_tokens.reset(house.desk, house.org, ADA)
    status, answer = await log_in(house, app, PASSWORD + end)

    assert status == 200
    assert "refresh_token" not in answer
    assert "refresh_token" not in answer["scope"].split()
    assert answer["id"].endswith(house.user_ids["ada"])
    assert await house.is_active(app, answer["access_token"])


@pytest.mark.enforces("username_password")
@pytest.mark.enforces("block_username_password_flow")
@pytest.mark.parametrize("where", ["app", "org", "kind"])
async def test_while_it_is_off_good_and_bad_passwords_get_the_same_answer_and_nobody_looks(
    house: House, where: str
) -> None:
    kind = AppKind.EXTERNAL_CLIENT_APP if where == "kind" else AppKind.CONNECTED_APP
    app = await open_app(house, blocked=where == "org", kind=kind)
    if where == "app":
        app = await house.app({})
    end = await security_tokens.reset(house.desk, house.org, ADA)

    for password in (PASSWORD + end, "wrong", ""):
        assert await log_in(house, app, password) == FAILED
    assert not {"password.wrong"} & set(await house.reasons())


@pytest.mark.parametrize(
    ("user", "password"),
    [(ADA, "wrong"), ("nobody@harbour.example", PASSWORD), ("", ""), (ADA, "x" * 9000)],
)
async def test_whatever_is_wrong_reads_the_same(house: House, user: str, password: str) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")

    assert await log_in(house, app, password, user) == FAILED


@pytest.mark.enforces("trusted_ip_ranges")
async def test_the_security_token_follows_the_password_unless_the_address_is_trusted(house: House) -> None:
    app = await open_app(house)
    end = await security_tokens.reset(house.desk, house.org, ADA)

    assert await log_in(house, app, PASSWORD) == FAILED
    assert await log_in(house, app, PASSWORD + end[:-1] + "!") == FAILED
    await orgs.change(house.desk, house.org, {"trusted_ip_ranges": ["127.0.0.0 - 127.0.0.255"]})
    assert (await log_in(house, app, PASSWORD))[0] == 200
    assert (await log_in(house, app, PASSWORD + end))[0] == 200


async def test_a_new_security_token_or_password_ends_the_old_token(house: House) -> None:
    app = await open_app(house)
    old = await security_tokens.reset(house.desk, house.org, ADA)
    new = await security_tokens.reset(house.desk, house.org, ADA)

    assert await log_in(house, app, PASSWORD + old) == FAILED
    assert (await log_in(house, app, PASSWORD + new))[0] == 200
    await users.set_password(house.desk, house.org, ADA, "another one")
    assert await log_in(house, app, "another one" + new) == FAILED


@pytest.mark.requirement("S35")
async def test_guesses_are_slowed_down(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")
    answers = [await log_in(house, app, f"guess {number}") for number in range(7)]

    assert answers[0] == FAILED
    assert answers[-1] == (400, {"error": "rate_limit_exceeded", "error_description": "login rate exceeded"})
    assert (await log_in(house, app, PASSWORD))[1]["error"] == "rate_limit_exceeded"


async def test_a_wrong_secret_keeps_the_password_from_being_looked_at(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")
    wrong = {"client_secret": "wrong"}

    assert (await log_in(house, app, PASSWORD, **wrong))[1]["error"] == "invalid_client"
    assert [await log_in(house, app, "wrong", **wrong) for _ in range(8)][-1][1]["error"] == "invalid_client"
    assert (await log_in(house, app, PASSWORD))[0] == 200


async def test_the_users_own_org_may_block_it_too(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")
    elsewhere = await house.elsewhere()
    eve = "eve@elsewhere.example"
    asked = users.NewUser(username=eve, email=eve, first_name="Eve", last_name="Victor", password=PASSWORD)
    await users.create(house.desk, elsewhere.org, asked)

    assert await log_in(house, app, PASSWORD, eve) == FAILED
    assert (await house.reasons())[-1] == "password.blocked_by_org"


async def test_the_standards_door_does_not_have_it(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")
    form = {"grant_type": "password", "username": ADA, "password": PASSWORD, **in_body(app)}

    assert (await house.token(form, door=STANDARDS))[1]["error"] == "unsupported_grant_type"


async def test_scope_narrows_and_never_widens(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")

    assert (await log_in(house, app, PASSWORD, scope="api"))[1]["scope"] == "api"
    assert (await log_in(house, app, PASSWORD, scope="web"))[1]["error"] == "invalid_scope"


@pytest.mark.requirement("S35")
async def test_a_password_in_the_url_is_refused(house: House) -> None:
    app = await open_app(house, trusted="127.0.0.1 - 127.0.0.1")
    form = {"grant_type": "password", "username": ADA, **in_body(app)}
    call = house.call(f"{SALESFORCE}/token", form, query=f"password={PASSWORD}")

    assert (await token(call, house.server, BASE)).status == 400
