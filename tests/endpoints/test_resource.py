"""Resource indicators: where a token may be used is approved, narrowed, and stands in the token (RFC 8707)."""

import json
from typing import Any

import httpx
import jwt
import pytest

from grantway import settings as s
from grantway.endpoints.introspect import introspect
from grantway.manage.usage.explain import explain
from grantway.store.statement import Statement
from tests.endpoints.browsing import CONSENT, LOGIN, Browser, goes_to, told
from tests.endpoints.house import BASE, STANDARDS, House, TestApp
from tests.endpoints.signer import GRANT_TYPE, signer
from tests.endpoints.wire import ISSUER, MACHINE, bearer, in_body

MCP, OTHER = "https://mcp.example.com/mcp", "https://api.example.com"
BOTH = f"{MCP} {OTHER}"

# What is wrong with it, as `explain` says it, and which reason that is.
REFUSED = [
    ("mcp.example.com", "resource.malformed", "it is no absolute URI"),
    ("/mcp", "resource.malformed", "it is no absolute URI"),
    ("https://", "resource.malformed", "it is no absolute URI"),
    ("https:mcp", "resource.malformed", "it is no absolute URI"),
    ("https://mcp.example.com/mcp#tools", "resource.malformed", "it has a fragment"),
    ("https://mcp.example.com/#", "resource.malformed", "it has a fragment"),
    ("https://me@mcp.example.com", "resource.malformed", "it holds a username or password"),
    ("https://mcp.example.com:port", "resource.malformed", "it is no URI"),
    ("https://[::1", "resource.malformed", "it is no URI"),
    ("https://mcp.example.com/\u00e9", "resource.malformed", "that have no place in it"),
    ("https://mcp.example.com\\@evil.example", "resource.malformed", "that have no place in it"),
    ("https://mcp.example.com/" + "a" * 1024, "resource.malformed", "more than 1024 characters"),
    (" ".join(f"https://{number}.example" for number in range(9)), "resource.too_many", "more than 8 resources"),
    ("http://mcp.example.com", "resource.not_listed", "none of the resource servers"),
    ("urn:example:api", "resource.not_listed", "none of the resource servers"),
    (f"{MCP} http://mcp.example.com", "resource.not_listed", "for http://mcp.example.com"),
]


async def explained(house: House) -> str:
    """Return what `explain` says of the newest refusal."""
    await house.server.refusals.flush()
    row = await house.db.one(Statement("SELECT request_id FROM refusal ORDER BY at DESC, request_id DESC LIMIT 1"))
    assert row is not None
    return (await explain(house.desk, str(row[0]))).means


async def list_resources(house: House, *uris: str) -> None:
    """Have the house's org list its resource servers."""
    listed = json.dumps({"resources": list(uris)})
    await house.change("UPDATE org SET settings = :settings, version = version + 1", listed)


async def seen(house: House, app: TestApp, token: str) -> dict[str, Any]:
    """Return what introspection tells an app of a token of its own."""
    reply = await introspect(house.call(f"{STANDARDS}/introspect", in_body(app) | {"token": token}), house.server, BASE)
    return dict(json.loads(reply.body))


async def signed_in(house: House, app: TestApp, resources: str, **more: str) -> dict[str, Any]:
    """Redeem a code that was approved for some resources."""
    code = await house.code(app, door="standards", resources=resources)
    status, answer = await house.redeem(app, code, door=STANDARDS, **more)
    assert status == 200, answer
    return answer


