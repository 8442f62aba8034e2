"""SAML assertions as subject tokens of the token exchange flow, validated by what a handler declares (RFC 8693, 3)."""

from typing import Any

import pytest

from tests.endpoints.house import BASE, House
from tests.endpoints.issuer import AUDIENCE, ISSUER, exchanging_app, handler_for
from tests.endpoints.saml_signer import at, signed
from tests.endpoints.signer import signer
from tests.endpoints.test_token_exchange import FAILED, exchange


def believing_saml(**more: Any) -> dict[str, Any]:
    """The fields of a handler that believes the provider's SAML assertions."""
    fields = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "certificate": signer().certificate,
        "subject_token_types": "saml2",
    }
    return {**fields, **more}


@pytest.mark.parametrize("recipient", [f"{BASE}/services/oauth2/token", AUDIENCE, None])
async def test_a_saml_assertion_stands_for_the_user_that_it_names(house: House, recipient: str | None) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing_saml())
    bare: dict[str, Any] = {} if recipient else {"confirmed_until": None}
    assertion = signed(house, ISSUER, audience=AUDIENCE, recipient=recipient, **bare)
    status, answer = await exchange(house, app, assertion, kind="saml2")

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("exchange.not_signed", {"by": 1}),
        ("exchange.other_issuer", {"issuer": "https://other.example"}),
        ("exchange.other_audience", {"audience": BASE}),
        ("exchange.no_audience", {"audience": None}),
        ("exchange.ended", {"until": -31}),
        ("exchange.ended", {"confirmed_until": -31}),
        ("exchange.too_early", {"not_before": 60}),
        ("exchange.other_recipient", {"recipient": "https://other.example/acs"}),
        ("exchange.nobody_named", {"subject": ""}),
        ("exchange.unreadable", {"version": "1.1"}),
        ("exchange.unreadable", {"conditions": "<saml:Condition/>"}),
    ],
)
async def test_an_assertion_that_does_not_hold_gives_nothing(
    house: House, reason: str, changed: dict[str, Any]
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing_saml())
    said: dict[str, Any] = {
        name: at(house.clock.now_ms(), seconds=value) if name != "by" and isinstance(value, int) else value
        for name, value in {"audience": AUDIENCE, **changed}.items()
    }
    if "by" in said:
        said["by"] = signer(number=said["by"])
    issuer = said.pop("issuer", ISSUER)

    assert await exchange(house, app, signed(house, issuer, **said), kind="saml2") == (400, FAILED)
    assert await house.reasons() == [reason]


@pytest.mark.parametrize("token", ["not a SAML assertion", "PGE-PC9hPg", "x" * 50_000])
async def test_what_is_no_assertion_is_unreadable(house: House, token: str) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing_saml())

    assert await exchange(house, app, token, kind="saml2") == (400, FAILED)
    assert await house.reasons() == ["exchange.unreadable"]


async def test_without_a_certificate_no_assertion_is_believed(house: House) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing_saml(certificate="none", jwks_url="https://id.harbour.example/keys"))

    assert await exchange(house, app, signed(house, ISSUER, audience=AUDIENCE), kind="saml2") == (400, FAILED)
    assert await house.reasons() == ["exchange.no_saml"]
