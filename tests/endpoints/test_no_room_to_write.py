"""A write that fails is never answered with success, and what needs no write goes on (S16, R5)."""

import httpx
import pytest

from grantway import settings as s
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House
from tests.endpoints.wire import DOOR_NAME, bearer, both_doors, in_body, machine
from tests.store.disk import no_room_beyond

UNAVAILABLE = {"error": "temporarily_unavailable", "error_description": "retry your request"}


@both_doors
@pytest.mark.requirement("S16")
@pytest.mark.requirement("R5")
async def test_no_token_is_issued_used_up_or_revoked_while_nothing_can_be_stored(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True, s.REFRESH_TOKEN_ROTATION: True}, run_as="ada@harbour.example")
    answer = await house.sign_in(app, door=door)
    code = await house.code(app, door=DOOR_NAME[door])
    requests = [
        ("token", {"grant_type": "client_credentials"}),
        ("token", {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}),
        (
            "token",
            {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER},
        ),
        ("revoke", {"token": answer["access_token"]}),
        ("revoke", {"token": answer["refresh_token"]}),
    ]

    with no_room_beyond(0):
        refused = [await web.post(f"{door}/{path}", data={**form, **in_body(app)}) for path, form in requests]
    house.clock.advance(ms=1)
    done = [await web.post(f"{door}/{path}", data={**form, **in_body(app)}) for path, form in requests[:4]]

    assert [(reply.status_code, reply.json()) for reply in refused] == [(503, UNAVAILABLE)] * 5
    assert all(reply.headers["retry-after"] == "1" for reply in refused)
    assert [reply.status_code for reply in done] == [200] * 4


@pytest.mark.requirement("R5")
async def test_what_needs_no_write_goes_on(house: House, web: httpx.AsyncClient) -> None:
    app = await machine(house)
    here, there = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)
    house.clock.advance(minutes=70)  # a session in use is renewed after half of its two hours
    with no_room_beyond(0):
        replies = [
            await web.get(f"{SALESFORCE}/userinfo", headers=bearer(here)),
            await web.get(f"{STANDARDS}/userinfo", headers=bearer(there)),
            await web.get(here["id"], headers=bearer(here)),
            await web.post(f"{SALESFORCE}/introspect", data={**in_body(app), "token": here["access_token"]}),
            await web.get("/id/keys"),
            await web.get("/.well-known/openid-configuration"),
        ]

    assert [reply.status_code for reply in replies] == [200] * 6
