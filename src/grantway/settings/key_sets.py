"""JSON Web Key Sets as a setting takes them: public keys alone, few and small (RFC 7517)."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from grantway.settings.choices import optional
from grantway.settings.kinds import Kind, SettingProblem

if TYPE_CHECKING:
    from grantway.kit.key_sets import PublishedKey

KEYS_LIMIT: Final = 20
TEXT_LIMIT: Final = 16_000
_MEMBER_LIMIT: Final = 2048
# What says which key it is and what for; the rest of a key, such as chains of certificates, is not kept.
_TEXTS: Final = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
_OPERATIONS: Final = "key_ops"
_HOW: Final = 'paste the public keys as a JWK set: {"keys": [{"kty": …}]}'
_SHOWN: Final = 200
_COMPACT: Final[dict[str, Any]] = {"separators": (",", ":"), "ensure_ascii": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """A set of public keys. Two are equal if they hold the same keys, written alike and in the same order.

    - `text`: the set as JSON, without white space, and without members that are not kept.
    - `keys`: those of them that can check signatures.
    - `others`: how many it holds besides, for encryption or of kinds that are not taken.
    """

    text: str
    keys: tuple["PublishedKey", ...] = field(compare=False)
    others: int = field(compare=False)

    def __str__(self) -> str:
        named = [f"{one.kid or 'without id'} ({_short(one.algorithms)})" for one in self.keys]
        shown = ", ".join(named)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        besides = f"; {self.others} that check no signature" if self.others else ""
        return f"{len(named)} {'key' if len(named) == 1 else 'keys'}: {shown}{besides}"

    def members(self) -> dict[str, Any]:
        """Return the set as it stands in JSON."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def _short(algorithms: tuple[str, ...]) -> str:
    """Return algorithms in few words: of RSA keys there are six."""
    return "RSA" if len(algorithms) > 2 else "/".join(algorithms)


def _key_set(raw: Any) -> KeySet:
    if isinstance(raw, KeySet):
        return raw
    if isinstance(raw, str):
        raw = _from_text(raw)
    if isinstance(raw, dict) and "kty" in raw:
        raw = [raw]
    if isinstance(raw, dict):
        raw = raw.get("keys")
    # A form gives what stands on one line in a list.
    elif isinstance(raw, list) and len(raw) == 1 and isinstance(raw[0], dict) and "keys" in raw[0]:
        raw = raw[0]["keys"]
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise SettingProblem(f"this is no JWK set; {_HOW}")
    if not raw:
        raise SettingProblem("the set holds no key")
    if len(raw) > KEYS_LIMIT:
        raise SettingProblem(f"at most {KEYS_LIMIT} keys, these are {len(raw)}")
    written = json.dumps({"keys": [_kept(number, one) for number, one in enumerate(raw, start=1)]}, **_COMPACT)
    if len(written) > TEXT_LIMIT:
        raise SettingProblem(f"at most {TEXT_LIMIT} characters, this has {len(written)}")
    return _read(written)


def _from_text(raw: str) -> Any:
    if "PRIVATE KEY" in raw.upper():
        raise SettingProblem("this holds a private key. Give public keys alone, and make a new one: this was shown")
    if len(raw) > 4 * TEXT_LIMIT:
        raise SettingProblem(f"at most {TEXT_LIMIT} characters, this has {len(raw)}")
    try:
        return json.loads(raw, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as problem:
        raise SettingProblem(f"this is no JSON; {_HOW}") from problem


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _kept(number: int, members: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a key. Nothing that came is quoted: it may be a secret."""
    from grantway.kit.key_sets import SECRET_MEMBERS  # slow to import, and not every app has a key set

    if members.get("kty") == "oct" or "k" in members:
        raise SettingProblem(f"key {number} is symmetric: whoever can check its signatures can make them")
    if not SECRET_MEMBERS.isdisjoint(members):
        raise SettingProblem(
            f"key {number} has its private half. Give the public one alone, and make a new key: this one was shown"
        )
    found = {name: members[name] for name in _TEXTS if members.get(name) is not None}
    # Half of a surrogate pair is not printable either; no JSON could be written with one.
    if not all(isinstance(one, str) and len(one) <= _MEMBER_LIMIT and one.isprintable() for one in found.values()):
        raise SettingProblem(f"key {number}: one of its members is no plain text, or too long")
    operations = members.get(_OPERATIONS)
    if operations is None:
        return found
    if not isinstance(operations, list) or len(operations) > 10 or not all(_is_word(one) for one in operations):
        raise SettingProblem(f"key {number}: key_ops is no list of a few words")
    return found | {_OPERATIONS: operations}


def _is_word(one: Any) -> bool:
    return isinstance(one, str) and one.isprintable() and len(one) <= 100


# Records are read again and again, and the keys in one take longest.
@lru_cache(maxsize=256)
def _read(written: str) -> KeySet:
    from grantway.kit.key_sets import usable_keys

    found = json.loads(written)["keys"]
    keys = usable_keys(found)
    if not keys:
        raise SettingProblem(
            "no key of the set can check a signature: that takes RSA of 2048 to 8192 bits, P-256, P-384, P-521 or "
            "Ed25519, for signatures, with an alg that fits"
        )
    return KeySet(text=written, keys=keys, others=len(found) - len(keys))


_JWK: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string", "maxLength": _MEMBER_LIMIT} for name in _TEXTS},
        _OPERATIONS: {"type": "array", "items": {"type": "string"}, "maxItems": 10},
    },
    "required": ["kty"],
}
KEY_SET: Final = optional(
    Kind[KeySet](
        name="key_set",
        parse=_key_set,
        write=lambda value: value.members(),
        says=str,
        schema={
            "type": "object",
            "properties": {"keys": {"type": "array", "items": _JWK, "minItems": 1, "maxItems": KEYS_LIMIT}},
            "required": ["keys"],
        },
        hint="@FILE",
        limits=f"a JWK set of at most {KEYS_LIMIT} public keys and {TEXT_LIMIT:,} characters; never a private key",
    ),
    without="none",
)


EXAMPLE_KEY_SET: Final = (
    '{"keys":[{"kty":"EC","crv":"P-256","x":"FLxuu6NnHTOwIPjLeVrg5ML-ceU4MPVHVMoiT511Hk0",'
    '"y":"8cNE6AIciMQwo4yUABoBpLoeLC4qqVQGh7_sMuBEVoE","kid":"2026-11","use":"sig"}]}'
)
"""A set of one key whose private half was thrown away."""
