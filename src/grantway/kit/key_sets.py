"""JWK sets that others publish: read, bounded, public keys alone; and which key of one signed (RFC 7517; S22, S24)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from grantway.kit.certified import PublicKey
from grantway.kit.jose import HEADER_MEMBERS, JwtRefused, decoded, json_object, read_header

KEYS_LIMIT: Final = 50
SECRET_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""What only the owner of a key has: the private half, or a symmetric key itself."""
_CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_KID_LENGTH: Final = 1024


class PublishedKey(msgspec.Struct, frozen=True, gc=False):
    """A key of a set: the id it has there, the algorithms that it may serve, and the key."""

    kid: str
    algorithms: tuple[str, ...]
    key: PublicKey


def read_key_set(data: bytes) -> tuple[PublishedKey, ...]:
    """Return the keys of a JWK set that can check signatures; what is of another kind, or unusable, is passed over.

    Raises:
        JwtRefused: no JWK set, or one of more than 50 keys.
    """
    found = json_object(data).get("keys")
    if not isinstance(found, list):
        raise JwtRefused("it is no JWK set: it has no list keys")
    if len(found) > KEYS_LIMIT:
        raise JwtRefused(f"it has more than {KEYS_LIMIT} keys")
    return usable_keys(found)


def usable_keys(found: Iterable[Any]) -> tuple[PublishedKey, ...]:
    """Return those of some JWKs that can check signatures, as a set is to be read (RFC 7517, section 5)."""
    return tuple(key for one in found if isinstance(one, dict) and (key := _key(one)) is not None)


def key_id_of(token: str, members: frozenset[str] = HEADER_MEMBERS) -> str:
    """Return the id of the key that a JWT names; empty where it names none. `members` are the header members taken.

    Raises:
        JwtRefused: it is no JWT whose form is right, or the id is no printable text.
    """
    kid = read_header(token, members).get("kid", "")
    if not isinstance(kid, str) or not kid.isprintable():
        raise JwtRefused("kid is no printable text")
    return kid


def signer_among(
    token: str, keys: tuple[PublishedKey, ...], members: frozenset[str] = HEADER_MEMBERS
) -> PublishedKey | None:
    """Return the key that signed a JWT: the one it names; where it names none, any for its algorithm.

    Keys that have no id in their set may be the one that is named, where no other is. None where there is no such key.
    `members` are the header members that are taken.

    Raises:
        JwtRefused: there are such keys, and none of them signed it: why.
    """
    kid = key_id_of(token, members)
    algorithm = read_header(token, members).get("alg")
    named = [one for one in keys if not kid or one.kid == kid] or [one for one in keys if not one.kid]
    if not named:
        return None
    why = f"its algorithm is not one of the key's ({', '.join(named[0].algorithms)})"
    for one in named:
        if algorithm in one.algorithms:
            try:
                one.key.verify(token, members)
            except JwtRefused as problem:
                why = str(problem)
            else:
                return one
    raise JwtRefused(why)


def _key(members: dict[str, Any]) -> PublishedKey | None:
    kid, alg, operations = members.get("kid", ""), members.get("alg"), members.get("key_ops")
    # A private or symmetric key in a published set is everybody's: nothing that it signs says who did.
    if not SECRET_MEMBERS.isdisjoint(members) or members.get("use", "sig") != "sig":
        return None
    if not isinstance(kid, str) or len(kid) > _KID_LENGTH:
        return None
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    try:
        key = PublicKey(_public(members))
    except (JwtRefused, ValueError, TypeError):
        return None
    algorithms = key.algorithms if alg is None else tuple(one for one in key.algorithms if one == alg)
    return PublishedKey(kid, algorithms, key) if algorithms else None


def _public(members: dict[str, Any]) -> Any:
    match members.get("kty"), members.get("crv"):
        case "RSA", _:
            return rsa.RSAPublicNumbers(_number(members, "e"), _number(members, "n")).public_key()
        case "EC", str(curve) if curve in _CURVES:
            x, y = _number(members, "x"), _number(members, "y")
            return ec.EllipticCurvePublicNumbers(x, y, _CURVES[curve]).public_key()
        case "OKP", "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(decoded(str(members.get("x", ""))[:100]))
    raise JwtRefused("a key of this kind is not taken")


def _number(members: dict[str, Any], name: str) -> int:
    text = members.get(name)
    # 8192 bits are 1366 characters; what is longer is no key that is taken, and would cost to find out.
    if not isinstance(text, str) or len(text) > 1400:
        raise JwtRefused(f"{name} is no number of a key")
    return int.from_bytes(decoded(text))
