"""Verifying JWTs that others signed, with the public key of a certificate, behind the gate of `jose` (S22)."""

import hashlib
import warnings
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk, jws
from joserfc.errors import JoseError, SecurityWarning

from grantway.kit.jose import HEADER_MEMBERS, JwtRefused, json_object, payload_of, read_header

# The algorithm is a property of the key (RFC 8725, 3.1): the header may only name one of its kind.
_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES: Final = {"secp256r1": ("ES256",), "secp384r1": ("ES384",), "secp521r1": ("ES512",)}
_OLDER_NAME: Final = "EdDSA"
_EDWARDS: Final = (_OLDER_NAME, "Ed25519")
ALGORITHMS: Final = (*_RSA, *(name for names in _CURVES.values() for name in names), *_EDWARDS)
"""Every algorithm that some key of somebody else may serve."""
_RSA_BITS: Final = range(2048, 8193)
# Every exponent in use is far below; a long one makes each check as slow as a signature.
_EXPONENT_BITS: Final = 64


class PublicKey:
    """A public key of somebody else: which algorithms it serves, and whether it signed a JWT."""

    __slots__ = ("_key", "algorithms")

    def __init__(self, key: Any) -> None:
        """Take a public key of `cryptography`.

        Raises:
            JwtRefused: no key of a kind and size that is taken (S24).
        """
        self.algorithms: Final[tuple[str, ...]] = _algorithms_of(key)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._key = jwk.import_key(pem, _kind_of(key))

    @staticmethod
    def of_certificate(pem: str) -> "PublicKey":
        """Return the key of an X.509 certificate in PEM; what was read once is remembered.

        Raises:
            JwtRefused: no certificate, or one whose key is not taken.
        """
        return _of_certificate(pem)

    def verify(self, token: str, members: frozenset[str] = HEADER_MEMBERS) -> None:
        """Check that this key signed a compact JWS whose header names one of its algorithms.

        `members` are the header members that are taken.

        Raises:
            JwtRefused: another algorithm, or another key's signature.
        """
        algorithm = read_header(token, members).get("alg")
        if algorithm not in self.algorithms:
            raise JwtRefused(f"its algorithm is not one of the key's ({', '.join(self.algorithms)})")
        try:
            # To look away from a warning sets back what Python remembers of all warnings: no request needs that but one
            # under the older name of Ed25519 (RFC 9864).
            with warnings.catch_warnings() if algorithm == _OLDER_NAME else nullcontext():
                if algorithm == _OLDER_NAME:
                    warnings.simplefilter("ignore", SecurityWarning)
                jws.deserialize_compact(token, self._key, algorithms=[str(algorithm)])
        except (JoseError, ValueError) as problem:
            raise JwtRefused("the key did not sign it") from problem


def claims_of(token: str, members: frozenset[str] = HEADER_MEMBERS) -> dict[str, Any]:
    """Return the claims of a JWT whose form is right; nothing is said of who signed it.

    `members` are the header members that are taken.

    Raises:
        JwtRefused: the form is wrong (see `read_header`), or the payload is no JSON object.
    """
    read_header(token, members)
    return json_object(payload_of(token))


def digest_of(*parts: str) -> str:
    """Return the SHA-256, in hex, of texts that are kept apart from each other."""
    return hashlib.sha256(b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)).hexdigest()


@lru_cache(maxsize=512)
def _of_certificate(pem: str) -> PublicKey:
    from cryptography import x509  # slow to import, and not every server meets a certificate

    try:
        return PublicKey(x509.load_pem_x509_certificate(pem.encode()).public_key())
    except ValueError as problem:
        raise JwtRefused("the certificate cannot be read") from problem


def _algorithms_of(key: Any) -> tuple[str, ...]:
    if isinstance(key, RSAPublicKey):
        if key.key_size not in _RSA_BITS or key.public_numbers().e < 3 or key.public_numbers().e % 2 == 0:
            raise JwtRefused(f"an RSA key of {key.key_size} bits is not taken: 2048 to 8192")
        if key.public_numbers().e.bit_length() > _EXPONENT_BITS:
            raise JwtRefused(f"an RSA key whose public exponent has more than {_EXPONENT_BITS} bits is not taken")
        return _RSA
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, Ed25519PublicKey):
        return _EDWARDS
    raise JwtRefused("a key of this kind is not taken: RSA, P-256, P-384, P-521 or Ed25519")


def _kind_of(key: Any) -> Any:
    if isinstance(key, RSAPublicKey):
        return "RSA"
    return "EC" if isinstance(key, EllipticCurvePublicKey) else "OKP"
