"""Key sets: what is taken for one, what people recognize it by, and what is never taken."""

import json
from typing import Any

import pytest

from grantway import settings as s
from tests.endpoints.issuer import public_jwk
from tests.settings.values import new_key_set

PRIVATE = "VHVlc2RheQ"


def parsed(raw: object) -> s.KeySet:
    found = s.JWKS.kind.parse(raw)
    assert found is not None
    return found


def test_it_is_shown_with_the_ids_and_algorithms_of_its_keys() -> None:
    keys = [public_jwk("P-256", kid="2026"), public_jwk("Ed25519", kid=None), public_jwk(use="enc")]

    assert s.JWKS.kind.says(parsed({"keys": keys})) == (
        "2 keys: 2026 (ES256), without id (EdDSA/Ed25519); 1 that check no signature"
    )


def test_a_set_a_list_and_one_key_are_taken_as_json_or_as_its_text() -> None:
    key = public_jwk()
    ways: list[Any] = [{"keys": [key]}, [key], key, [{"keys": [key]}]]

    assert {parsed(way).text for way in (*ways, *map(json.dumps, ways))} == {parsed(key).text}


def test_of_a_key_only_what_says_which_it_is_and_what_for_is_kept() -> None:
    key = public_jwk(alg="RS256", key_ops=["verify"], x5c=["MIIB"], x5t="x", ext=True, other=1)

    (kept,) = s.JWKS.kind.write(parsed(key))["keys"]
    assert kept == public_jwk(alg="RS256", key_ops=["verify"])


def test_keys_of_kinds_that_nobody_knows_yet_are_passed_over() -> None:
    strange = {"kty": "AKP", "alg": "ML-DSA-44", "kid": "later", "pub": "AAAA"}

    assert [one.kid for one in parsed({"keys": [strange, public_jwk()]}).keys] == ["RSA-0"]


@pytest.mark.requirement("S22")
@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (public_jwk(d=PRIVATE), "key 1 has its private half"),
        ({"keys": [public_jwk(), public_jwk(p=PRIVATE)]}, "key 2 has its private half"),
        ({"kty": "AKP", "priv": PRIVATE}, "key 1 has its private half"),
        ({"kty": "oct", "k": PRIVATE}, "key 1 is symmetric"),
        ({"kty": "oct"}, "key 1 is symmetric"),
        (f"-----BEGIN PRIVATE KEY-----\n{PRIVATE}", "this holds a private key"),
        ({"keys": []}, "the set holds no key"),
        ({"keys": [public_jwk("P-256", kid=str(n)) for n in range(21)]}, "at most 20 keys, these are 21"),
        ({"keys": [public_jwk() | {"n": "A" * 2048} for n in range(9)]}, "at most 16000 characters, this has"),
        ("x" * 64_001, "at most 16000 characters, this has 64001"),
        (public_jwk(use="enc"), "no key of the set can check a signature"),
        (public_jwk(alg="RSA-OAEP"), "no key of the set can check a signature"),
        (public_jwk(key_ops=["sign"]), "no key of the set can check a signature"),
        ({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}, "no key of the set can check a signature"),
        (public_jwk(key_ops="verify"), "key 1: key_ops is no list of a few words"),
        (public_jwk(kid="a\x07b"), "key 1: one of its members is no plain text"),
        (public_jwk(kid="\ud800"), "key 1: one of its members is no plain text"),
        (public_jwk(kid=7), "key 1: one of its members is no plain text"),
        ('{"keys": [], "keys": []}', "this is no JSON"),
        ("[" * 60_000, "this is no JSON"),
        ("keys", "this is no JSON"),
        ({"keys": [1]}, "this is no JWK set"),
        ({"key": []}, "this is no JWK set"),
        (7, "this is no JWK set"),
    ],
)
def test_what_is_no_set_of_public_keys_is_refused_in_words_that_say_what_to_give(raw: object, says: str) -> None:
    with pytest.raises(s.SettingProblem) as refused:
        s.JWKS.kind.parse(raw)

    assert says in str(refused.value)
    assert PRIVATE not in str(refused.value)


def test_nothing_is_no_key_set() -> None:
    assert [s.JWKS.kind.parse(raw) for raw in (None, "", "none")] == [None] * 3


def test_two_sets_are_equal_if_they_hold_the_same_keys() -> None:
    one, other = new_key_set("a"), new_key_set("a")

    assert parsed(one) == parsed(json.loads(one))
    assert parsed(one) != parsed(other)
