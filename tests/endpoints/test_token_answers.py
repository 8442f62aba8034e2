"""What a good token request is answered with (salesforce-oauth.md 2.2, 5; RFC 6749 5.1; conformance.md 2)."""

import base64
import hashlib
import hmac
import math
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import DOOR_NAME, MACHINE, both_doors, in_body, machine


async def every_grant(house: House, door: str, app: TestApp | None = None) -> dict[str, dict[str, Any]]:
    """Get a token by each grant."""
    app = app or await machine(house)
    first = await house.sign_in(app, door=door)
    return {
        "authorization_code": first,
        "refresh_token": (await house.refresh(app, first["refresh_token"], door=door))[1],
        "client_credentials": (await house.token({**MACHINE, **in_body(app)}, door=door))[1],
    }


async def test_every_grant_at_salesforces_door_has_what_its_clients_need_as_strings(house: House) -> None:
    """clients.md 7.6: without one of these the Android SDK discards the answer."""
    answers = await every_grant(house, SALESFORCE)

    for answer in answers.values():
        for name in ("access_token", "scope", "instance_url", "id", "issued_at", "signature"):
            assert isinstance(answer[name], str)
            assert answer[name]
        assert answer["token_type"] == "Bearer"
        assert answer["instance_url"] == BASE
        assert answer["id"] == f"{BASE}/id/{house.org_id}/{house.user_ids['ada']}"


async def test_every_grant_signs_id_and_issued_at_with_the_consumer_secret(house: House) -> None:
    """Section 2.2: standard Base64 of HMAC-SHA256, 44 characters; issued_at is in milliseconds."""
    app = await machine(house)
    answers = await every_grant(house, SALESFORCE, app)

    for answer in answers.values():
        message = (answer["id"] + answer["issued_at"]).encode()
        expected = base64.b64encode(hmac.digest(app.consumer_secret.encode(), message, hashlib.sha256)).decode()
        assert answer["signature"] == expected
        assert len(expected) == 44
        assert 0 <= house.clock.now_ms() - int(answer["issued_at"]) < 100


async def test_salesforces_door_tells_no_expiry_and_nothing_of_what_is_not_there(house: House) -> None:
    """Section 2.2: no `expires_in`; `sfdc_community_*` for sites, `token_format` for JWTs, `*_sid` for hybrid only."""
    answers = await every_grant(house, SALESFORCE)
    ordinary = {
        "access_token",
        "refresh_token",
        "signature",
        "scope",
        "id_token",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    }

    for answer in answers.values():
        assert set(answer) <= ordinary


