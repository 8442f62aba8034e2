"""Secrets: made by the OS, masked when shown, hashed or encrypted at rest, compared in constant time."""

import hashlib
import hmac
import os
import secrets
import string
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grantway.kit.chance import random_bytes
from grantway.kit.ids import ROW_ID_LENGTH, SHORT_ID_LENGTH, TOKEN_ALPHABET, new_row_id, token_text

ACCESS_TOKEN_LENGTH: Final = 112
REFRESH_TOKEN_PREFIX: Final = "5Aep861"
REFRESH_TOKEN_LENGTH: Final = 87
CODE_PREFIX: Final = "aPrx"
CODE_LENGTH: Final = 76
SECURITY_TOKEN_LENGTH: Final = 24
_LETTERS_AND_DIGITS: Final = string.ascii_letters + string.digits
_CODE_TAIL: Final = "=="
_ALPHABET: Final = frozenset(TOKEN_ALPHABET)


class Secret:
    """A text that must not be shown: `str`, `repr` and JSON give a mask, `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself. Every call is a place to look at in a review."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(••••)"

    def __str__(self) -> str:
        return "••••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


def fingerprint(text: str) -> bytes:
    """Return the SHA-256 of a secret of at least 128 bits of chance: all that is stored of it."""
    return hashlib.sha256(text.encode()).digest()


def new_opaque(byte_count: int = 32) -> str:
    """Return fresh random text in the token alphabet."""
    return token_text(os.urandom(byte_count))


def new_consumer_key() -> str:
    """Return a consumer key of Salesforce's shape: 85 characters, beginning with 3MVG9."""
    return "3MVG9" + token_text(os.urandom(60))


def new_consumer_secret() -> Secret:
    """Return a consumer secret of Salesforce's shape: 64 upper-case hexadecimal characters."""
    return Secret(os.urandom(32).hex().upper())


def new_security_token() -> str:
    """Return a user's security token: 24 letters and digits, 142 bits of chance."""
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(SECURITY_TOKEN_LENGTH))


def new_access_token(org_id: str, now_ms: int, row_id: str = "") -> tuple[str, str]:
    """Return (row id, token): 15 characters of org id, `!`, and 96 of the token alphabet (salesforce-oauth.md 5).

    The row gets the id that is given, else a new one.
    """
    row_id = row_id or new_row_id(now_ms)
    return row_id, f"{org_id[:SHORT_ID_LENGTH]}!{row_id}{token_text(random_bytes(60))}"


def read_access_token(token: str) -> tuple[str, str] | None:
    """Return the row id inside an access token, opaque or a JWT, and its 15 characters of org id.

    None when the text has not the shape of one. Nothing of it is true before the row's hash is the text's.
    """
    if len(token) == ACCESS_TOKEN_LENGTH and token[SHORT_ID_LENGTH] == "!":
        org = token[:SHORT_ID_LENGTH]
        if not token.startswith("00D") or not org.isalnum() or not _ALPHABET.issuperset(token[16:]):
            return None
        return token[16 : 16 + ROW_ID_LENGTH], org
    if not looks_like_jwt(token):
        return None
    from grantway.kit.access_jwt import read_names
    from grantway.kit.jose import JwtRefused

    try:
        return read_names(token)
    except JwtRefused:
        return None


def looks_like_jwt(token: str) -> bool:
    """Tell whether a text begins as a JWT does, whose header is a JSON object: what is wrong with it is still open."""
    return token.startswith("eyJ")


def access_token_row(token: str) -> str | None:
    """Return the row id inside an access token, or None when the text has not the shape of one."""
    found = read_access_token(token)
    return found[0] if found is not None else None


def new_refresh_token(now_ms: int) -> tuple[str, str]:
    """Return (row id, token): 87 characters, beginning with 5Aep861 (salesforce-oauth.md 5)."""
    row_id = new_row_id(now_ms)
    return row_id, REFRESH_TOKEN_PREFIX + row_id + token_text(random_bytes(48))


