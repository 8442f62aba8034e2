"""The SAML Assertion Flow: a response of the org's identity provider gives a token (salesforce-oauth.md 3.7)."""

from typing import Any

import pytest
from lxml import etree

from grantway import settings as s
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.protocol.no import by_id
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.saml.make import PROTOCOL
from tests.endpoints.saml_signer import encoded, file, signed_by, signed_text
from tests.endpoints.signer import signer

IDP = "https://idp.example"
ENTITY = "https://harbour.example/sso"
TYPE = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:browser"
APP = "Api_By_Sso"
INVALID = ("invalid_grant", "invalid assertion")


async def sign_on(house: House, certificate: str = "", **changed: Any) -> TestApp:
    """Allow the flow for the identity provider that signs with this certificate; return the app of the tokens."""
    from grantway.manage.connected_apps import apps

    values: dict[s.AnySetting, Any] = {
        s.SCOPES: ("api", "id", "refresh_token"),
        s.CALLBACK_URL: ("https://app.example/callback",),
    }
    app = (await apps.add(house.desk, house.org, APP, values)).app
    asked = {
        "saml_assertion_flow": True,
        "saml_assertion_app": APP,
        "sso_issuer": IDP,
        "sso_certificate": certificate or file("signer.crt").decode(),
        "sso_entity_id": ENTITY,
        **changed,
    }
    await orgs.change(house.desk, house.org, asked)
    return TestApp(app.id, app.consumer_key, app.secret.reveal())


async def send(house: House, assertion: str, *, door: str = SALESFORCE, **more: str) -> tuple[int, dict[str, Any]]:
    """Send a response to the token endpoint; an empty value leaves a parameter out."""
    form = {"grant_type": "assertion", "assertion_type": TYPE, "assertion": assertion, **more}
    return await house.token({name: value for name, value in form.items() if value}, door=door)


def response(house: House, **changed: str | None) -> str:
    """Return a response around an assertion that `signer()` signed, for the org of `sign_on`."""
    assertion = signed_text(house, IDP, **{"audience": ENTITY, **changed})  # type: ignore[arg-type]
    return encoded(f'<p:Response xmlns:p="{PROTOCOL}" ID="_r">{assertion}</p:Response>')


async def refused(house: House, answer: tuple[int, dict[str, Any]]) -> str:
    """Return the id of the newest reason; it has a remedy, and the answer is what it says."""
    reason = by_id((await house.reasons())[-1])
    assert reason is not None
    assert reason.remedy
    assert answer[0] == 400
    return reason.id


@pytest.mark.enforces("saml_assertion_flow")
@pytest.mark.enforces("saml_assertion_app")
@pytest.mark.parametrize("name", ["response", "signed_response"])
async def test_a_response_that_another_implementation_signed_gives_a_token_and_no_refresh_token(
    house: House, name: str
) -> None:
    app = await sign_on(house)
    status, answer = await send(house, encoded(file(f"{name}.xml")))

    assert status == 200, answer
    assert "refresh_token" not in answer
    assert answer["scope"] == "api id"
    assert answer["id"].endswith(house.user_ids["ada"])
    assert await house.is_active(app, answer["access_token"])


@pytest.mark.enforces("saml_assertion_flow")
async def test_the_flow_is_off_until_the_org_allows_it(house: House) -> None:
    assert s.SAML_ASSERTION_FLOW.starts_with is False
    await sign_on(house, saml_assertion_flow=False)
    answer = await send(house, encoded(file("response.xml")))

    assert (answer[1]["error"], answer[1]["error_description"]) == INVALID
    assert await refused(house, answer) == "sso.flow_off"
    await orgs.change(house.desk, house.org, {"saml_assertion_flow": True})
    assert (await send(house, encoded(file("response.xml"))))[0] == 200


async def test_the_standards_door_has_no_such_flow(house: House) -> None:
    await sign_on(house)

    assert (await send(house, encoded(file("response.xml")), door=STANDARDS))[1]["error"] == "unsupported_grant_type"


