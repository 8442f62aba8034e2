"""The SAML Bearer Assertion Flow: a signed SAML assertion stands for a user (RFC 7522; salesforce-oauth.md 3.7)."""

import asyncio
import base64
from typing import Any

import pytest

from grantway import settings as s
from grantway.kit.clock import DAY_MS, MINUTE_MS
from grantway.protocol.no import by_id
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.saml_signer import ADA, app_of_files, at, encoded, file, send, signed
from tests.endpoints.signer import Signer, signer

INVALID = {"error": "invalid_grant", "error_description": "invalid assertion"}
AUDIENCE = {"error": "invalid_grant", "error_description": "audience is invalid"}
FOREIGN = {"error": "invalid_client", "error_description": "invalid client credentials"}
ENDED = {"error": "invalid_grant", "error_description": "expired authorization code"}
UNAPPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}


async def preauthorized(house: House, who: Signer | None = None) -> TestApp:
    """An app with a certificate, for which the users of the house's profile are pre-authorized."""
    return await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse((who or signer()).certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        }
    )


async def explained(house: House) -> tuple[str, str]:
    """Return the id of the newest reason, and what its remedy says."""
    reason = by_id((await house.reasons())[-1])
    assert reason is not None
    assert reason.means
    return reason.id, reason.remedy


async def test_an_assertion_that_another_implementation_signed_gives_an_access_token_and_no_refresh_token(
    house: House,
) -> None:
    app = await app_of_files(house)
    status, answer = await send(house, encoded(file("bearer.xml")))

    assert status == 200, answer
    assert "refresh_token" not in answer
    assert set(answer["scope"].split()) == {"id", "api", "openid"}
    assert answer["id"].endswith(house.user_ids["ada"])
    assert await house.is_active(app, answer["access_token"])


async def test_the_standards_door_takes_one_for_its_issuer_and_its_token_endpoint(house: House) -> None:
    await app_of_files(house)
    status, answer = await send(house, encoded(file("standards.xml")), door=STANDARDS)

    assert (status, answer["token_type"], answer["scope"]) == (200, "Bearer", "api id openid")
    assert "refresh_token" not in answer


async def test_a_key_on_an_elliptic_curve_signs_as_well(house: House) -> None:
    await app_of_files(house, "elliptic")

    assert (await send(house, encoded(file("elliptic.xml"))))[0] == 200


async def test_salesforces_door_takes_the_common_base64_too_and_the_standards_door_does_not(house: House) -> None:
    await app_of_files(house)
    plain = {name: base64.b64encode(file(name)).decode() for name in ("bearer.xml", "standards.xml")}
    assert "+" in plain["standards.xml"]

    assert (await send(house, plain["bearer.xml"]))[0] == 200
    assert (await send(house, plain["standards.xml"], door=STANDARDS))[0] == 400


@pytest.mark.requirement("S44")
@pytest.mark.parametrize(
    "name",
    ["inclusive", "with_comments", "xpath", "whole_document", "two_references", "response", "signed_response"],
)
async def test_a_signature_of_another_form_than_samls_is_not_even_checked(house: House, name: str) -> None:
    await app_of_files(house)

    assert await send(house, encoded(file(f"{name}.xml"))) == (400, INVALID)
    assert (await explained(house))[0] == "saml.unreadable"


@pytest.mark.requirement("S44")
@pytest.mark.parametrize("name", ["another_key", "sha1", "sha1_digest"])
async def test_another_key_and_sha1_are_refused_as_a_foreign_signature(house: House, name: str) -> None:
    await app_of_files(house)

    assert await send(house, encoded(file(f"{name}.xml"))) == (400, FOREIGN)
    assert (await explained(house))[0] == "saml.not_signed"


@pytest.mark.requirement("S44")
async def test_what_was_changed_after_signing_is_refused(house: House) -> None:
    await app_of_files(house)
    changed = file("bearer.xml").replace(b"ada@harbour", b"ben@harbour")

    assert await send(house, encoded(changed)) == (400, FOREIGN)


@pytest.mark.requirement("S44")
async def test_the_key_that_an_assertion_brings_along_counts_for_nothing(house: House) -> None:
    """It is the stranger's own, and fits; the app's certificate is another."""
    await app_of_files(house)
    assert b"X509Certificate" in file("another_key.xml")

    assert await send(house, encoded(file("another_key.xml"))) == (400, FOREIGN)


