"""Signed statements for the load, and how fast this machine signs and verifies by itself."""

import base64
import datetime
import json
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PROVIDER = "https://provider.example"
# Made before the clock runs, so that the load has not to sign what it sends; what it needs beyond it signs on the way.
_AHEAD = 100


@cache
def key() -> RSAPrivateKey:
    """Return the one RSA-2048 key of this run."""
    return generate_private_key(65537, 2048)


def certificate() -> str:
    """Return a certificate of the key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key().public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=2))
    return made.sign(key(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def public_jwk() -> dict[str, str]:
    """Return the public half of the key as a JWK."""
    numbers = key().public_key().public_numbers()
    parts = {name: _base64url(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in _of(numbers)}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench", **parts}


def _of(numbers: Any) -> tuple[tuple[str, int], ...]:
    return ("n", numbers.n), ("e", numbers.e)


def assertions(claims: dict[str, str], ahead: int = _AHEAD) -> Iterator[str]:
    """Give JWTs of these claims, each with an id of its own, that end in four minutes; `ahead` are made at once."""
    made = [_jwt(claims) for _ in range(ahead)]
    return _first_these(made, claims)


def _first_these(made: list[str], claims: dict[str, str]) -> Iterator[str]:
    while made:
        yield made.pop()
    while True:
        yield _jwt(claims)


def _jwt(claims: dict[str, str]) -> str:
    said = claims | {"jti": uuid.uuid4().hex, "iat": int(time.time()), "exp": int(time.time()) + 240}
    head = _base64url(b'{"alg":"RS256","typ":"JWT","kid":"bench"}')
    text = f"{head}.{_base64url(json.dumps(said).encode())}"
    return f"{text}.{_base64url(key().sign(text.encode(), PKCS1v15(), hashes.SHA256()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_rates(seconds: float = 0.5) -> tuple[float, float]:
    """Return how many RSA-2048 signatures and how many verifications a second one core does, and nothing else."""
    data, private, public = b"x" * 300, key(), key().public_key()
    signature = private.sign(data, PKCS1v15(), hashes.SHA256())
    return (
        _rate(lambda: private.sign(data, PKCS1v15(), hashes.SHA256()), seconds),
        _rate(lambda: public.verify(signature, data, PKCS1v15(), hashes.SHA256()), seconds),
    )


def _rate(work: Callable[[], object], seconds: float) -> float:
    """Return calls per second of CPU time: others on the machine do not count."""
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        for _ in range(50):
            work()
        done += 50
    return done / spent
