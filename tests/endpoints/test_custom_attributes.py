"""Custom attributes: what an app is told of a user by formulas of its own (connected-apps.md 2.6)."""

from typing import Any

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House
from tests.endpoints.test_statement_counts import REVISION, Counted, who_is
from tests.endpoints.wire import bearer, both_doors, read_id_token

TEXT = "customer=$User.Id & '@' & $Organization.Id\nrole='arn:a' & ',' & \"arn:b\""


def with_attributes(text: str = TEXT, **more: Any) -> dict[s.AnySetting, Any]:
    """Return settings with these attributes."""
    return {
        s.CUSTOM_ATTRIBUTES: s.CUSTOM_ATTRIBUTES.kind.parse(text),
        **{s.BY_NAME[name]: value for name, value in more.items()},
    }


@pytest.mark.enforces("custom_attributes")
async def test_identity_url_and_userinfo_hold_each_key_with_the_value_of_its_formula(
    house: House, web: httpx.AsyncClient
) -> None:
    answer = await house.sign_in(await house.app(with_attributes()))
    expected = {"customer": f"{house.user_ids['ada']}@{house.org_id}", "role": "arn:a,arn:b"}

    for url in (f"{SALESFORCE}/userinfo", answer["id"]):
        assert (await web.get(url, headers=bearer(answer))).json()["custom_attributes"] == expected


async def test_userinfo_at_the_standards_door_holds_them_too(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(with_attributes("mail=$User.Email")), door=STANDARDS)

    said = (await web.get(f"{STANDARDS}/userinfo", headers=bearer(answer))).json()

    assert said["custom_attributes"] == {"mail": "ada@harbour.example"}


@pytest.mark.enforces("custom_attributes")
async def test_an_app_without_attributes_is_told_of_none(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app())

    assert "custom_attributes" not in (await web.get(answer["id"], headers=bearer(answer))).json()


@pytest.mark.enforces("id_token_attributes")
@both_doors
async def test_the_id_token_holds_them_only_where_the_app_wants_it(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    for wanted in (True, False):
        app = await house.app(with_attributes("mail=$User.Email", id_token_attributes=wanted))
        answer = await house.sign_in(app, door=door)
        _, claims = await read_id_token(web, answer["id_token"], door)

        assert claims.get("custom_attributes") == ({"mail": "ada@harbour.example"} if wanted else None)


async def test_a_value_is_that_of_the_moment_it_is_told(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(with_attributes("mail=$User.Email")))
    await web.get(answer["id"], headers=bearer(answer))
    await house.change("UPDATE person SET email = 'countess@harbour.example'")

    said = (await web.get(answer["id"], headers=bearer(answer))).json()

    assert said["custom_attributes"] == {"mail": "countess@harbour.example"}


async def test_nothing_of_them_is_told_of_another_user(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(with_attributes()))

    said = (await web.get(f"/id/{house.org_id}/{house.user_ids['ben']}", headers=bearer(answer))).json()

    assert said["asserted_user"] is False
    assert "custom_attributes" not in said


DETAILS = '{"nickname":"countess","phone":"+44 20","street":"12 St James","city":"London","state":"LND","country":"GB"}'


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("$User.Username", "ada@harbour.example"),
        ("User.Username", "ada@harbour.example"),
        ("$user.USERNAME", "ada@harbour.example"),
        ("$User.FirstName & ' ' & $User.LastName", "Ada Lovelace"),
        ("$User.CommunityNickname", "countess"),
        ("$User.Phone & $User.MobilePhone", "+44 20+44 20"),
        ("$User.Street&'|'&$User.City&'|'&$User.State&'|'&$User.Country", "12 St James|London|LND|GB"),
        ("$User.PostalCode", ""),
        ("$User.ContactId", ""),
        ("$User.LanguageLocaleKey & $User.LocaleSidKey & $User.TimeZoneSidKey", "en_USen_USGMT"),
        ("$Organization.Name", "Harbour"),
        ("$Profile.Name", "Standard"),
        ("$Permission.Nobody_Has_It", "false"),
        (r"'it\'s \\'", r"it's \ ".strip()),
    ],
)
async def test_each_reference_stands_for_what_it_says(
    house: House, web: httpx.AsyncClient, formula: str, value: str
) -> None:
    await house.change("UPDATE person SET details = :details", DETAILS)
    answer = await house.sign_in(await house.app(with_attributes(f"it={formula}")))

    assert (await web.get(answer["id"], headers=bearer(answer))).json()["custom_attributes"] == {"it": value}


async def test_api_references_are_addresses_of_the_server_that_was_called(house: House, web: httpx.AsyncClient) -> None:
    text = "e=$Api.Enterprise_Server_URL_100\np=$Api.Partner_Server_URL_640"
    answer = await house.sign_in(await house.app(with_attributes(text)))

    assert (await web.get(answer["id"], headers=bearer(answer))).json()["custom_attributes"] == {
        "e": f"{BASE}/services/Soap/c/10.0/{house.org_id[:15]}",
        "p": f"{BASE}/services/Soap/u/64.0/{house.org_id[:15]}",
    }


async def test_telling_them_costs_no_statement(house: House) -> None:
    text = "mail=$User.Email\nmay=$Permission.Approve"
    token = (await house.sign_in(await house.app(with_attributes(text))))["access_token"]

    assert await Counted(house).during(lambda: who_is(house, token)) == [
        "SELECT access_token",
        "BEGIN",
        REVISION,
        "COMMIT",
    ]


async def test_values_are_escaped_in_the_identity_urls_xml(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.app(with_attributes("note='<b>&</b>'")))

    reply = await web.get(answer["id"], params={"format": "xml"}, headers=bearer(answer))

    assert reply.status_code == 200
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in reply.text
