"""No log line, no stored refusal and no answer holds a secret that a request brought (S54, S56, S62; security.md 6)."""

import base64
from urllib.parse import quote

import httpx
import pytest

from grantway import settings as s
from grantway.store.statement import Statement
from tests.endpoints.house import SALESFORCE, STANDARDS, VERIFIER, House
from tests.endpoints.wire import MACHINE, basic, bearer, both_doors, in_body

TABLES = (
    "app",
    "access_token",
    "refresh_token",
    "authorization_code",
    "token_family",
    "event",
    "refusal",
    "signing_key",
)


def spellings(secret: str) -> list[str]:
    """Return a secret as it might stand somewhere: plain, in hex, base64 or a URL."""
    data = secret.encode()
    # Base64 of the middle, cut to whole groups, is found inside the base64 of any longer text at one of three offsets.
    inner = [base64.b64encode(data[offset:])[: (len(data) - offset) // 3 * 4].decode() for offset in range(3)]
    return [secret, secret[-40:], data.hex(), quote(secret, safe=""), *inner]


async def everything_stored(house: House) -> str:
    """Return all that the database holds, as text."""
    await house.server.refusals.flush()
    found = []
    for table in TABLES:
        for row in await house.db.all(Statement(f"SELECT * FROM {table}")):
            found += [
                value.hex() + value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row
            ]
    return "\n".join(found)


@both_doors
@pytest.mark.requirement("S54")
@pytest.mark.requirement("S56")
@pytest.mark.requirement("S62")
async def test_whatever_goes_wrong_no_secret_is_written_down_or_sent_back(
    house: House, web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, door: str
) -> None:
    caplog.set_level("DEBUG")
    app = await house.app({s.REFRESH_TOKEN_ROTATION: True})
    answer = await house.sign_in(app, door=door)
    typed = "W" * 10 + "Typed-By-Mistake" + "9" * 30
    secrets = [app.consumer_secret, answer["access_token"], answer["refresh_token"], VERIFIER[:60] + "tail", typed]
    token = f"{door}/token"
    replies = [
        await web.post(token, data={**MACHINE, "client_id": app.consumer_key, "client_secret": typed}),
        await web.post(token, data=MACHINE, headers=basic(app.consumer_key, typed)),
        await web.post(token, data={**MACHINE, **in_body(app)}, headers=basic(app.consumer_key, typed)),
        await web.post(token, params={"client_secret": app.consumer_secret}, data=MACHINE),
        await web.post(token, params={"refresh_token": answer["refresh_token"]}, data=MACHINE),
        await web.post(token, data={"grant_type": "refresh_token", "refresh_token": typed, **in_body(app)}),
        await web.post(token, data={"grant_type": "authorization_code", "code_verifier": secrets[3], **in_body(app)}),
        await web.post(token, content=f"client_secret={typed}&client_secret={typed}", headers={"content-type": "x/y"}),
        await web.post(f"{door}/introspect", data={"token": answer["access_token"], "client_id": app.consumer_key}),
        await web.post(f"{door}/introspect", data={"token": typed, **in_body(app)}),
        await web.get(f"{door}/userinfo", headers=bearer({"access_token": typed})),
        await web.get(f"{door}/userinfo", params={"access_token": answer["access_token"]}),
        await web.get(f"{door}/revoke", params={"token": answer["refresh_token"]}),
        await web.get("/services/data/v60.0/", headers=bearer({"access_token": typed})),
    ]
    assert len(await house.reasons()) >= len(replies) - 1  # junk at the standards' introspection is no refusal

    # The client of this test logs the URLs it calls; what counts is what the server writes.
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    written = await everything_stored(house) + logged
    sent = "\n".join(reply.text + str(reply.headers) for reply in replies)
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in written
            assert spelling not in sent


async def test_the_search_of_this_file_finds_what_is_there(house: House) -> None:
    """The check can fail: a consumer key, which is no secret, is found."""
    app = await house.app()

    assert app.consumer_key in await everything_stored(house)
    inside = base64.b64encode(b"xy" + app.consumer_secret.encode() + b"z").decode()
    assert any(spelling in inside for spelling in spellings(app.consumer_secret))


@pytest.mark.requirement("S53")
async def test_an_accident_inside_gives_an_id_and_no_trace(
    house: House, web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    await house.change("UPDATE person SET details = 'no JSON'")
    refused = await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))
    there = await web.post(f"{STANDARDS}/introspect", data={**in_body(app), "token": answer["access_token"]})

    assert (refused.status_code, refused.text) == (500, "UNKNOWN_EXCEPTION")
    assert refused.headers["x-request-id"] in caplog.text
    assert answer["access_token"] not in caplog.text
    assert there.status_code == 200