@pytest.mark.requirement("S44")
@pytest.mark.enforces("sso_certificate")
async def test_what_another_key_signed_is_refused(house: House) -> None:
    await sign_on(house, file("stranger.crt").decode())
    answer = await send(house, encoded(file("response.xml")))

    assert answer[1]["error"] == "invalid_client"
    assert await refused(house, answer) == "sso.not_signed"


@pytest.mark.enforces("sso_issuer")
@pytest.mark.enforces("sso_entity_id")
@pytest.mark.enforces("saml_assertion_app")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sso_issuer": "https://another.example"}, "sso.issuer_unknown"),
        ({"sso_issuer": ""}, "sso.issuer_unknown"),
        ({"sso_entity_id": "https://another.example"}, "sso.other_audience"),
        ({"sso_entity_id": ""}, "sso.other_audience"),
        ({"sso_certificate": None}, "sso.no_certificate"),
        ({"saml_assertion_app": ""}, "sso.no_app"),
        ({"saml_assertion_app": "Nobodys_App"}, "sso.no_app"),
    ],
)
async def test_what_the_org_has_not_set_is_refused_and_explained(
    house: House, changed: dict[str, Any], reason: str
) -> None:
    await sign_on(house)
    await orgs.change(house.desk, house.org, changed)
    answer = await send(house, encoded(file("response.xml")))

    assert await refused(house, answer) == reason
    assert by_id(reason).setting is not None  # type: ignore[union-attr]


@pytest.mark.requirement("S23")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"recipient": "https://harbour.example/acs"}, "sso.other_recipient"),
        ({"recipient": None, "confirmed_until": None}, "sso.other_recipient"),
        ({"until": "2020-01-01T00:00:00Z"}, "sso.ended"),
        ({"confirmed_until": "2020-01-01T00:00:00Z"}, "sso.ended"),
        ({"not_before": "2040-01-01T00:00:00Z"}, "sso.too_early"),
        ({"audience": None}, "sso.no_audience"),
        ({"subject": None}, "sso.no_subject"),
        ({"subject": "<saml:NameID>nobody@harbour.example</saml:NameID>"}, "sso.no_such_user"),
        ({"version": "1.1"}, "sso.unreadable"),
    ],
)
async def test_a_response_that_says_something_wrong_is_refused_and_explained(
    house: House, changed: dict[str, Any], reason: str
) -> None:
    await sign_on(house, signer().certificate)

    assert await refused(house, await send(house, response(house, **changed))) == reason


async def test_the_recipient_may_name_the_org_as_salesforces_endpoint_does(house: House) -> None:
    await sign_on(house, signer().certificate)
    endpoint = f"{BASE}{SALESFORCE}/token?so="

    assert (await send(house, response(house, recipient=endpoint + house.org_id)))[0] == 200
    assert (await send(house, response(house, id="_2", recipient=endpoint + house.org.short_id)))[0] == 200
    assert (await send(house, response(house, id="_3", recipient=endpoint + "00D000000000001")))[0] == 400


@pytest.mark.requirement("S23")
async def test_a_response_counts_once(house: House) -> None:
    await sign_on(house)
    assert (await send(house, encoded(file("response.xml"))))[0] == 200

    assert await refused(house, await send(house, encoded(file("response.xml")))) == "sso.seen"


@pytest.mark.requirement("S23")
async def test_an_assertion_without_an_id_cannot_be_told_from_another_and_is_none(house: House) -> None:
    """Where the response around it is what was signed, nothing else would ask for the assertion's own."""
    await sign_on(house, signer().certificate)
    inside = etree.fromstring(signed_text(house, IDP, audience=ENTITY).encode())
    for signature in inside.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        inside.remove(signature)
    del inside.attrib["ID"]
    around = f'<p:Response xmlns:p="{PROTOCOL}" ID="_r">{etree.tostring(inside).decode()}</p:Response>'

    assert await refused(house, await send(house, encoded(signed_by(around, signer())))) == "sso.unreadable"


