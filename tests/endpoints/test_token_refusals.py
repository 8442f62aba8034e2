"""What the token endpoint refuses, in which words (salesforce-oauth.md 2.4; RFC 6749 5.2, at the standards' door)."""

import importlib
import pkgutil
import re
from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.protocol import no
from grantway.protocol.door import Voice
from grantway.protocol.refusal import Reason
from tests.endpoints.house import SALESFORCE, STANDARDS, VERIFIER, House
from tests.endpoints.wire import DOOR_NAME, MACHINE, both_doors, in_body, machine

RFC_6749 = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
}


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, 400, "invalid_grant"),
        ({"redirect_uri": ""}, 400, "invalid_request"),
        ({"code": "aPrxnonsense=="}, 400, "invalid_grant"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "3MVGnobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
async def test_at_the_standards_door_a_code_is_refused_in_the_rfcs_codes_and_stays_unused(
    house: House, more: dict[str, str], status: int, error: str
) -> None:
    app = await house.app()
    code = await house.code(app, door="standards")
    refused = await house.redeem(app, **({"code": code} | more), door=STANDARDS)

    assert (refused[0], refused[1]["error"]) == (status, error)
    assert (await house.redeem(app, code, door=STANDARDS))[0] == 200


@pytest.mark.parametrize(
    ("values", "run_as", "more", "error"),
    [
        ({}, "ada@harbour.example", {}, "unauthorized_client"),
        ({s.CLIENT_CREDENTIALS: True}, "", {}, "unauthorized_client"),
        ({s.CLIENT_CREDENTIALS: True, s.SCOPES: ("full",)}, "ada@harbour.example", {}, "invalid_scope"),
        ({s.CLIENT_CREDENTIALS: True}, "ada@harbour.example", {"scope": "api web"}, "invalid_scope"),
        (
            {s.CLIENT_CREDENTIALS: True, s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED},
            "ada@harbour.example",
            {},
            "invalid_grant",
        ),
    ],
)
async def test_at_the_standards_door_client_credentials_are_refused_in_the_rfcs_codes(
    house: House, values: dict[s.AnySetting, Any], run_as: str, more: dict[str, str], error: str
) -> None:
    app = await house.app(values, run_as=run_as)
    refused = await house.token({**MACHINE, **in_body(app), **more}, door=STANDARDS)

    assert (refused[0], refused[1]["error"]) == (400, error)


async def test_at_the_standards_door_scope_narrows_client_credentials(house: House) -> None:
    app = await machine(house)
    status, answer = await house.token({**MACHINE, **in_body(app), "scope": "api"}, door=STANDARDS)

    assert (status, answer["scope"]) == (200, "api")


@both_doors
async def test_another_apps_code_is_as_good_as_none_and_stays_unused(house: House, door: str) -> None:
    """S13: a code is bound to its client."""
    mine, other = await house.app(), await house.app()
    code = await house.code(mine, door=DOOR_NAME[door])
    refused = await house.redeem(other, code, door=door)

    assert refused == (400, {"error": "invalid_grant", "error_description": "invalid authorization code"})
    assert (await house.redeem(mine, code, door=door))[0] == 200


@pytest.mark.requirement("S13")
@pytest.mark.parametrize(("issued_at", "door"), [("salesforce", STANDARDS), ("standards", SALESFORCE)])
async def test_a_code_of_one_door_is_unknown_at_the_other(house: House, issued_at: str, door: str) -> None:
    app = await house.app()
    code = await house.code(app, door=issued_at)

    assert await house.redeem(app, code, door=door) == (
        400,
        {"error": "invalid_grant", "error_description": "invalid authorization code"},
    )


@pytest.mark.requirement("S11")
@both_doors
async def test_a_token_of_one_kind_is_none_of_another(house: House, door: str) -> None:
    app = await house.app()
    code = await house.code(app, door=DOOR_NAME[door])
    answer = await house.sign_in(app, door=door)

    for text in (answer["access_token"], code, answer["id_token"]):
        assert (await house.refresh(app, text, door=door))[1]["error"] == "invalid_grant"
    for text in (answer["access_token"], answer["refresh_token"], answer["id_token"]):
        assert (await house.redeem(app, text, door=door))[1]["error"] == "invalid_grant"


@both_doors
async def test_a_missing_refresh_token_is_refused_in_the_doors_words(house: House, door: str) -> None:
    status, refused = await house.refresh(await house.app(), "", door=door)

    assert status == 400
    assert refused["error"] == ("invalid_grant" if door == SALESFORCE else "invalid_request")


@both_doors
async def test_the_callback_is_looked_at_before_the_code(house: House, door: str) -> None:
    """Section 3.1, check order."""
    refused = await house.redeem(await house.app(), "aPrxnonsense==", door=door, redirect_uri="https://evil.example/")

    assert refused[1]["error"] == ("redirect_uri_mismatch" if door == SALESFORCE else "invalid_grant")
    assert await house.reasons() == ["code.redirect_uri_mismatch"]


async def test_a_blocked_user_hears_of_it_only_with_a_good_code(house: House) -> None:
    """Section 3.1, check order: user and app policy come last."""
    app = await house.app()
    code = await house.code(app)
    await house.change("UPDATE person SET is_frozen = 1")

    assert (await house.redeem(app, code, code_verifier="w" * 64))[1]["error_description"] == "invalid code verifier"
    assert (await house.redeem(app, code))[1]["error_description"] == "inactive user"


@both_doors
async def test_an_empty_scope_is_a_missing_one(house: House, web: httpx.AsyncClient, door: str) -> None:
    """RFC 6749, section 3.2."""
    app = await machine(house)
    answer = await house.sign_in(app, door=door)
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"], "scope": ""}

    assert (await web.post(f"{door}/token", data={**MACHINE, **in_body(app), "scope": ""})).status_code == 200
    assert (await web.post(f"{door}/token", data={**refresh, **in_body(app)})).status_code == 200


@both_doors
async def test_unknown_and_out_of_place_parameters_are_ignored(house: House, door: str) -> None:
    """clients.md 7.3; section 3.5: jsforce sends code_verifier with a refresh."""
    app = await house.app()
    answer = await house.sign_in(app, door=door)
    refreshed = await house.refresh(
        app,
        answer["refresh_token"],
        door=door,
        code_verifier=VERIFIER,
        redirect_uri="https://x.example",
        attestation="x",
    )

    assert refreshed[0] == 200


@pytest.mark.parametrize(
    ("asked", "accept", "content_type", "body"),
    [
        (
            "",
            "*/*",
            "application/json",
            '{"error":"unsupported_grant_type","error_description":"grant type not supported"}',
        ),
        (
            "xml",
            "*/*",
            "application/xml",
            '<?xml version="1.0" encoding="UTF-8"?><OAuth><error>unsupported_grant_type</error>'
            "<error_description>grant type not supported</error_description></OAuth>",
        ),
        (
            "",
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
            "error=unsupported_grant_type&error_description=grant%20type%20not%20supported",
        ),
        (
            "json",
            "application/xml",
            "application/json",
            '{"error":"unsupported_grant_type","error_description":"grant type not supported"}',
        ),
    ],
)
async def test_at_salesforces_door_an_error_comes_in_the_format_asked_for(
    web: httpx.AsyncClient, asked: str, accept: str, content_type: str, body: str
) -> None:
    """Section 1.10: `format` beats Accept; XML errors have both elements."""
    refused = await web.post(
        f"{SALESFORCE}/token", data={"grant_type": "x", "format": asked}, headers={"accept": accept}
    )

    assert (refused.status_code, refused.text) == (400, body)
    assert refused.headers["content-type"].split(";")[0] == content_type


@both_doors
async def test_an_error_is_not_stored_and_salesforces_has_no_challenge(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    """Section 2.4: 401 is not used there; RFC 6749 5.2 for the other door."""
    app = await house.app()
    refused = await web.post(f"{door}/token", data={**MACHINE, **in_body(app), "client_secret": "x"})

    assert "no-store" in refused.headers["cache-control"]
    assert ("www-authenticate" in refused.headers) == (door == STANDARDS)


@pytest.mark.parametrize("module", ["app", "client", "code", "machine", "refresh", "request"])
def test_the_standards_token_endpoint_has_the_rfcs_codes_and_no_others(module: str) -> None:
    """RFC 6749 5.2: `access_denied` is of the authorization endpoint. 401 is for `invalid_client` alone."""
    for reason in reasons_of(module):
        wire = reason.wire(Voice.STANDARDS)
        if wire.status in (400, 401):
            assert wire.error in RFC_6749, reason.id
        assert (wire.status == 401) == (wire.error == "invalid_client"), reason.id


def reasons_of(module: str) -> list[Reason]:
    """Return the reasons that a module has."""
    found = vars(importlib.import_module(f"{no.__name__}.{module}")).values()
    return [value for value in found if isinstance(value, Reason)]


def every_reason() -> list[Reason]:
    """Return every reason there is."""
    return [reason for found in pkgutil.iter_modules(no.__path__) for reason in reasons_of(found.name)]


@pytest.mark.parametrize("reason", every_reason(), ids=lambda reason: reason.id)
def test_every_oauth_error_has_a_code_and_a_description_that_may_stand_in_one(reason: Reason) -> None:
    """conformance.md 2: printable ASCII without quote and backslash. Section 1.10: always a description."""
    for voice in (Voice.SALESFORCE, Voice.STANDARDS):
        wire = reason.wire(voice)
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*", wire.says)
        assert bool(wire.says) == bool(wire.error)