async def test_the_standards_door_answers_with_the_rfcs_fields_alone(house: House) -> None:
    """RFC 6749 5.1; conformance.md 2: expires_in is a number above 0 and at most one year."""
    answers = await every_grant(house, STANDARDS)

    for answer in answers.values():
        assert set(answer) <= {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
        assert answer["token_type"] == "Bearer"
        assert type(answer["expires_in"]) is int
        assert 0 < answer["expires_in"] <= 365 * 86_400


@both_doors
async def test_the_answer_is_json_that_nobody_stores(house: House, web: httpx.AsyncClient, door: str) -> None:
    """conformance.md 2; section 1.10."""
    reply = await web.post(f"{door}/token", data={**MACHINE, **in_body(await machine(house))})

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert reply.headers["cache-control"] == "no-cache,must-revalidate,max-age=0,no-store,private"
    assert reply.headers["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert reply.headers["pragma"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-robots-tag"] == "none"


@pytest.mark.parametrize("scope", ["sfap_api", "mcp_api"])
async def test_the_platforms_scopes_bring_the_host_of_its_api_last(house: House, scope: str) -> None:
    """Section 2.2; decision 17: with one base URL everything leads back to it."""
    answer = await house.sign_in(await house.app(), scopes=f"api {scope}")

    assert answer["api_instance_url"] == BASE
    assert list(answer)[-1] == "api_instance_url"


async def test_everything_stands_under_the_name_that_was_called(house: House, web: httpx.AsyncClient) -> None:
    """Decision 17; S51: the name is looked up among our own."""
    form = {**MACHINE, **in_body(await machine(house))}
    called = await web.post(f"{SALESFORCE}/token", data=form, headers={"host": "127.0.0.1:8400"})
    foreign = await web.post(f"{SALESFORCE}/token", data=form, headers={"host": "evil.example"})

    assert called.json()["instance_url"] == "http://127.0.0.1:8400"
    assert called.json()["id"].startswith("http://127.0.0.1:8400/id/")
    assert foreign.status_code == 421


@both_doors
@pytest.mark.requirement("S11")
async def test_tokens_have_salesforces_shapes_and_survive_a_form_unencoded(house: House, door: str) -> None:
    """Section 5; clients.md 7.10."""
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    answer = await house.sign_in(app, door=door)

    assert re.fullmatch(re.escape(house.org_id[:15]) + r"![A-Za-z0-9._]{96}", answer["access_token"])
    assert re.fullmatch(r"5Aep861[A-Za-z0-9._]{80}", answer["refresh_token"])
    assert re.fullmatch(r"aPrx[A-Za-z0-9._]{70}==", code)
    assert re.fullmatch(r"3MVG9[A-Za-z0-9._]{80}", app.consumer_key)
    assert re.fullmatch(r"[0-9A-F]{64}", app.consumer_secret)


@both_doors
@pytest.mark.requirement("S11")
async def test_tokens_pass_the_estimate_of_their_entropy(house: House, door: str) -> None:
    """conformance.md 2: above 96 bits, by entropy per character times length."""
    answer = await house.sign_in(await house.app(), door=door)
    code = await house.code(await house.app())

    for text in (answer["access_token"], answer["refresh_token"], code):
        counts = Counter(text).values()
        assert -sum(n * math.log2(n / len(text)) for n in counts) > 96


@both_doors
async def test_each_answer_has_an_access_token_of_its_own(house: House, door: str) -> None:
    """Section 3.5: a new one, and the ones before live on until they end."""
    answers = await every_grant(house, door)

    assert len({answer["access_token"] for answer in answers.values()}) == 3


@both_doors
@pytest.mark.parametrize("scope", ["refresh_token", "offline_access"])
async def test_either_name_of_the_scope_brings_a_refresh_token(house: House, door: str, scope: str) -> None:
    app = await house.app()

    assert (await house.sign_in(app, door=door, scopes=f"api {scope}"))["refresh_token"]
    assert "refresh_token" not in await house.sign_in(app, door=door, scopes="api")


@both_doors
async def test_scope_is_what_was_granted_also_after_a_refresh(house: House, door: str) -> None:
    app = await house.app()
    answer = await house.sign_in(app, door=door, scopes="api refresh_token openid")
    _, again = await house.refresh(app, answer["refresh_token"], door=door)

    assert answer["scope"] == again["scope"] == "api refresh_token openid"


@pytest.mark.parametrize("asked", ["format", "accept"])
async def test_urlencoded_says_the_same(house: House, web: httpx.AsyncClient, asked: str) -> None:
    """Section 1.10."""
    form = {**MACHINE, **in_body(await machine(house))}
    by_format: dict[str, Any] = {"data": {**form, "format": "urlencoded"}}
    by_accept: dict[str, Any] = {"data": form, "headers": {"accept": "application/x-www-form-urlencoded"}}
    reply = await web.post(f"{SALESFORCE}/token", **(by_format if asked == "format" else by_accept))

    assert reply.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert parse_qs(reply.text)["instance_url"] == [BASE]
    assert parse_qs(reply.text)["token_type"] == ["Bearer"]


@pytest.mark.parametrize("asked", ["format", "accept"])
async def test_xml_says_the_same(house: House, web: httpx.AsyncClient, asked: str) -> None:
    form = {**MACHINE, **in_body(await machine(house))}
    by_format: dict[str, Any] = {"data": {**form, "format": "xml"}}
    by_accept: dict[str, Any] = {"data": form, "headers": {"accept": "application/xml"}}
    reply = await web.post(f"{SALESFORCE}/token", **(by_format if asked == "format" else by_accept))
    root = ElementTree.fromstring(reply.content)

    assert reply.headers["content-type"] == "application/xml;charset=UTF-8"
    assert root.tag == "OAuth"
    assert root.findtext("instance_url") == BASE
    assert root.findtext("scope") == "api id openid"


async def test_the_standards_door_answers_in_json_whatever_is_asked_for(house: House, web: httpx.AsyncClient) -> None:
    form = {**MACHINE, **in_body(await machine(house)), "format": "xml"}
    reply = await web.post(f"{STANDARDS}/token", data=form, headers={"accept": "application/xml"})

    assert reply.headers["content-type"].startswith("application/json")


async def test_client_credentials_drop_what_a_machine_must_not_have(house: House) -> None:
    """Section 3.10: the app's scopes minus full, web and refresh_token; no refresh token."""
    app = await house.app(
        {s.CLIENT_CREDENTIALS: True, s.SCOPES: ("full", "web", "api", "refresh_token", "custom_permissions")},
        run_as="ada@harbour.example",
    )
    _, answer = await house.token({**MACHINE, **in_body(app)})

    assert answer["scope"] == "api custom_permissions"
    assert "refresh_token" not in answer
