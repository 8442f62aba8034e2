"""Assertions in the hands of somebody who means no good: replayed, altered, guessed with, aimed wrong (S22, S23)."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from grantway.kit.certified import PublicKey
from grantway.kit.jose import JwtRefused
from grantway.protocol import door as doors
from grantway.store.directory import Directory
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House
from tests.endpoints.signer import GRANT_TYPE, proof, signer
from tests.endpoints.test_jwt_bearer import ADA, INVALID, claims, preauthorized, send
from tests.endpoints.wire import both_doors, decoded

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NO_TIMES: tuple[Any, ...] = (2**63, 10**40, -1, 1e308, True, [], {}, "1e3", "\u0663", "", " 1", "-1", "9" * 16)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def other_spelling(token: str) -> str:
    """Write the last character of a signature as another that has the same bits where bits count."""
    at = ALPHABET.index(token[-1])
    return token[:-1] + ALPHABET[at ^ 1]


def other_signature(token: str) -> str:
    """Return the second ECDSA signature of the same words that the same key vouches for: (r, n - s)."""
    said, _, signature = token.rpartition(".")
    raw = decoded(signature)
    mirrored = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    return f"{said}.{base64.urlsafe_b64encode(mirrored).rstrip(b'=').decode()}"


@pytest.mark.requirement("S22")
@pytest.mark.parametrize("kind", ["RSA", "P-384", "Ed25519"])
def test_a_signature_has_one_spelling(kind: str) -> None:
    """Bits of base64url that count for nothing would make two texts of one signature."""
    key = PublicKey.of_certificate(signer(kind).certificate)
    token = signer(kind).sign({"iss": "x"}, alg={"RSA": "RS256", "P-384": "ES384", "Ed25519": "EdDSA"}[kind])
    key.verify(token)

    if len(token.rpartition(".")[2]) % 4:
        with pytest.raises(JwtRefused):
            key.verify(other_spelling(token))


@pytest.mark.requirement("S22")
@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "Ed25519"])
@pytest.mark.parametrize("signature", ["A", "AAAA", "A" * 86, "A" * 342, "-_" * 4000])
def test_a_signature_of_any_length_is_refused_as_one_that_is_wrong(kind: str, signature: str) -> None:
    key = PublicKey.of_certificate(signer(kind).certificate)
    for algorithm in key.algorithms:
        said = signer(kind).sign({"iss": "x"}, alg=algorithm).rpartition(".")[0]
        with pytest.raises(JwtRefused):
            key.verify(f"{said}.{signature}")


@pytest.mark.requirement("S23")
@pytest.mark.parametrize("respell", [other_spelling, other_signature])
@both_doors
async def test_the_same_words_under_another_signature_are_a_replay(
    house: House, door: str, respell: Callable[[str], str]
) -> None:
    """Whoever hears an ES256 assertion can make a second signature of it without the key."""
    app = await preauthorized(house, "P-256")
    far = house.clock.now_ms() // 1000 + (86_400 if door == SALESFORCE else 180)
    assertion = signer("P-256").sign(claims(house, app, door=door, exp=far), alg="ES256")
    assert (await send(house, assertion, door=door))[0] == 200
    house.clock.advance(minutes=6 if door == SALESFORCE else 0)

    assert (await send(house, respell(assertion), door=door))[0] == 400


@pytest.mark.requirement("S23")
@pytest.mark.parametrize("first", [SALESFORCE, STANDARDS])
async def test_what_one_door_has_seen_the_other_refuses_as_long_as_it_would_take_it(house: House, first: str) -> None:
    """Salesforce's door allows more skew: what the standards' door took is remembered until both are past it."""
    app = await preauthorized(house)
    audiences = [BASE, f"{BASE}/oidc"]
    assertion = signer().sign(claims(house, app, aud=audiences, jti="one", exp=house.clock.now_ms() // 1000 + 60))
    assert (await send(house, assertion, door=first))[0] == 200

    for seconds in (1, 89, 60, 60, 60):
        house.clock.advance(ms=seconds * 1000)
        await house.sweep()
        for door in (SALESFORCE, STANDARDS):
            assert (await send(house, assertion, door=door))[0] == 400


@pytest.mark.requirement("S23")
async def test_where_the_root_is_the_standards_one_audience_means_both_doors_and_counts_once(house: House) -> None:
    house.server = replace(house.server, root_door=doors.STANDARDS)
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, jti="one"))

    assert (await send(house, assertion, door=STANDARDS))[0] == 200
    assert await send(house, assertion) == (400, INVALID)


@pytest.mark.requirement("R10")
async def test_a_clock_that_is_ten_seconds_behind_finds_an_assertion_that_another_has_swept(house: House) -> None:
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, jti="one", exp=house.clock.now_ms() // 1000))
    assert (await send(house, assertion))[0] == 200
    house.clock.advance(minutes=3, ms=1000)
    await house.sweep()
    house.clock.advance(ms=-10_000)

    assert await send(house, assertion) == (400, INVALID)


@both_doors
async def test_one_id_may_stand_in_an_assertion_and_in_the_clients_own_beside_it(house: House, door: str) -> None:
    """Neither can be used as the other, so none of them comes twice."""
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, door=door, jti="1"))
    both = {"assertion": assertion, **proof(house, app, door=door, jti="1")}

    assert (await house.token({"grant_type": GRANT_TYPE, **both}, door=door))[0] == 200
    assert (await house.token({"grant_type": GRANT_TYPE, **both}, door=door))[0] in (400, 401)


@pytest.mark.requirement("S12")
@both_doors
async def test_of_many_at_once_with_one_id_one_wins_on_each_engine(house_on_each_engine: House, door: str) -> None:
    house = house_on_each_engine
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app, door=door, jti="race"))
    answers = await asyncio.gather(*(send(house, assertion, door=door) for _ in range(16)))

    assert sorted(status for status, _ in answers) == [200] + [400] * 15


@pytest.mark.requirement("S12")
async def test_of_many_at_once_with_the_same_bytes_all_pass_at_salesforces_door_on_each_engine(
    house_on_each_engine: House,
) -> None:
    """Two logins within a second are no attack (decision 9); nobody is told to come again."""
    house = house_on_each_engine
    app = await preauthorized(house)
    assertion = signer().sign(claims(house, app))
    answers = await asyncio.gather(*(send(house, assertion) for _ in range(16)))

    assert [status for status, _ in answers] == [200] * 16


@pytest.mark.requirement("S23")
@pytest.mark.parametrize("subject", [ADA, "nobody@harbour.example"])
async def test_without_the_key_nobody_finds_out_who_there_is(
    house: House, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    """Not by time either: a user is looked up once the signature is right, and not before."""
    asked: list[str] = []
    reads = Directory.app_user_named

    async def read(directory: Directory, app_id: str, username: str) -> Any:
        asked.append(username)
        return await reads(directory, app_id, username)

    monkeypatch.setattr(Directory, "app_user_named", read)
    app = await preauthorized(house)
    forged = signer(number=1).sign(claims(house, app, sub=subject))

    assert (await send(house, forged))[1]["error"] == "invalid_client"
    assert asked == []
    await send(house, signer().sign(claims(house, app, sub=subject)))
    assert asked == [subject]


@pytest.mark.requirement("S57")
async def test_a_name_that_went_to_somebody_else_stands_for_them_from_then_on(house: House) -> None:
    """What is kept of a name ends with the name."""
    app = await preauthorized(house)
    rename = "UPDATE person SET username = :name, profile_id = (SELECT profile_id FROM person WHERE id = :ada) "

    async def holder() -> str:
        answer = (await send(house, signer().sign(claims(house, app))))[1]
        return str(answer.get("id", "")).rpartition("/")[2]

    ada, ben = house.user_ids["ada"], house.user_ids["ben"]
    assert await holder() == ada
    await house.change(f"{rename} WHERE id = :id", "countess@harbour.example", ada, ada)
    assert await holder() == ""
    await house.change(f"{rename} WHERE id = :id", ADA, ada, ben)
    assert await holder() == ben


@pytest.mark.requirement("S49")
@pytest.mark.parametrize("text", ["\ud800", "a\0b", "x" * 1025], ids=["half", "nul", "long"])
async def test_text_that_no_database_holds_is_refused_and_can_be_explained(house: House, text: str) -> None:
    app = await preauthorized(house)
    for name in ("iss", "sub", "prn", "aud", "jti"):
        assertion = signer().sign_bytes(json.dumps(claims(house, app, **{name: text})).encode())
        assert (await send(house, assertion))[0] == 400

    assert await house.reasons() == ["assertion.unreadable"] * 5


@both_doors
async def test_a_time_that_is_none_is_refused_and_can_be_explained(house: House, door: str) -> None:
    app = await preauthorized(house)
    wrong = [(claim, value) for claim in ("exp", "nbf", "iat") for value in NO_TIMES]
    for claim, value in wrong:
        assertion = signer().sign(claims(house, app, door=door, **{claim: value}))
        assert (await send(house, assertion, door=door))[0] == 400, (claim, value)

    assert await house.reasons() == ["assertion.unreadable"] * len(wrong)


@pytest.mark.requirement("S24")
def test_an_rsa_key_whose_exponent_makes_each_check_slow_is_not_taken() -> None:
    modulus = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    slow = rsa.RSAPublicNumbers((1 << 2000) + 1, modulus).public_key()

    with pytest.raises(JwtRefused, match="exponent"):
        PublicKey(slow)


@pytest.mark.requirement("S23")
async def test_an_audience_is_this_server_or_it_is_not(house: House) -> None:
    """Equal to one of its names, but for a slash at the end; alone or among others."""
    app = await preauthorized(house)
    taken: tuple[Any, ...] = ([BASE, "https://elsewhere.example"], BASE + "/", f"{BASE}/services/oauth2/token")
    refused: tuple[Any, ...] = (
        BASE.upper(),
        BASE + ".evil.example",
        BASE + "/services/oauth2",
        BASE + "/services/oauth2/token?x",
        BASE.replace("http", "https"),
        f" {BASE}",
        "localhost:8400",
        [],
        [[BASE]],
        {"aud": BASE},
        f"{BASE}/oidc",
        [BASE] * 11,
    )

    for status, audiences in ((200, taken), (400, refused)):
        for audience in audiences:
            assert (await send(house, signer().sign(claims(house, app, aud=audience))))[0] == status, audience


async def test_what_was_remembered_is_gone_when_nobody_takes_it_any_more(house: House) -> None:
    """R9: the replay table holds what might come again, and nothing else."""
    app = await preauthorized(house)
    await send(house, signer().sign(claims(house, app, jti="one")))
    house.clock.advance(minutes=10)
    await house.sweep()

    assert await house.db.all(Statement("SELECT digest FROM seen_assertion")) == []
