"""Our gate before any JOSE library: what it lets through and what it turns away (S22; RFC 8725)."""

import base64
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.jwk import RSAKey

from grantway.kit.jose import JwtRefused, SigningKey, read_header

pytestmark = pytest.mark.requirement("S22")
PEM = SigningKey.generate_pem()
KEY = SigningKey("220", PEM)
CLAIMS = {"iss": "https://sso.example", "sub": "005"}


def part(value: bytes | dict[str, Any]) -> str:
    """Return bytes, or an object as JSON, as base64url without padding."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes | dict[str, Any], claims: bytes | dict[str, Any] = b"{}") -> str:
    """Sign anything with our own key: only the form is wrong then, never the signature."""
    key = load_pem_private_key(PEM, None)
    assert isinstance(key, RSAPrivateKey)
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def test_what_it_signs_it_reads_and_so_does_another_library() -> None:
    token = KEY.sign(CLAIMS)

    assert KEY.read(token) == CLAIMS
    assert json.loads(jws.deserialize_compact(token, RSAKey.import_key(PEM), algorithms=["RS256"]).payload) == CLAIMS


def test_a_header_with_the_three_members_and_no_others_is_taken() -> None:
    assert KEY.read(signed({"alg": "RS256", "kid": "220"}, CLAIMS)) == CLAIMS
    assert KEY.read(signed({"alg": "RS256", "kid": "220", "typ": "JWT"}, CLAIMS)) == CLAIMS


@pytest.mark.parametrize("member", ["crit", "jwk", "jku", "x5u", "x5c", "x5t", "b64", "zip", "cty", "enc"])
def test_any_other_header_member_is_turned_away_although_the_signature_is_right(member: str) -> None:
    with pytest.raises(JwtRefused, match=member):
        KEY.read(signed({"alg": "RS256", "kid": "220", member: []}, CLAIMS))


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "", None, ["RS256"]]
)
def test_the_algorithm_is_the_keys_and_not_the_headers(algorithm: Any) -> None:
    with pytest.raises(JwtRefused):
        KEY.read(signed({"alg": algorithm, "kid": "220"}, CLAIMS))


def test_a_mac_under_the_public_key_is_no_signature() -> None:
    """Algorithm confusion."""
    text = f"{part({'alg': 'HS256', 'kid': '220'})}.{part(CLAIMS)}"
    public = RSAKey.import_key(PEM).as_pem(private=False)

    with pytest.raises(JwtRefused):
        KEY.read(f"{text}.{part(hmac.digest(public, text.encode(), 'sha256'))}")


def test_an_unsigned_token_is_turned_away() -> None:
    head, body, _ = KEY.sign(CLAIMS).split(".")
    unsigned = part({"alg": "none", "kid": "220"})

    for token in (f"{head}.{body}.", f"{head}.{body}", f"{unsigned}.{body}.", f"{unsigned}.{body}.AA"):
        with pytest.raises(JwtRefused):
            KEY.read(token)


@pytest.mark.parametrize("kid", ["221", "", None, "220 ", 220])
def test_the_key_must_be_named_exactly(kid: Any) -> None:
    with pytest.raises(JwtRefused):
        KEY.read(signed({"alg": "RS256", "kid": kid}, CLAIMS))


def test_another_keys_signature_under_our_key_id_is_turned_away() -> None:
    with pytest.raises(JwtRefused):
        KEY.read(SigningKey("220", SigningKey.generate_pem()).sign(CLAIMS))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_changed_part_breaks_the_signature(index: int) -> None:
    parts = KEY.sign(CLAIMS).split(".")
    parts[index] = parts[index][:5] + ("A" if parts[index][5] != "A" else "B") + parts[index][6:]

    with pytest.raises(JwtRefused):
        KEY.read(".".join(parts))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        " a.b.c",
        "a.b.c\n",
        "a=.b.c",
        "a+.b.c",
        "ä.b.c",
        '{"payload":"","signatures":[]}',
        "a" * 16_385,
        "." * 100_000,
    ],
)
def test_what_is_not_three_parts_of_base64url_is_turned_away_before_anything_is_decoded(token: str) -> None:
    with pytest.raises(JwtRefused):
        read_header(token)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b'"alg"',
        b"{",
        b"\xff",
        b'{"alg":"RS256","kid":"220","alg":"none"}',
        b'{"alg":"none","alg":"RS256","kid":"220"}',
        b'{"alg":"RS256","kid":"220","typ":NaN}',
        b"[" * 5000,
    ],
)
def test_a_header_that_is_no_plain_json_object_is_turned_away(header: bytes) -> None:
    with pytest.raises(JwtRefused):
        read_header(f"{part(header) or 'A'}.{part(CLAIMS)}.AA")


def test_a_second_spelling_of_the_same_bytes_is_turned_away() -> None:
    """Strict base64url: the unused bits of the last character are zero."""
    header = part(b'{"alg":"RS256","kid":"22"}')
    assert header.endswith("0")
    spelled_otherwise = header[:-1] + "1"

    assert base64.urlsafe_b64decode(spelled_otherwise + "=") == base64.urlsafe_b64decode(header + "=")
    assert read_header(f"{header}.{part(CLAIMS)}.AA") == {"alg": "RS256", "kid": "22"}
    with pytest.raises(JwtRefused):
        read_header(f"{spelled_otherwise}.{part(CLAIMS)}.AA")


def test_claims_are_one_json_object_without_a_member_twice() -> None:
    for claims in (b"[]", b"x", b'{"sub":"a","sub":"b"}'):
        with pytest.raises(JwtRefused):
            KEY.read(signed({"alg": "RS256", "kid": "220"}, claims))
