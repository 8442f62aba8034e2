"""The identity URL: who the token's user is, in the formats of "Using Identity URLs" (salesforce-oauth.md 1.6)."""

import json
from xml.etree import ElementTree

import httpx
import pytest

from tests.endpoints.house import BASE, STANDARDS, House
from tests.endpoints.wire import bearer

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


async def test_every_field_is_there_in_the_order_seen(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    said = (await web.get(answer["id"], headers=bearer(answer))).json()

    assert list(said) == [
        "id",
        "asserted_user",
        "user_id",
        "organization_id",
        "username",
        "nick_name",
        "display_name",
        "email",
        "email_verified",
        "first_name",
        "last_name",
        "timezone",
        "photos",
        "addr_street",
        "addr_city",
        "addr_state",
        "addr_country",
        "addr_zip",
        "mobile_phone",
        "mobile_phone_verified",
        "is_lightning_login_user",
        "status",
        "urls",
        "active",
        "user_type",
        "language",
        "locale",
        "utcOffset",
        "last_modified_date",
        "is_app_installed",
    ]
    assert said["id"] == answer["id"]
    assert said["asserted_user"] is True
    assert said["is_app_installed"] is True
    assert said["last_modified_date"] == "2026-11-18T11:06:40Z"


async def test_missing_values_are_null_and_not_left_out(house: House, web: httpx.AsyncClient) -> None:
    """The Android SDK stops reading at the first string that is missing."""
    answer = await house.sign_in(await house.app())
    said = (await web.get(answer["id"], headers=bearer(answer))).json()

    assert said["mobile_phone"] is None
    assert said["addr_street"] is None
    assert said["status"] == {"created_date": None, "body": None}


async def test_the_urls_are_those_that_clients_look_up(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    urls = (await web.get(answer["id"], headers=bearer(answer))).json()["urls"]

    assert list(urls) == [
        "enterprise",
        "metadata",
        "partner",
        "rest",
        "sobjects",
        "search",
        "query",
        "recent",
        "tooling_soap",
        "tooling_rest",
        "profile",
        "feeds",
        "groups",
        "users",
        "feed_items",
        "feed_elements",
        "custom_domain",
    ]
    assert urls["sobjects"] == f"{BASE}/services/data/v{{version}}/sobjects/"
    assert urls["profile"] == f"{BASE}/{house.user_ids['ada']}"


@pytest.mark.parametrize(("version", "filled"), [("60.0", "60.0"), ("latest", "67.0")])
async def test_version_fills_in_the_urls(house: House, web: httpx.AsyncClient, version: str, filled: str) -> None:
    answer = await house.sign_in(await house.app())
    reply = await web.get(answer["id"], params={"version": version}, headers=bearer(answer))

    assert reply.json()["urls"]["rest"] == f"{BASE}/services/data/v{filled}/"


async def test_a_version_that_is_none_is_406(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    refused = await web.get(answer["id"], params={"version": "sixty"}, headers=bearer(answer))

    assert (refused.status_code, refused.text) == (406, "Invalid_Version")


@pytest.mark.parametrize(
    ("params", "accept", "content_type"),
    [
        ({}, "*/*", "application/json"),
        ({}, "application/xml", "application/xml"),
        ({"format": "json"}, "application/xml", "application/json"),
        ({"format": "xml"}, "application/json", "application/xml"),
        ({"format": "urlencoded"}, "*/*", "application/json"),
    ],
)
async def test_format_beats_accept_and_json_is_the_default(
    house: House, web: httpx.AsyncClient, params: dict[str, str], accept: str, content_type: str
) -> None:
    answer = await house.sign_in(await house.app())
    reply = await web.get(answer["id"], params=params, headers={**bearer(answer), "accept": accept})

    assert reply.headers["content-type"].split(";")[0] == content_type


async def test_xml_says_the_same_with_nil_for_null(house: House, web: httpx.AsyncClient) -> None:
    await house.change("""UPDATE person SET details = '{"nickname": "<b>&\\u0001"}'""")
    answer = await house.sign_in(await house.app())
    reply = await web.get(answer["id"], params={"format": "xml"}, headers=bearer(answer))
    user = ElementTree.fromstring(reply.content)

    assert user.tag == "user"
    assert user.findtext("id") == answer["id"]
    assert user.findtext("asserted_user") == "true"
    assert user.findtext("urls/profile") == f"{BASE}/{house.user_ids['ada']}"
    assert user.findtext("nick_name") == "<b>&�"
    assert [city.attrib for city in user.findall("addr_city")] == [{NIL: "true"}]


async def test_jsonp_calls_the_function_named(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    reply = await web.get(answer["id"], params={"format": "jsonp", "callback": "app.show"}, headers=bearer(answer))

    assert reply.headers["content-type"].split(";")[0] == "application/javascript"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.text.startswith("/**/app.show({")
    assert json.loads(reply.text[len("/**/app.show(") : -2])["id"] == answer["id"]


@pytest.mark.parametrize("callback", ["", "alert(1)//", "a b", "a;b", "1st", "<script>", "a\n"])
async def test_a_callback_that_is_no_plain_name_is_406(house: House, web: httpx.AsyncClient, callback: str) -> None:
    """security.md 1: an identifier-only callback name."""
    answer = await house.sign_in(await house.app())
    refused = await web.get(answer["id"], params={"format": "jsonp", "callback": callback}, headers=bearer(answer))

    assert (refused.status_code, refused.text) == (406, "Invalid_Callback")


async def test_jsonp_is_for_a_token_in_the_header_only(house: House, web: httpx.AsyncClient) -> None:
    """security.md 1: JSONP at most with a Bearer header."""
    answer = await house.sign_in(await house.app())
    form = {"access_token": answer["access_token"], "format": "jsonp", "callback": "show"}

    assert (await web.post(answer["id"], data=form)).text == "Invalid_Callback"


async def test_pretty_print_is_asked_for_by_a_header(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    plain = await web.get(answer["id"], headers=bearer(answer))
    pretty = await web.get(answer["id"], headers={**bearer(answer), "x-prettyprint": "1"})

    assert pretty.json() == plain.json()
    assert plain.text.count("\n") == 0
    assert pretty.text.count("\n") > 20


@pytest.mark.parametrize("name", ["oauth_token", "access_token"])
async def test_the_token_may_come_in_a_posted_form(house: House, web: httpx.AsyncClient, name: str) -> None:
    answer = await house.sign_in(await house.app())
    reply = await web.post(answer["id"], data={name: answer["access_token"], "version": "60.0"})

    assert reply.json()["username"] == "ada@harbour.example"
    assert "v60.0" in reply.json()["urls"]["rest"]


async def test_a_url_parameter_that_repeats_the_headers_token_is_ignored(house: House, web: httpx.AsyncClient) -> None:
    """Decision 2: jsforce and the CLI's library send it so."""
    answer = await house.sign_in(await house.app())
    params = {"oauth_token": answer["access_token"], "format": "json"}

    assert (await web.get(answer["id"], params=params, headers=bearer(answer))).status_code == 200
    assert (await web.get(answer["id"], params=params)).text == "SECRET_IN_URL"


async def test_another_user_of_the_org_is_shown_and_not_asserted(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    said = (await web.get(f"/id/{house.org_id}/{house.user_ids['ben']}", headers=bearer(answer))).json()

    assert said["username"] == "ben@harbour.example"
    assert said["asserted_user"] is False


async def test_ids_of_15_characters_lead_to_the_same_user(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())
    reply = await web.get(f"/id/{house.org_id[:15]}/{house.user_ids['ada'][:15]}", headers=bearer(answer))

    assert reply.json()["user_id"] == house.user_ids["ada"]


@pytest.mark.requirement("S57")
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/id/{org}/005000000000001AAA", 404, "Bad_Id"),
        ("/id/{org}/nonsense", 404, "Bad_Id"),
        ("/id/{org}", 404, "Bad_Id"),
        ("/id/{org}/{ada}/more", 404, "Bad_Id"),
        ("/id/00D000000000001EAA/{ada}", 403, "Wrong_Org"),
    ],
)
async def test_what_the_token_may_not_see_is_one_plain_word(
    house: House, web: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await house.sign_in(await house.app())
    refused = await web.get(path.format(org=house.org_id, ada=house.user_ids["ada"]), headers=bearer(answer))

    assert (refused.status_code, refused.text) == (status, words)
    assert refused.headers["content-type"].startswith("text/plain")


async def test_without_a_token_nothing_tells_which_ids_there_are(house: House, web: httpx.AsyncClient) -> None:
    for path in (f"/id/{house.org_id}/{house.user_ids['ada']}", f"/id/{house.org_id}/005000000000001AAA", "/id/x/y"):
        refused = await web.get(path)
        assert (refused.status_code, refused.text) == (403, "Missing_OAuth_Token")


async def test_a_token_that_has_no_scope_for_it_is_refused(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(), scopes="custom_permissions")

    assert (await web.get(answer["id"], headers=bearer(answer))).text == "Bad_OAuth_Token"


async def test_a_token_of_the_standards_door_is_none_here(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(), door=STANDARDS)
    refused = await web.get(f"/id/{house.org_id}/{house.user_ids['ada']}", headers=bearer(answer))

    assert (refused.status_code, refused.text) == (403, "Bad_OAuth_Token")