def claims_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of a JWT-based access token, whose signature other tests check."""
    return dict(jwt.decode(answer["access_token"], options={"verify_signature": False}))


@pytest.mark.parametrize(("resource", "reason", "says"), REFUSED)
async def test_a_resource_that_will_not_do_is_refused_at_authorize_and_at_token(
    house: House, browser: Browser, resource: str, reason: str, says: str
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")

    answer = told(await browser.ask(app, door=STANDARDS, resource=resource, state="x"))
    status, refused = await house.token(MACHINE | in_body(app) | {"resource": resource}, door=STANDARDS)

    assert (answer["error"], answer["state"]) == ("invalid_target", "x")
    assert (status, refused["error"]) == (400, "invalid_target")
    assert await house.reasons() == [reason, reason]
    assert says in await explained(house)


@pytest.mark.enforces("resources")
async def test_an_org_that_lists_its_resource_servers_lets_tokens_be_for_these_alone(
    house: House, browser: Browser
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    await list_resources(house, MCP, "urn:example:api")
    form = MACHINE | in_body(app)

    assert goes_to(await browser.ask(app, door=STANDARDS, resource=MCP), LOGIN)
    assert told(await browser.ask(app, door=STANDARDS, resource=OTHER))["error"] == "invalid_target"
    # Byte by byte: a path below a listed one is another resource.
    assert told(await browser.ask(app, door=STANDARDS, resource=f"{MCP}/"))["error"] == "invalid_target"
    assert (await house.token(form | {"resource": "urn:example:api"}, door=STANDARDS))[0] == 200
    assert (await house.token(form | {"resource": OTHER}, door=STANDARDS))[1]["error"] == "invalid_target"
    assert await house.reasons() == ["resource.not_listed"] * 3


@pytest.mark.enforces("resources")
async def test_a_resource_server_that_is_taken_off_the_list_gets_no_more_tokens(house: House) -> None:
    app = await house.app()
    held = await signed_in(house, app, MCP)
    await list_resources(house, OTHER)

    status, refused = await house.refresh(app, held["refresh_token"], door=STANDARDS)

    assert (status, refused["error"]) == (400, "invalid_target")
    assert MCP in await explained(house)


async def test_what_was_asked_for_is_on_the_consent_page_and_then_in_every_token(
    house: House, browser: Browser
) -> None:
    app = await house.app()
    page = await browser.to_consent(app, door=STANDARDS, resource=BOTH)
    assert MCP in page.text
    assert OTHER in page.text

    code = told(await browser.answer(page))["code"]
    _, first = await house.redeem(app, code, door=STANDARDS)
    _, second = await house.refresh(app, first["refresh_token"], door=STANDARDS)

    for answer in (first, second):
        assert (await seen(house, app, answer["access_token"]))["aud"] == [MCP, OTHER]
    assert (await seen(house, app, second.get("refresh_token", first["refresh_token"])))["aud"] == [MCP, OTHER]


async def test_a_token_request_narrows_and_the_next_refresh_has_all_again(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    first = await signed_in(house, app, BOTH, resource=MCP)
    _, second = await house.refresh(app, first["refresh_token"], door=STANDARDS, resource=OTHER)
    _, third = await house.refresh(app, first["refresh_token"], door=STANDARDS)

    audiences = [(await seen(house, app, one["access_token"]))["aud"] for one in (first, second, third)]
    assert audiences == [MCP, OTHER, [MCP, OTHER]]


@pytest.mark.parametrize("granted", [MCP, ""], ids=["another was approved", "none was approved"])
async def test_no_token_request_widens_what_was_approved(house: House, granted: str) -> None:
    app = await house.app()
    code = await house.code(app, door="standards", resources=granted)
    refused = await house.redeem(app, code, door=STANDARDS, resource=OTHER)
    # A refused resource uses the code up as little as a wrong secret does.
    status, answer = await house.redeem(app, code, door=STANDARDS)
    refused_refresh = await house.refresh(app, answer["refresh_token"], door=STANDARDS, resource=OTHER)

    assert (
        (refused[0], refused[1]["error"])
        == (refused_refresh[0], refused_refresh[1]["error"])
        == (400, "invalid_target")
    )
    assert status == 200
    assert await house.reasons() == ["resource.not_granted"] * 2
    assert f"approved was: {granted or 'none'}" in await explained(house)


async def test_the_audience_of_a_jwt_is_the_resource_and_else_the_base_url(house: House) -> None:
    app = await house.jwt_app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = MACHINE | in_body(app)
    one = (await house.token(form | {"resource": MCP}, door=STANDARDS))[1]
    several = (await house.token(form | {"resource": BOTH}, door=STANDARDS))[1]
    none = (await house.token(form, door=STANDARDS))[1]

    assert [claims_of(answer)["aud"] for answer in (one, several, none)] == [MCP, [MCP, OTHER], BASE]
    assert (await seen(house, app, one["access_token"]))["aud"] == MCP
    assert "aud" not in await seen(house, app, none["access_token"])


async def test_an_assertion_gets_a_token_for_the_resource_it_comes_with(house: House) -> None:
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    values: dict[s.AnySetting, Any] = {s.CERTIFICATE: certificate, s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE}
    app = await house.app(values)
    await house.sign_in(app)
    now = house.clock.now_ms() // 1000
    said = {"iss": app.consumer_key, "sub": "ada@harbour.example", "aud": ISSUER[STANDARDS], "exp": now + 180}
    form = {"grant_type": GRANT_TYPE, "assertion": signer().sign(said), "resource": MCP}

    status, answer = await house.token(form, door=STANDARDS)

    assert status == 200, answer
    assert (await seen(house, app, answer["access_token"]))["aud"] == MCP


async def test_resource_may_repeat_in_a_form_and_in_a_url(
    house: House, browser: Browser, web: httpx.AsyncClient
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = f"grant_type=client_credentials&client_id={app.consumer_key}&client_secret={app.consumer_secret}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await web.post(
        f"{STANDARDS}/token", content=f"{form}&resource={MCP}&resource={OTHER}&resource={MCP}", headers=headers
    )
    assert (await seen(house, app, answer.json()["access_token"]))["aud"] == [MCP, OTHER]

    asked = (await browser.ask(app, door=STANDARDS, resource=MCP)).request.url
    assert goes_to(await browser.get(f"{asked}&resource={OTHER}"), LOGIN)
    assert told(await browser.get(f"{asked}&resource=nowhere"))["error"] == "invalid_target"


async def test_an_earlier_yes_does_not_cover_another_resource(house: House, browser: Browser) -> None:
    app = await house.app()
    await browser.approve(app, door=STANDARDS, resource=MCP)

    assert "code" in told(await browser.ask(app, door=STANDARDS, resource=MCP))
    assert goes_to(await browser.ask(app, door=STANDARDS, resource=OTHER), CONSENT)
    asking = await browser.ask(app, door=STANDARDS)
    assert goes_to(asking, CONSENT), "without one the token would be good for this server's own APIs"
    assert "code" in told(await browser.answer(await browser.follow(asking)))
    for resources in ({"resource": MCP}, {}):
        assert "code" in told(await browser.ask(app, door=STANDARDS, **resources)), "what was allowed stays allowed"


async def test_a_yes_to_no_resource_is_remembered_as_it_always_was(house: House, browser: Browser) -> None:
    app = await house.app()
    await browser.approve(app, door=STANDARDS)

    assert await house.db.one(Statement("SELECT resources FROM approval")) == ("",)
    assert "code" in told(await browser.ask(app, door=STANDARDS))


async def test_salesforces_door_passes_the_parameter_over(house: House) -> None:
    app = await house.jwt_app()
    status, answer = await house.redeem(app, await house.code(app), resource="no uri at all")

    assert status == 200, answer
    assert claims_of(answer)["aud"] == [BASE]


async def test_a_token_for_another_resource_is_none_for_the_admin_api(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    await house.change("UPDATE person SET profile_id = (SELECT id FROM profile WHERE name = 'System Administrator')")
    answers = [await signed_in(house, app, resources) for resources in (MCP, BASE, "")]
    statuses = [(await web.get("/setup/api/v1/org", headers=bearer(answer))).status_code for answer in answers]

    assert statuses == [401, 200, 200]
    assert await house.reasons() == ["bearer.other_resource"]