async def test_an_error_says_where_it_is_explained_once_the_response_was_read(house: House) -> None:
    await sign_on(house)
    await send(house, encoded(file("response.xml")))
    read = (await send(house, encoded(file("response.xml"))))[1]
    unread = (await send(house, encoded(file("bearer.xml"))))[1]

    assert read["error_uri"].startswith(f"{BASE}/setup/traces/")
    assert "error_uri" not in unread
    assert "error_uri" not in (await send(house, encoded(file("response.xml")), assertion_type=""))[1]


@pytest.mark.parametrize("off", ["saml_assertion_flow", "saml_assertion_app"])
async def test_the_orgs_administrators_may_read_why_where_no_app_is_known(house: House, off: str) -> None:
    await sign_on(house)
    await orgs.change(house.desk, house.org, {off: False if off == "saml_assertion_flow" else ""})
    await send(house, encoded(file("response.xml")))
    await house.server.refusals.flush()

    assert await house.db.one(Statement("SELECT org_id FROM refusal")) == (house.org.id,)


async def test_a_user_of_another_org_is_no_user_of_this_one(house: House) -> None:
    await sign_on(house, signer().certificate)
    elsewhere = await house.elsewhere()
    await house.change("UPDATE person SET org_id = :org WHERE username = 'ada@harbour.example'", elsewhere.org_id)

    assert await refused(house, await send(house, response(house))) == "sso.no_such_user"


@pytest.mark.enforces("sso_user")
async def test_the_provider_may_name_users_by_their_federation_id(house: House) -> None:
    await sign_on(house, signer().certificate, sso_user="federation_id")
    assert await refused(house, await send(house, response(house))) == "sso.no_such_user"

    await users.change(house.desk, house.org, "ben@harbour.example", {"federation_id": "Ben-7"})
    status, answer = await send(house, response(house, id="_2", subject="<saml:NameID>Ben-7</saml:NameID>"))

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ben"])
    other = response(house, id="_3", subject="<saml:NameID>ben-7</saml:NameID>")
    assert await refused(house, await send(house, other)) == "sso.no_such_user"


async def test_no_two_users_of_an_org_have_one_federation_id(house: House) -> None:
    await users.change(house.desk, house.org, "ben@harbour.example", {"federation_id": "7"})

    with pytest.raises(ManageProblem, match="another user's"):
        await users.change(house.desk, house.org, "ada@harbour.example", {"federation_id": "7"})
    await users.change(house.desk, house.org, "ben@harbour.example", {"federation_id": ""})
    await users.change(house.desk, house.org, "ada@harbour.example", {"federation_id": "7"})


async def test_where_two_orgs_have_one_provider_the_request_says_which_is_meant(house: House) -> None:
    await sign_on(house)
    elsewhere = await house.elsewhere()
    await orgs.change(
        house.desk, elsewhere.org, {"saml_assertion_flow": True, "sso_issuer": IDP, "saml_assertion_app": "X"}
    )

    assert await refused(house, await send(house, encoded(file("response.xml")))) == "sso.org_ambiguous"
    answer = await send(house, encoded(file("response.xml")), so=elsewhere.org_id)
    assert await refused(house, answer) == "sso.no_app"
    assert (await send(house, encoded(file("response.xml")), so=house.org.short_id))[0] == 200


async def test_the_apps_policies_hold_for_the_token(house: House) -> None:
    app = await sign_on(house, signer().certificate)
    await house.change("UPDATE app_policy SET is_blocked = 1 WHERE app_id = :id", app.id)

    answer = await send(house, response(house))
    assert answer[1]["error"] == "OAUTH_APP_BLOCKED"
    assert answer[1]["error_uri"]


async def test_client_and_scope_are_not_for_the_caller_to_choose(house: House) -> None:
    app, other = await sign_on(house), await house.app()
    assertion = encoded(file("response.xml"))

    assert (await send(house, assertion, scope="api"))[1]["error"] == "invalid_request"
    assert await refused(house, await send(house, assertion, client_id=other.consumer_key)) == "sso.other_client"
    wrong = await send(house, assertion, client_id=app.consumer_key, client_secret="wrong")
    assert wrong[1]["error"] == "invalid_client"
    assert (await send(house, assertion, client_id=app.consumer_key))[0] == 200