@pytest.mark.requirement("S23")
@pytest.mark.parametrize(
    ("changed", "answer", "reason"),
    [
        ({"audience": "https://elsewhere.example"}, AUDIENCE, "saml.other_audience"),
        ({"audience": None}, AUDIENCE, "saml.no_audience"),
        ({"recipient": "https://elsewhere.example/services/oauth2/token"}, INVALID, "saml.other_recipient"),
        ({"recipient": BASE}, INVALID, "saml.other_recipient"),
        ({"recipient": None}, INVALID, "saml.other_recipient"),
        ({"recipient": None, "confirmed_until": None}, INVALID, "saml.other_recipient"),
        ({"confirmed_until": None}, INVALID, "saml.other_recipient"),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, INVALID, "saml.other_recipient"),
        ({"until": "2020-01-01T00:00:00Z"}, ENDED, "saml.ended"),
        ({"confirmed_until": "2020-01-01T00:00:00Z"}, ENDED, "saml.ended"),
        ({"not_before": "2040-01-01T00:00:00Z"}, INVALID, "saml.too_early"),
        ({"confirmed_from": "2040-01-01T00:00:00Z"}, INVALID, "saml.too_early"),
        ({"issued": "2040-01-01T00:00:00Z"}, INVALID, "saml.too_early"),
        ({"issued": None}, INVALID, "saml.unreadable"),
        ({"until": "soon"}, INVALID, "saml.unreadable"),
        ({"until": "2026-13-01T00:00:00Z"}, INVALID, "saml.unreadable"),
        ({"until": "2040-01-01T00:00:00+02:00"}, INVALID, "saml.unreadable"),
        ({"version": "1.1"}, INVALID, "saml.unreadable"),
        ({"subject": None}, INVALID, "saml.no_subject"),
        ({"subject": "<saml:NameID/>"}, INVALID, "saml.no_subject"),
        ({"subject": f"<saml:NameID>{'a' * 2000}</saml:NameID>"}, INVALID, "saml.unreadable"),
        ({"subject": "<saml:NameID>ada<b/>@harbour.example</saml:NameID>"}, INVALID, "saml.unreadable"),
        ({"subject": f"<saml:NameID>{ADA}</saml:NameID>" * 2}, INVALID, "saml.unreadable"),
        ({"subject": "<saml:NameID>nobody@harbour.example</saml:NameID>"}, UNAPPROVED, "assertion.no_such_user"),
        ({"conditions": "<saml:Condition/>"}, INVALID, "saml.unreadable"),
        (
            {"conditions": "<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"},
            INVALID,
            "saml.unreadable",
        ),
        ({"inside": "<saml:Conditions/>"}, INVALID, "saml.unreadable"),
    ],
)
async def test_an_assertion_that_says_something_wrong_is_refused_and_explained(
    house: House, changed: dict[str, Any], answer: dict[str, str], reason: str
) -> None:
    app = await preauthorized(house)

    assert await send(house, signed(house, app.consumer_key, **changed)) == (400, answer)
    found, remedy = await explained(house)
    assert found == reason
    assert remedy


async def test_an_issuer_that_is_no_apps_consumer_key_is_an_unknown_client(house: House) -> None:
    assert await send(house, signed(house, "https://idp.example")) == (
        400,
        {"error": "invalid_client_id", "error_description": "client identifier invalid"},
    )
    assert await send(house, signed(house, "")) == (400, INVALID)


async def test_a_client_id_must_be_that_of_the_issuer_and_a_secret_that_is_sent_must_be_right(house: House) -> None:
    app, other = await preauthorized(house), await preauthorized(house)
    assertion = signed(house, app.consumer_key)

    assert (await send(house, assertion, client_id=other.consumer_key))[1] == INVALID
    assert (await send(house, assertion, client_id=app.consumer_key, client_secret="wrong"))[1] == FOREIGN
    assert (await send(house, assertion, client_id=app.consumer_key, client_secret=app.consumer_secret))[0] == 200


@pytest.mark.enforces("certificate")
async def test_an_app_without_a_certificate_takes_no_assertions(house: House) -> None:
    app = await house.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PROFILES: ("Standard",)})

    assert await send(house, signed(house, app.consumer_key)) == (400, INVALID)
    assert (await explained(house))[0] == "saml.no_certificate"


