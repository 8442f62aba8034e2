"""Requests that cannot be read: refused in JSON with 400, 405 or 415, never with a page or a 500 (S2, S21a, S49)."""

import httpx
import pytest

from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import MACHINE, both_doors, in_body, machine

FORM = {"content-type": "application/x-www-form-urlencoded"}


@both_doors
@pytest.mark.requirement("S49")
@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=refresh_token&refresh_token=%00",
        b"grant_type=%00",
        b"grant_type=\xff",
        b"grant_type=%FF",
        b"client_id=%ED%A0%80&grant_type=client_credentials",
        b"\x00",
        b"&".join(b"a%d=b" % number for number in range(200)),
    ],
    ids=["NUL", "NUL in grant_type", "raw byte", "encoded byte", "surrogate", "NUL alone", "200 parameters"],
)
async def test_what_is_no_form_of_utf_8_text_is_400(web: httpx.AsyncClient, door: str, body: bytes) -> None:
    for path in ("token", "introspect", "revoke"):
        refused = await web.post(f"{door}/{path}", content=body, headers=FORM)
        assert refused.status_code == 400
        assert "invalid_request" in refused.text


@both_doors
@pytest.mark.requirement("S49")
@pytest.mark.parametrize("size", [100, 10_000, 60_000])
async def test_a_value_of_any_size_and_alphabet_is_only_a_wrong_value(
    house: House, web: httpx.AsyncClient, door: str, size: int
) -> None:
    app = await machine(house)
    for text in ("a" * size, "\u00e4" * (size // 6), "-1", "9" * size, "\U0001f511"):
        for name in ("code", "refresh_token", "code_verifier", "scope", "redirect_uri"):
            for grant in ("authorization_code", "refresh_token"):
                form = {"grant_type": grant, name: text, **in_body(app)}
                reply = await web.post(f"{door}/token", data=form)
                assert reply.status_code == 400
                assert reply.json()["error"]
        for path in ("introspect", "revoke"):
            reply = await web.post(f"{door}/{path}", data={"token": text, **in_body(app)})
            assert reply.status_code in (200, 400)


@both_doors
async def test_unescaped_blanks_and_colons_are_normal(house: House, web: httpx.AsyncClient, door: str) -> None:
    """Decision 16: sloppily encoded forms."""
    app = await machine(house)
    body = (
        f"grant_type=client_credentials&client_id={app.consumer_key}&client_secret={app.consumer_secret}"
        "&redirect_uri=https://app.example/a b"
    )

    assert (await web.post(f"{door}/token", content=body, headers=FORM)).status_code == 200


@both_doors
@pytest.mark.requirement("S2")
async def test_a_parameter_in_the_url_and_in_the_body_is_given_twice(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await machine(house)
    form = {**MACHINE, **in_body(app)}
    refused = await web.post(f"{door}/token", params={"grant_type": "client_credentials"}, data=form)

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert (await web.post(f"{door}/token", params={"x": "y"}, data=form)).status_code == 200


@both_doors
@pytest.mark.requirement("S2")
@pytest.mark.parametrize("more", [b"&grant_type=client_credentials", b"&scope=api&scope=id", b"&client_id[]=x"])
async def test_a_parameter_given_twice_or_as_an_array_is_refused(
    house: House, web: httpx.AsyncClient, door: str, more: bytes
) -> None:
    app = await machine(house)
    body = f"grant_type=client_credentials&client_id={app.consumer_key}&client_secret={app.consumer_secret}".encode()
    refused = await web.post(
        f"{door}/token", content=body + more, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


@both_doors
@pytest.mark.requirement("S21a")
async def test_a_json_body_is_refused(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.app()
    for path in ("token", "introspect", "revoke"):
        refused = await web.post(f"{door}/{path}", json={**MACHINE, **in_body(app)})
        assert refused.status_code in (400, 415)
        assert "invalid_request" in refused.text


@pytest.mark.requirement("S21a")
async def test_multipart_fields_are_salesforces_alone(house: House, web: httpx.AsyncClient) -> None:
    app = await machine(house)
    fields = {name: (None, value) for name, value in {**MACHINE, **in_body(app)}.items()}

    assert (await web.post(f"{SALESFORCE}/token", files=fields)).status_code == 200
    assert (await web.post(f"{STANDARDS}/token", files=fields)).status_code == 415


async def test_at_the_standards_door_other_methods_are_405_and_the_answer_names_post(web: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        refused = await web.request(method, f"{STANDARDS}/token")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
