"""JWT-based access tokens that are no good here: altered, made up, rotated out, revoked (S15, S16, S22)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import jwt
import pytest

from grantway import settings as s
from grantway.endpoints.signing import Signing
from grantway.kit.jose import SigningKey
from grantway.manage.server import access_keys
from grantway.manage.usage.explain import explain
from grantway.store.apps import Apps
from grantway.store.directory import Directory
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp, access_pem
from tests.endpoints.wire import ISSUER, JWKS, bearer, both_doors, decoded, in_body, open_web, read_id_token
from tests.store.disk import no_room_beyond

pytestmark = pytest.mark.enforces("jwt_access_tokens")
DEAD = (401, 403)
JWK: Any = SigningKey("220", access_pem()).public_jwk()
TWICE = b'{"sfi":1,"sfi":2}'


@asynccontextmanager
async def another_worker(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """Call a second process on the same database, which keeps keys and apps of its own."""
    db, ring = house.db, house.server.ring
    server = replace(house.server, signing=Signing(ring, house.clock), directory=Directory(db, Apps(ring)))
    async with open_web(server) as client:
        yield client


async def statuses(web: httpx.AsyncClient, answer: dict[str, Any], app: TestApp, door: str) -> list[Any]:
    """Use an access token everywhere it could be good: status of each resource, and whether introspection likes it."""
    paths = [f"{door}/userinfo", *([answer["id"], "/services/data/v60.0/"] if door == SALESFORCE else [])]
    found: list[Any] = [(await web.get(path, headers=bearer(answer))).status_code for path in paths]
    told = await web.post(f"{door}/introspect", data={**in_body(app), "token": answer["access_token"]})
    return [*found, told.json()["active"]]


async def why(house: House) -> tuple[str, str]:
    """Return reason and meaning of the one refusal there was, as `explain` tells them."""
    await house.server.refusals.flush()
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    told = await explain(house.desk, str(request_id))
    assert "?" not in told.means
    return told.reason, told.means


def part(value: bytes | dict[str, Any]) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Stolen:
    """A good answer taken apart, for who would make another token of it."""

    answer: dict[str, Any]
    header: dict[str, Any]
    claims: dict[str, Any]
    signature: str
    short_id_of_another_org: str

    def again(self, header: dict[str, Any], claims: dict[str, Any] | None = None, pem: bytes = b"") -> str:
        """Sign something else, with our own key unless another is given: only what is signed is wrong then."""
        return SigningKey(self.header["kid"], pem or access_pem()).sign_under(header, claims or self.claims)


FORGERIES: dict[str, tuple[str, Callable[[Stolen], str]]] = {
    "payload": (
        "this very text",
        lambda it: f"{part(it.header)}.{part({**it.claims, 'sub': 'uid:005000000000001AAA'})}.{it.signature}",
    ),
    "payload, signed by our own key": ("this very text", lambda it: it.again(it.header, {**it.claims, "scp": "full"})),
    "signature": ("this very text", lambda it: f"{part(it.header)}.{part(it.claims)}.{part(bytes(256))}"),
    "no signature": ("three base64url parts", lambda it: f"{part(it.header)}.{part(it.claims)}."),
    "alg none": (
        "not the one of our keys",
        lambda it: f"{part({**it.header, 'alg': 'none'})}.{part(it.claims)}.{it.signature}",
    ),
    "alg HS256": (
        "not the one of our keys",
        lambda it: f"{part({**it.header, 'alg': 'HS256'})}.{part(it.claims)}.{it.signature}",
    ),
    "foreign key": ("this very text", lambda it: it.again(it.header, pem=SigningKey.generate_pem())),
    "key in the header": ("'jwk' is not taken", lambda it: it.again({**it.header, "jwk": JWK})),
    "critical extension": ("'crit' is not taken", lambda it: f"{part({**it.header, 'crit': ['b64']})}.e30.AA"),
    "key of another org": (
        "this very text",
        lambda it: it.again({**it.header, "kid": f"CORE_ATJWT.{it.short_id_of_another_org}.1"}),
    ),
    "key id of no access token": ("none that signs access tokens", lambda it: it.again({**it.header, "kid": "220"})),
    "id token": ("none that signs access tokens", lambda it: it.answer["id_token"]),
    "other type": ("typ or sfi", lambda it: it.again({**it.header, "typ": "logout+jwt"})),
    "no row": ("typ or sfi", lambda it: it.again(it.header, {**it.claims, "sfi": "z" * 64})),
    "another row": ("this very text", lambda it: it.again(it.header, {**it.claims, "sfi": "0" * 64})),
    "a row of the other form": ("jti", lambda it: it.again({**it.header, "typ": "at+jwt"})),
    "twice a member": ("a member twice", lambda it: f"{part(it.header)}.{part(TWICE)}.{it.signature}"),
    "huge": ("longer than 16 kB", lambda it: f"{part(it.header)}.{part(bytes(15_000))}.{it.signature}"),
}


@pytest.mark.requirement("S22")
@pytest.mark.parametrize("forgery", FORGERIES)
async def test_what_was_not_issued_is_refused_and_explained(house: House, web: httpx.AsyncClient, forgery: str) -> None:
    app = await house.jwt_app()
    answer = await house.sign_in(app)
    head, body, signature = answer["access_token"].split(".")
    other = (await house.elsewhere()).org_id[:15]
    stolen = Stolen(answer, json.loads(decoded(head)), json.loads(decoded(body)), signature, other)
    means, forge = FORGERIES[forgery]
    forged = {"access_token": forge(stolen)}

    told = await web.post(f"{STANDARDS}/introspect", data={**in_body(app), "token": forged["access_token"]})
    assert told.json() == {"active": False}
    form = {"access_token": forged["access_token"]}  # in a form: a header of this size would not reach the endpoint
    assert (await web.post(f"{SALESFORCE}/userinfo", data=form)).status_code == 403
    reason, said = await why(house)
    assert reason == "bearer.jwt_not_ours"
    assert means in said
    assert (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))).status_code == 200, "the good one lives on"


@pytest.mark.requirement("S22")
async def test_a_forged_one_revokes_nothing(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await house.jwt_app())
    head, body, _ = answer["access_token"].split(".")

    assert (await house.revoke(f"{head}.{body}.{part(bytes(256))}")).status == 400
    assert (await house.revoke(f"{part({'alg': 'none'})}.{body}.AA")).body.startswith(b"error=unsupported_token_type")
    assert (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))).status_code == 200


@both_doors
@pytest.mark.requirement("S16")
async def test_one_is_revoked_and_the_others_live(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.jwt_app()
    first = await house.sign_in(app, door=door)
    _, second = await house.refresh(app, first["refresh_token"], door=door)
    second = {**first, **second}
    form = {**in_body(app), "token": first["access_token"]}

    assert (await web.post(f"{door}/revoke", data=form)).status_code == 200

    async with another_worker(house) as other:
        for worker in (web, other):
            *dead, active = await statuses(worker, first, app, door)
            assert set(dead) <= set(DEAD)
            assert active is False
            *good, active = await statuses(worker, second, app, door)
            assert set(good) == {200}
            assert active is True
    again = await web.post(f"{door}/revoke", data=form)
    assert again.status_code == (400 if door == SALESFORCE else 200)


@both_doors
@pytest.mark.requirement("S16")
async def test_a_revoked_line_takes_its_jwts_with_it(house: House, web: httpx.AsyncClient, door: str) -> None:
    app = await house.jwt_app()
    answer = await house.sign_in(app, door=door)
    form = {**in_body(app), "token": answer["refresh_token"]}

    assert (await web.post(f"{door}/revoke", data=form)).status_code == 200

    *dead, active = await statuses(web, answer, app, door)
    assert set(dead) <= set(DEAD)
    assert active is False


@pytest.mark.requirement("S16")
@pytest.mark.requirement("S25")
async def test_rotating_the_orgs_key_ends_every_jwt_of_the_org_everywhere_at_once_and_nothing_else(
    house: House, web: httpx.AsyncClient
) -> None:
    app, opaque = await house.jwt_app(), await house.app()
    jwts = {door: await house.sign_in(app, door=door) for door in (SALESFORCE, STANDARDS)}
    others = {door: await house.sign_in(opaque, door=door) for door in (SALESFORCE, STANDARDS)}
    async with another_worker(house) as other:
        for worker in (web, other):
            for door in (SALESFORCE, STANDARDS):
                assert set(await statuses(worker, jwts[door], app, door)) == {200, True}

        done = await access_keys.revoke_all(house.desk, house.org)

        assert done.ended == 2
        for worker in (web, other):
            for door in (SALESFORCE, STANDARDS):
                *dead, active = await statuses(worker, jwts[door], app, door)
                assert set(dead) <= set(DEAD)
                assert active is False
                assert set(await statuses(worker, others[door], opaque, door)) == {200, True}
        assert set(await house.reasons()) == {"bearer.key_rotated"}

    for door in (SALESFORCE, STANDARDS):
        _, new = await house.refresh(app, jwts[door]["refresh_token"], door=door)
        assert jwt.get_unverified_header(new["access_token"])["kid"] == done.kid
        assert set(await statuses(web, {**jwts[door], **new}, app, door)) == {200, True}


@both_doors
@pytest.mark.requirement("S25")
async def test_after_a_rotation_the_old_key_is_published_no_more_and_id_tokens_are_spared(
    house: House, door: str
) -> None:
    app = await house.jwt_app()
    answer = await house.sign_in(app, door=door)
    before = jwt.get_unverified_header(answer["access_token"])["kid"]

    done = await access_keys.revoke_all(house.desk, house.org)

    async with another_worker(house) as web:
        keys = (await web.get(JWKS[door])).json()["keys"]
        assert [key["kid"] for key in keys] == ["220", done.kid]
        assert before not in [key["kid"] for key in keys]
        assert {"kty", "n", "e", "alg", "use", "kid"} == set(keys[1]), "never a private member"
        _, claims = await read_id_token(web, answer["id_token"], door)
        assert claims["iss"] == ISSUER[door]


async def test_one_that_a_request_of_before_the_rotation_gets_is_dead_too(house: House, web: httpx.AsyncClient) -> None:
    """A worker that read the org a moment ago signs with the key of that moment."""
    app = await house.jwt_app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    found = await house.server.directory.app_by_key(app.consumer_key)
    assert found is not None
    await access_keys.revoke_all(house.desk, house.org)

    key = await house.server.signing.access_key(house.db, found.org)

    assert key.kid == found.org.access_kid, "what the request knows of"
    answer = await house.sign_in(app)
    await house.change("UPDATE access_token SET kid = :kid", key.kid)
    assert (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))).status_code == 403


async def test_the_first_token_of_an_org_makes_its_key_and_the_next_uses_it(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app({s.JWT_ACCESS_TOKENS: True})
    assert [key["kid"] for key in (await web.get("/id/keys")).json()["keys"]] == ["220"]

    first, second = await house.sign_in(app), await house.sign_in(app, door=STANDARDS)

    kids = {jwt.get_unverified_header(answer["access_token"])["kid"] for answer in (first, second)}
    assert len(kids) == 1
    async with another_worker(house) as other:
        assert {key["kid"] for key in (await other.get("/oidc/jwks")).json()["keys"]} == {"220", *kids}
        assert set(await statuses(other, first, app, SALESFORCE)) == {200, True}


async def test_each_org_has_a_key_of_its_own(house: House, web: httpx.AsyncClient) -> None:
    """Decision 23. What one org ends lives on in the other."""
    app = await house.jwt_app()
    answer = await house.sign_in(app)
    other = await house.elsewhere()
    await access_keys.ensure(house.desk, other.org_id)

    await access_keys.revoke_all(house.desk, other.org)

    assert set(await statuses(web, answer, app, SALESFORCE)) == {200, True}
    kids = [key["kid"] for key in (await web.get("/id/keys")).json()["keys"]]
    assert [kid.split(".")[1] for kid in kids[1:]] == sorted(
        (house.org_id[:15], other.org_id[:15]), key=lambda org: org == house.org_id[:15]
    )
    assert BASE in answer["id"]


async def test_first_tokens_asked_of_two_workers_at_once_are_signed_by_one_key(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    ring, db = house.server.ring, house.db
    second = replace(house.server, signing=Signing(ring, house.clock), directory=Directory(db, Apps(ring)))
    app = await house.app({s.JWT_ACCESS_TOKENS: True, s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", **in_body(app)}

    answers = await asyncio.gather(
        *(worker.token(form) for worker in (house, replace(house, server=second)) for _ in range(4))
    )

    tokens = [answer["access_token"] for status, answer in answers if status == 200]
    assert len(tokens) == 8
    kids = {jwt.get_unverified_header(token)["kid"] for token in tokens}
    assert len(kids) == 1
    for token in tokens:
        assert await house.is_active(app, token)
    done = await access_keys.revoke_all(house.desk, house.org)
    assert done.ended == 8
    assert {done.kid}.isdisjoint(kids)
    assert not any([await house.is_active(app, token) for token in tokens])


@pytest.mark.requirement("R5")
async def test_without_room_for_the_first_key_the_client_is_asked_to_come_again(
    house: House, web: httpx.AsyncClient
) -> None:
    app = await house.app({s.JWT_ACCESS_TOKENS: True, s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", **in_body(app)}

    with no_room_beyond(0):
        refused = await web.post(f"{SALESFORCE}/token", data=form)
    house.clock.advance(ms=1)

    assert refused.status_code == 503
    assert (await web.post(f"{SALESFORCE}/token", data=form)).status_code == 200