def refresh_token_row(token: str) -> str | None:
    """Return the row id inside a refresh token, or None when the text has not the shape of one."""
    if len(token) != REFRESH_TOKEN_LENGTH or not token.startswith(REFRESH_TOKEN_PREFIX):
        return None
    if not _ALPHABET.issuperset(token):
        return None
    return token[7 : 7 + ROW_ID_LENGTH]


def new_code(now_ms: int) -> tuple[str, str]:
    """Return (row id, authorization code): 76 characters, aPrx…== (salesforce-oauth.md 5)."""
    row_id = new_row_id(now_ms)
    return row_id, CODE_PREFIX + row_id + token_text(random_bytes(41))[:54] + _CODE_TAIL


def code_row(code: str) -> str | None:
    """Return the row id inside an authorization code, or None when the text has not the shape of one."""
    if len(code) != CODE_LENGTH or not code.startswith(CODE_PREFIX) or not code.endswith(_CODE_TAIL):
        return None
    if not _ALPHABET.issuperset(code[:-2]):
        return None
    return code[4 : 4 + ROW_ID_LENGTH]


class KeyRing:
    """The keys that stand outside the database: the first encrypts and hashes anew, all decrypt (contract.md).

    Purposes (`b"signature"`, `b"consumer-secret"`, …) give independent keys, so that no text made for one purpose is
    of use for another.
    """

    __slots__ = ("_boxes", "_derived", "_keys")

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the raw keys, 32 bytes each.

        Raises:
            ValueError: there is no key, or one is not 32 bytes long.
        """
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("a key ring needs at least one key of 32 bytes")
        self._keys = tuple(keys)
        self._derived: dict[tuple[int, bytes], bytes] = {}
        self._boxes: dict[tuple[int, bytes], AESGCM] = {}

    def _derive(self, index: int, purpose: bytes) -> bytes:
        key = self._derived.get((index, purpose))
        if key is None:
            key = self._derived[index, purpose] = hmac.digest(self._keys[index], b"grantway/" + purpose, "sha256")
        return key

    def _box(self, index: int, purpose: bytes) -> AESGCM:
        box = self._boxes.get((index, purpose))
        if box is None:
            box = self._boxes[index, purpose] = AESGCM(self._derive(index, b"box/" + purpose))
        return box

    def seal(self, text: bytes, purpose: bytes) -> bytes:
        """Encrypt under the first key (AES-256-GCM, random nonce); `purpose` must be given again to open it."""
        nonce = os.urandom(12)
        return nonce + self._box(0, purpose).encrypt(nonce, text, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypt what `seal` gave, under whichever key fits.

        Raises:
            KeyRingError: no key opens it: the key file is not the one this database was written with.
        """
        for index in range(len(self._keys)):
            try:
                return self._box(index, purpose).decrypt(sealed[:12], sealed[12:], purpose)
            except (InvalidTag, ValueError):  # of another key, or too short to be of any
                continue
        raise KeyRingError("no key in the key file opens this value; was the database written with another key file?")

    def digests(self, text: str, purpose: bytes) -> tuple[bytes, ...]:
        """Return the keyed hash of `text` under each key, the first key's first."""
        return tuple(
            hmac.digest(self._derive(index, b"mac/" + purpose), text.encode(), "sha256")
            for index in range(len(self._keys))
        )

    def digest(self, text: str, purpose: bytes) -> bytes:
        """Return the keyed hash of `text` under the first key."""
        return hmac.digest(self._derive(0, b"mac/" + purpose), text.encode(), "sha256")

    def derived_refresh_secret(self, predecessor: str, key_index: int = 0) -> str:
        """Return the 64 characters that follow the row id in the token that succeeds `predecessor` (decision 3).

        Derived, so that a repeated request within the overlap gets the same successor though nothing is stored in
        clear.
        """
        mac = hmac.digest(self._derive(key_index, b"successor"), predecessor.encode(), "sha512")
        return token_text(mac[:48])

    def derived_refresh_secrets(self, predecessor: str) -> tuple[str, ...]:
        """Return the successor's text under each key, the first key's first."""
        return tuple(self.derived_refresh_secret(predecessor, index) for index in range(len(self._keys)))


class KeyRingError(Exception):
    """A sealed value cannot be opened with the keys at hand."""
