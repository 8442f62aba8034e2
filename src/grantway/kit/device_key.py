"""Public keys that devices show of themselves: a JWK, taken apart behind our own gate (RFC 7517; RFC 7800; S22)."""

import base64
import hashlib
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from grantway.kit.certified import PublicKey
from grantway.kit.jose import JwtRefused, decoded

JWK_LIMIT: Final = 2000
_REQUIRED: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_ECHOED: Final = ("kid", "alg", "use")


class DeviceKey(msgspec.Struct, frozen=True, gc=False):
    """A device's public key: what verifies with it, its JWK, and its thumbprint (RFC 7638)."""

    key: PublicKey
    jwk: dict[str, str]
    thumbprint: str


def read_device_key(jwk: Any) -> DeviceKey:
    """Read a public JWK; members that say nothing about the key are left out.

    Raises:
        JwtRefused: no JWK, one with private members, or a key that is not taken (S24).
    """
    if not isinstance(jwk, dict):
        raise JwtRefused("cnf holds no jwk")
    if _PRIVATE & jwk.keys():
        raise JwtRefused("cnf.jwk holds private members: make a new key, this one was shown to a server")
    names = _REQUIRED.get(str(jwk.get("kty")))
    if names is None:
        raise JwtRefused("cnf.jwk is of no kind that is taken: RSA, EC, OKP")
    members = {name: _text(jwk, name) for name in names}
    try:
        key = PublicKey(_loaded(members))
    except ValueError as problem:
        raise JwtRefused("cnf.jwk is no key") from problem
    echoed = members | {name: _text(jwk, name) for name in _ECHOED if name in jwk}
    if sum(map(len, echoed.values())) > JWK_LIMIT:
        raise JwtRefused(f"cnf.jwk is longer than {JWK_LIMIT} characters")
    digest = hashlib.sha256(msgspec.json.encode(dict(sorted(members.items())))).digest()
    return DeviceKey(key, echoed, base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def _text(jwk: dict[str, Any], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str) or not value or len(value) > JWK_LIMIT or not value.isascii():
        raise JwtRefused(f"cnf.jwk: {name} is no short text")
    return value


def _loaded(members: dict[str, str]) -> Any:
    match members["kty"]:
        case "RSA":
            return RSAPublicNumbers(_number(members["e"]), _number(members["n"])).public_key()
        case "EC":
            curve = _CURVES.get(members["crv"])
            if curve is None:
                raise JwtRefused("cnf.jwk: crv is none of P-256, P-384, P-521")
            return ec.EllipticCurvePublicNumbers(_number(members["x"]), _number(members["y"]), curve).public_key()
        case _:
            if members["crv"] != "Ed25519":
                raise JwtRefused("cnf.jwk: crv is not Ed25519")
            return Ed25519PublicKey.from_public_bytes(decoded(members["x"]))


def _number(text: str) -> int:
    return int.from_bytes(decoded(text))
