"""The JWK set: public halves only, stable ids, overlap at rotation (salesforce-oauth.md 1.5; conformance.md 2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from grantway.endpoints.signing import Signing
from grantway.manage.caller import Caller
from grantway.manage.desk import Desk
from grantway.manage.server import keys
from tests.endpoints.house import SALESFORCE, House
from tests.endpoints.wire import JWKS, both_doors, decoded, open_web, read_id_token

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


async def rotate(house: House) -> str:
    """Rotate as `grantway keys rotate` does."""
    return await keys.rotate(Desk(db=house.db, clock=house.clock, ring=house.server.ring, caller=Caller()))


@asynccontextmanager
async def another_worker(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """Call a second process on the same database, which has not read the keys before."""
    async with open_web(replace(house.server, signing=Signing(house.server.ring, house.clock))) as client:
        yield client


async def published(web: httpx.AsyncClient, door: str) -> list[dict[str, Any]]:
    """Return the keys of a door's set."""
    return list((await web.get(JWKS[door])).json()["keys"])


@both_doors
@pytest.mark.requirement("S25")
async def test_each_key_has_its_public_half_and_nothing_private(web: httpx.AsyncClient, door: str) -> None:
    """Section 1.5: kty, n, e AQAB, alg, use, kid."""
    for key in await published(web, door):
        assert set(key) == {"kty", "n", "e", "alg", "use", "kid"}
        assert PRIVATE.isdisjoint(key)
        assert (key["kty"], key["e"], key["alg"], key["use"]) == ("RSA", "AQAB", "RS256", "sig")
        assert int.from_bytes(decoded(key["n"])).bit_length() >= 2048


@both_doors
async def test_key_ids_are_short_decimals_and_all_different(house: House, door: str) -> None:
    """Section 1.5."""
    await rotate(house)
    await rotate(house)
    async with another_worker(house) as web:
        kids = [key["kid"] for key in await published(web, door)]

    assert kids == ["222", "221", "220"]


async def test_both_doors_publish_the_same_keys(web: httpx.AsyncClient) -> None:
    """Decision 1: signing keys are shared."""
    assert (await web.get("/id/keys")).content == (await web.get("/oidc/jwks")).content


@both_doors
async def test_every_worker_publishes_the_same_key_under_the_same_id(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    async with another_worker(house) as other:
        assert await published(web, door) == await published(other, door)


@pytest.mark.requirement("S25")
async def test_after_a_rotation_the_new_key_signs_and_what_the_old_one_signed_still_verifies(house: House) -> None:
    """Module `server-rotate-keys`: new id, new material, the old key still published."""
    app = await house.app()
    before = await house.sign_in(app)
    kid = await rotate(house)
    async with another_worker(house) as web:
        form = {"grant_type": "refresh_token", "refresh_token": before["refresh_token"]}
        secret = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
        after = (await web.post(f"{SALESFORCE}/token", data={**form, **secret})).json()

        assert (await read_id_token(web, after["id_token"], SALESFORCE))[0]["kid"] == kid == "221"
        assert (await read_id_token(web, before["id_token"], SALESFORCE))[0]["kid"] == "220"
        new, old = await published(web, SALESFORCE)
        assert new["n"] != old["n"]


async def test_a_key_goes_when_nothing_it_signed_can_still_count(house: House) -> None:
    await rotate(house)
    house.clock.advance(days=2)
    await rotate(house)

    async with another_worker(house) as web:
        assert [key["kid"] for key in await published(web, SALESFORCE)] == ["222", "221"]