async def test_a_user_who_approved_before_with_a_refresh_token_gets_what_was_approved(house: House) -> None:
    app = await house.app({s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate)})
    assert await send(house, signed(house, app.consumer_key)) == (400, UNAPPROVED)

    await house.redeem(app, await house.code(app, scopes="api refresh_token"))
    status, answer = await send(house, signed(house, app.consumer_key))

    assert (status, answer["scope"]) == (200, "api")


async def test_scope_is_refused_at_salesforces_door_and_narrows_at_the_standards(house: House) -> None:
    app = await preauthorized(house)
    refused = await send(house, signed(house, app.consumer_key), scope="api")
    narrowed = await send(house, signed(house, app.consumer_key, door=STANDARDS), door=STANDARDS, scope="api")

    assert refused[1] == {"error": "invalid_request", "error_description": "scope parameter not supported"}
    assert (narrowed[0], narrowed[1]["scope"]) == (200, "api")


async def test_without_confirmation_data_the_conditions_end_is_enough_at_the_standards_door(house: House) -> None:
    """RFC 7522, section 3, items 4 and 5."""
    app = await preauthorized(house)
    bare: dict[str, Any] = {"recipient": None, "confirmed_until": None}

    assert (await send(house, signed(house, app.consumer_key, door=STANDARDS, **bare), door=STANDARDS))[0] == 200
    endless = signed(house, app.consumer_key, door=STANDARDS, id="_2", until=None, **bare)
    assert (await send(house, endless, door=STANDARDS))[0] == 400


async def test_where_the_conditions_have_no_end_the_confirmations_counts(house: House) -> None:
    app = await preauthorized(house)

    assert (await send(house, signed(house, app.consumer_key, until=None)))[0] == 200


@pytest.mark.requirement("S23")
@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_an_assertion_counts_once(house: House, door: str) -> None:
    app, other = await preauthorized(house), await preauthorized(house)
    assertion = signed(house, app.consumer_key, door=door)

    assert (await send(house, assertion, door=door))[0] == 200
    assert (await send(house, assertion, door=door))[0] == 400
    assert (await explained(house))[0] == "saml.seen"
    assert (await send(house, signed(house, other.consumer_key, door=door), door=door))[0] == 200


@pytest.mark.requirement("S12")
async def test_of_many_requests_at_once_with_one_assertion_exactly_one_wins(house: House) -> None:
    app = await preauthorized(house)
    assertion = signed(house, app.consumer_key)
    answers = await asyncio.gather(*(send(house, assertion) for _ in range(8)))

    assert sorted(status for status, _ in answers) == [200] + [400] * 7


async def test_a_refused_assertion_is_not_used_up(house: House) -> None:
    app = await preauthorized(house)
    assertion = signed(house, app.consumer_key)

    assert (await send(house, assertion, scope="api"))[0] == 400
    assert (await send(house, assertion))[0] == 200


async def test_the_standards_door_takes_none_that_ends_later_than_five_minutes_from_now(house: House) -> None:
    app = await preauthorized(house)
    far: dict[str, Any] = dict.fromkeys(("until", "confirmed_until"), at(house.clock.now_ms() + DAY_MS))

    assert (await send(house, signed(house, app.consumer_key, door=STANDARDS, **far), door=STANDARDS))[0] == 400
    assert (await explained(house))[0] == "saml.too_long"
    assert (await send(house, signed(house, app.consumer_key, **far)))[0] == 200


async def test_clocks_may_differ_by_three_minutes_at_salesforces_door(house: House) -> None:
    app = await preauthorized(house)
    late, too_late = signed(house, app.consumer_key), signed(house, app.consumer_key, id="_2")
    house.clock.advance(ms=5 * MINUTE_MS)

    assert (await send(house, late))[0] == 200
    house.clock.advance(ms=MINUTE_MS)
    assert await send(house, too_late) == (400, ENDED)


async def test_a_certificate_that_has_expired_still_counts_as_for_jwts(house: House) -> None:
    old = signer(until=2021)
    app = await preauthorized(house, old)

    assert (await send(house, signed(house, app.consumer_key, by=old)))[0] == 200
