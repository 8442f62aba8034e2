"""Who the client is and how it proves it (salesforce-oauth.md 2.1; RFC 6749 2.3; S21)."""

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import DOOR_NAME, MACHINE, basic, both_doors, in_body, machine

RUN_AS = "ada@harbour.example"
ASSERTION = {
    "client_assertion": "a.b.c",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}


def is_unauthenticated(reply: httpx.Response, door: str) -> bool:
    """Tell whether a failed client authentication was put in the door's words, statuses and headers."""
    if door == SALESFORCE:
        told = {"error": "invalid_client", "error_description": "invalid client credentials"}
        return (reply.status_code, reply.json()) == (400, told) and "www-authenticate" not in reply.headers
    return (reply.status_code, reply.json()["error"]) == (401, "invalid_client") and reply.headers[
        "www-authenticate"
    ] == 'Basic realm="grantway", charset="UTF-8"'


@both_doors
async def test_the_secret_in_the_body(house: House, web: httpx.AsyncClient, door: str) -> None:
    """Module `server-client-secret-post`."""
    assert (await web.post(f"{door}/token", data={**MACHINE, **in_body(await machine(house))})).status_code == 200


@both_doors
async def test_the_secret_by_basic_with_and_without_the_client_id_in_the_body(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """clients.md 7.4."""
    app = await machine(house)
    headers = basic(app.consumer_key, app.consumer_secret)

    assert (await web.post(f"{door}/token", data=MACHINE, headers=headers)).status_code == 200
    again = await web.post(f"{door}/token", data={**MACHINE, "client_id": app.consumer_key}, headers=headers)
    assert again.status_code == 200


@both_doors
async def test_basic_may_be_percent_encoded(house: House, web: httpx.AsyncClient, door: str) -> None:
    """RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined."""
    app = await machine(house)
    encoded = basic(
        "".join(f"%{ord(one):02X}" for one in app.consumer_key),
        "".join(f"%{ord(one):02X}" for one in app.consumer_secret),
    )

    assert (await web.post(f"{door}/token", data=MACHINE, headers=encoded)).status_code == 200


@both_doors
async def test_the_scheme_basic_may_be_written_in_any_case(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await machine(house)
    sent = basic(app.consumer_key, app.consumer_secret)["authorization"].removeprefix("Basic ")

    for scheme in ("basic", "BASIC"):
        headers = {"authorization": f"{scheme} {sent}"}
        assert (await web.post(f"{door}/token", data=MACHINE, headers=headers)).status_code == 200


@both_doors
async def test_another_scheme_is_no_client_authentication(house: House, web: httpx.AsyncClient, door: str) -> None:
    """clients.md 7.4: it neither helps nor harms."""
    app = await machine(house)
    headers = {"authorization": "Bearer 00D!x"}

    assert (await web.post(f"{door}/token", data={**MACHINE, **in_body(app)}, headers=headers)).status_code == 200
    alone = await web.post(f"{door}/token", data={**MACHINE, "client_id": app.consumer_key}, headers=headers)
    assert is_unauthenticated(alone, door)


@both_doors
@pytest.mark.requirement("S21")
@pytest.mark.parametrize("more", ["secret too", "wrong secret too", "another client", "assertion too"])
async def test_two_authentications_or_two_clients_are_refused(
    house: House, web: httpx.AsyncClient, door: str, more: str
) -> None:
    """RFC 6749, section 2.3: one method in each request, even if both are right."""
    app, other = await machine(house), await machine(house)
    form = {
        "secret too": in_body(app),
        "wrong secret too": {"client_secret": "x"},
        "another client": {"client_id": other.consumer_key},
        "assertion too": ASSERTION,
    }[more]
    refused = await web.post(
        f"{door}/token", data={**MACHINE, **form}, headers=basic(app.consumer_key, app.consumer_secret)
    )

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


@both_doors
@pytest.mark.requirement("S21")
async def test_two_authorization_headers_are_refused_whatever_stands_in_them(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Which of them counts would differ from one proxy to the next."""
    app, other = await machine(house), await machine(house)
    right = basic(app.consumer_key, app.consumer_secret)["authorization"]
    for second in (right, basic(other.consumer_key, other.consumer_secret)["authorization"], "Bearer x"):
        headers = [("authorization", right), ("authorization", second)]
        refused = await web.post(f"{door}/token", data=MACHINE, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


@both_doors
@pytest.mark.requirement("S21")
async def test_an_assertion_is_refused_and_not_overlooked(house: House, web: httpx.AsyncClient, door: str) -> None:
    """An app that need not authenticate must not seem to have done so."""
    public = await house.app({s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False})
    answer = await house.sign_in(public, door=door)
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], "client_id": public.consumer_key}

    assert is_unauthenticated(await web.post(f"{door}/token", data={**form, **ASSERTION}), door)
    assert (await web.post(f"{door}/token", data=form)).status_code == 200


@both_doors
@pytest.mark.requirement("S21a")
@pytest.mark.parametrize("sent", ["", "not base64!", "bm8gY29sb24=", "/w==", "AAA6AAA="])
async def test_a_malformed_basic_header_fails_the_authentication(web: httpx.AsyncClient, door: str, sent: str) -> None:
    """Nothing, no base64, no colon, no UTF-8, a NUL."""
    refused = await web.post(f"{door}/token", data=MACHINE, headers={"authorization": f"Basic {sent} "})

    assert refused.status_code in (400, 401)
    assert refused.json()["error"] in ("invalid_client", "invalid_client_id")


@both_doors
@pytest.mark.requirement("S21")
@pytest.mark.parametrize("secret", ["", "x", "lower", "cut", "longer"])
async def test_a_wrong_secret_fails_however_near_it_is(
    house: House, web: httpx.AsyncClient, door: str, secret: str
) -> None:
    app = await machine(house)
    right = app.consumer_secret
    wrong = {"lower": right.lower(), "cut": right[:-1], "longer": right + " "}.get(secret, secret)

    in_form = {**MACHINE, "client_id": app.consumer_key, "client_secret": wrong}
    assert is_unauthenticated(await web.post(f"{door}/token", data=in_form), door)
    by_header = await web.post(f"{door}/token", data=MACHINE, headers=basic(app.consumer_key, wrong))
    assert is_unauthenticated(by_header, door)


async def test_an_unknown_key_has_an_error_of_its_own_at_salesforces_door_only(
    house: House, web: httpx.AsyncClient
) -> None:
    """Section 2.4; at the standards' door it reads like a wrong secret."""
    form = {**MACHINE, "client_id": "3MVGnobody", "client_secret": "x"}
    here, there = await web.post(f"{SALESFORCE}/token", data=form), await web.post(f"{STANDARDS}/token", data=form)
    wrong = await web.post(
        f"{STANDARDS}/token", data={**MACHINE, **in_body(await machine(house)), "client_secret": "x"}
    )

    assert here.json() == {"error": "invalid_client_id", "error_description": "client identifier invalid"}
    assert here.status_code == 400
    assert there.json() == wrong.json()
    assert there.status_code == wrong.status_code == 401


@both_doors
@pytest.mark.enforces("require_secret_for_web_server_flow")
async def test_an_app_that_need_not_send_its_secret_with_a_code_has_one_that_is_sent_checked(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Section 2.1."""
    app = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    code = await house.code(app, door=DOOR_NAME[door])

    assert (await house.redeem(app, code, door=door, client_secret="wrong"))[1]["error"] == "invalid_client"
    assert (await house.redeem(app, code, door=door, client_secret=""))[0] == 200
    strict = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: True})
    code = await house.code(strict, door=DOOR_NAME[door])
    assert (await house.redeem(strict, code, door=door, client_secret=""))[1]["error"] == "invalid_client"


@both_doors
@pytest.mark.enforces("require_secret_for_refresh_token_flow")
async def test_an_app_that_need_not_send_its_secret_to_refresh_has_one_that_is_sent_checked(
    house: House, door: str
) -> None:
    app = await house.app({s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False})
    token = (await house.sign_in(app, door=door))["refresh_token"]

    assert (await house.refresh(app, token, door=door, client_secret="wrong"))[1]["error"] == "invalid_client"
    assert (await house.refresh(app, token, door=door, client_secret=""))[0] == 200


@both_doors
async def test_each_secret_rule_stands_for_its_own_flow(house: House, door: str) -> None:
    """Section 2.1: a switch per app and flow, not a client type."""
    app = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    name = DOOR_NAME[door]
    status, answer = await house.redeem(app, await house.code(app, door=name), door=door, client_secret="")

    assert status == 200
    refused = await house.refresh(app, answer["refresh_token"], door=door, client_secret="")
    assert refused[1]["error"] == "invalid_client"


@both_doors
async def test_client_credentials_always_need_the_secret(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app(
        {
            s.CLIENT_CREDENTIALS: True,
            s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False,
            s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: False,
        },
        run_as=RUN_AS,
    )

    refused = await web.post(f"{door}/token", data={**MACHINE, "client_id": app.consumer_key})
    assert is_unauthenticated(refused, door)


@both_doors
@pytest.mark.parametrize(
    "name",
    [
        "client_secret",
        "password",
        "refresh_token",
        "access_token",
        "token",
        "code_verifier",
        "assertion",
        "client_assertion",
        "subject_token",
        "actor_token",
        "device_code",
    ],
)
async def test_no_secret_is_taken_from_the_url(house: House, web: httpx.AsyncClient, door: str, name: str) -> None:
    """Decision 2: refused with words that say why, at every endpoint of the back channel."""
    app = await machine(house)
    for path in ("token", "introspect", "revoke"):
        refused = await web.post(f"{door}/{path}", params={name: "x"}, data={**MACHINE, **in_body(app)})
        assert refused.status_code == 400
        assert "secrets" in refused.text
