"""Somebody with a key and a certificate, who signs assertions as clients do; the JOSE library is not ours to test."""

import datetime
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwk, jws, jwt
from joserfc.errors import SecurityWarning

from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ISSUER = {SALESFORCE: BASE, STANDARDS: BASE + "/oidc"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Signer:
    """A private key with a certificate that is valid from 2020 to `until`."""

    def __init__(self, kind: str = "RSA", *, until: int = 2046) -> None:
        self._private: Any
        if kind.startswith("RSA"):
            self._private = rsa.generate_private_key(65537, int(kind[3:] or 2048))
        elif kind == "Ed25519":
            self._private = ed25519.Ed25519PrivateKey.generate()
        else:
            self._private = ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[kind])
        self.pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer.harbour.example")])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(until, 1, 1, tzinfo=datetime.UTC))
            .sign(self._private, None if kind == "Ed25519" else hashes.SHA256())
            .public_bytes(Encoding.PEM)
            .decode()
        )
        self._kind = {"R": "RSA", "P": "EC", "E": "OKP"}[kind[0]]

    def sign(self, claims: Mapping[str, Any], *, alg: str = "RS256", header: Mapping[str, Any] | None = None) -> str:
        """Return a compact JWT of the claims."""
        key = jwk.import_key(self.pem, self._kind)  # type: ignore[call-overload]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode({"alg": alg, "typ": "JWT", **(header or {})}, dict(claims), key, algorithms=[alg])

    def sign_bytes(self, payload: bytes) -> str:
        """Return a compact RS256 JWS of a payload as it stands, whatever it is."""
        return jws.serialize_compact({"alg": "RS256"}, payload, jwk.import_key(self.pem, "RSA"))


def signer(kind: str = "RSA", *, number: int = 0, until: int = 2046) -> Signer:
    """Return the signer of a kind; keys are slow to make, so each is made once (`number` tells several apart)."""
    return _made(kind, number, until)


@cache
def _made(kind: str, _number: int, until: int) -> Signer:
    return Signer(kind, until=until)


def proof(house: House, app: TestApp, *, door: str, number: int = 0, **more: Any) -> dict[str, str]:
    """The two parameters a client proves itself with; None leaves a claim out."""
    now = house.clock.now_ms() // 1000
    said = {
        "iss": app.consumer_key,
        "sub": app.consumer_key,
        "aud": _ISSUER[door],
        "exp": now + 60,
        "iat": now,
        "jti": "1",
        **more,
    }
    assertion = signer(number=number).sign({name: value for name, value in said.items() if value is not None})
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
