"""What old clients put into URLs: read at Salesforce's door where the org allows it, and kept nowhere (decision 2)."""

import httpx
import pytest

from grantway.store.statement import Statement
from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import basic, bearer, in_body, machine

REFUSED = {"error": "invalid_request", "error_description": "secrets are not accepted in the URL"}


async def allow(house: House) -> None:
    """Switch it on for every org there is."""
    await house.change("""UPDATE org SET settings = '{"allow_legacy_query_parameters": true}', version = version + 1""")


def machine_grant(app: TestApp) -> dict[str, str]:
    return {"grant_type": "client_credentials", **in_body(app)}


@pytest.mark.enforces("allow_legacy_query_parameters")
async def test_a_token_request_in_the_url_is_answered_where_the_apps_org_allows_it(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await machine(house)

    before = await web.post(f"{SALESFORCE}/token", params=machine_grant(app))
    await allow(house)
    after = await web.post(f"{SALESFORCE}/token", params=machine_grant(app))

    assert (before.status_code, before.json()) == (400, REFUSED)
    assert after.status_code == 200
    assert await house.is_active(app, after.json()["access_token"])
    assert await house.reasons() == ["request.secret_in_legacy_url"]


async def test_the_client_may_be_named_anywhere_and_nothing_twice(house: House, web: httpx.AsyncClient) -> None:
    app = await machine(house)
    await allow(house)
    secret = {"grant_type": "client_credentials", "client_secret": app.consumer_secret}
    url = f"{SALESFORCE}/token"

    in_form = await web.post(url, params=secret, data={"client_id": app.consumer_key})
    by_basic = await web.post(
        url, params={"grant_type": "client_credentials"}, headers=basic(app.consumer_key, app.consumer_secret)
    )
    twice = await web.post(url, params=machine_grant(app), data={"client_secret": app.consumer_secret})

    assert (in_form.status_code, by_basic.status_code, twice.status_code) == (200, 200, 400)
    assert twice.json()["error_description"] == "a parameter is given more than once"


async def test_get_is_no_way_to_ask_for_a_token(house: House, web: httpx.AsyncClient) -> None:
    app = await machine(house)
    await allow(house)

    reply = await web.get(f"{SALESFORCE}/token", params=machine_grant(app))

    assert reply.status_code == 400
    assert reply.json()["error_description"] == "must use HTTP POST"


async def test_an_unknown_client_is_refused_as_ever(house: House, web: httpx.AsyncClient) -> None:
    await allow(house)

    reply = await web.post(f"{SALESFORCE}/token", params={"client_id": "3MVG9nobody", "client_secret": "x"})

    assert (reply.status_code, reply.json()) == (400, REFUSED)


@pytest.mark.enforces("allow_legacy_query_parameters")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_token_in_the_url_is_revoked_where_its_org_allows_it(
    house: House, web: httpx.AsyncClient, method: str, which: str
) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    params = {"token": answer[which]}

    before = await web.request(method, f"{SALESFORCE}/revoke", params=params)
    assert before.status_code == 400
    assert await house.is_active(app, answer["access_token"])
    await allow(house)
    after = await web.request(method, f"{SALESFORCE}/revoke", params=params)

    assert (after.status_code, after.content) == (200, b"")
    assert not await house.is_active(app, answer["access_token"])


async def test_a_page_of_old_may_have_its_function_called(house: House, web: httpx.AsyncClient) -> None:
    """`GET /revoke?token=…&callback=cb` (salesforce-oauth.md 3.22)."""
    token = (await house.sign_in(await house.app()))["access_token"]
    await allow(house)
    params = {"token": token, "callback": "done"}

    first = await web.get(f"{SALESFORCE}/revoke", params=params)
    again = await web.get(f"{SALESFORCE}/revoke", params=params)
    hostile = await web.get(f"{SALESFORCE}/revoke", params={"token": token, "callback": "alert(1)//"})

    assert (first.status_code, first.text) == (200, "done({})")
    assert first.headers["content-type"].startswith("application/javascript")
    assert (again.status_code, again.text) == (200, 'done({"error":"invalid_token"})')
    assert hostile.status_code == 400
    assert "alert" not in hostile.text


@pytest.mark.enforces("allow_legacy_query_parameters")
@pytest.mark.parametrize("name", ["access_token", "oauth_token"])
async def test_an_access_token_in_the_url_is_one_where_its_org_allows_it(
    house: House, web: httpx.AsyncClient, name: str
) -> None:
    answer = await house.sign_in(await house.app())
    urls = [answer["id"], f"{SALESFORCE}/userinfo", "/services/data/v60.0/"]
    params = {name: answer["access_token"]}

    before = [(await web.get(url, params=params)).status_code for url in urls]
    await allow(house)
    after = [(await web.get(url, params=params)).status_code for url in urls]
    wrong = [(await web.get(url, params={name: answer["access_token"][:-1] + "!"})).status_code for url in urls]

    assert (before, after, wrong) == ([400] * 3, [200] * 3, [400] * 3)


async def test_the_standards_door_never_reads_them(house: House, web: httpx.AsyncClient) -> None:
    app = await machine(house)
    person = await house.app()
    answer = await house.sign_in(person, door=STANDARDS)
    await allow(house)

    asked = await web.post(f"{STANDARDS}/token", params=machine_grant(app))
    revoked = await web.post(f"{STANDARDS}/revoke", params={"token": answer["access_token"], **in_body(person)})
    by_get = await web.get(f"{STANDARDS}/revoke", params={"token": answer["access_token"]})
    looked = await web.get(f"{STANDARDS}/userinfo", params={"access_token": answer["access_token"]})

    assert [reply.status_code for reply in (asked, revoked, by_get, looked)] == [400, 400, 405, 400]
    assert (await web.get(f"{STANDARDS}/userinfo", headers=bearer(answer))).status_code == 200
    assert "request.secret_in_legacy_url" not in await house.reasons()


async def test_what_was_in_a_url_stands_nowhere(
    house: House, web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    app = await machine(house)
    await allow(house)
    grant = machine_grant(app)

    good = await web.post(f"{SALESFORCE}/token", params=grant)
    bad = await web.post(f"{SALESFORCE}/token", params={**grant, "client_secret": "Zz9-wrong-and-secret"})
    token = good.json()["access_token"]
    await web.get(f"{SALESFORCE}/revoke", params={"token": token})
    await web.get(f"{SALESFORCE}/revoke", params={"token": token})

    assert bad.json()["error"] == "invalid_client"
    await house.reasons()
    kept = [await house.db.all(Statement(f"SELECT * FROM {table}")) for table in ("refusal", "event")]
    for secret in (app.consumer_secret, "Zz9-wrong-and-secret", token):
        assert secret not in f"{kept} {caplog.text} {bad.text}"
