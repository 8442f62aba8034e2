"""Salesforce record ids (15 and 18 characters, checksum, key prefixes) and the time-ordered ids of rows."""

import base64
import hashlib
import os
import string
import threading
from binascii import b2a_base64
from typing import Final

from grantway.kit.chance import random_bytes

# Every key prefix stands here and nowhere else (decision 21).
ORG: Final = "00D"
USER: Final = "005"
PROFILE: Final = "00e"
PERMISSION_SET: Final = "0PS"
CONNECTED_APP: Final = "0H4"
CUSTOM_PERMISSION: Final = "0CP"
CUSTOM_SCOPE: Final = "0cS"  # ours: Salesforce's is in no document
TOKEN_HANDLER: Final = "0th"  # ours: Salesforce's is in no document
# What Salesforce gives external client apps is published nowhere; this is ours.
EXTERNAL_CLIENT_APP: Final = "0xI"
OAUTH_CONSUMER: Final = "888"
ASSET: Final = "02i"
CERTIFICATE: Final = "0P1"
CREDENTIAL_SET: Final = "0cT"  # ours: Salesforce's is in no document

_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM: Final = string.ascii_uppercase + "012345"
ID_LENGTH: Final = 18
SHORT_ID_LENGTH: Final = 15

# The 64 characters of Salesforce's tokens in the order of their code points, so that text sorts as its bytes do.
TOKEN_ALPHABET: Final = "." + string.digits + string.ascii_uppercase + "_" + string.ascii_lowercase
_B64: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_TO_TOKEN: Final = bytes.maketrans(_B64.encode(), TOKEN_ALPHABET.encode())
_TO_B64: Final = bytes.maketrans(TOKEN_ALPHABET.encode(), _B64.encode())
ROW_ID_LENGTH: Final = 16


def checksum(short_id: str) -> str:
    """Return the three characters that make a 15-character id an 18-character one.

    For each group of five characters, bit j is set when character j is upper case; the value indexes `A-Z0-5`.
    """
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << j for j, char in enumerate(short_id[start : start + 5]) if "A" <= char <= "Z")
        suffix += _CHECKSUM[bits]
    return suffix


def new_id(prefix: str) -> str:
    """Return a fresh random 18-character id of the kind `prefix` names. Random, never reused (decision 15)."""
    # 128 random bits over 62^12: the bias of the modulo is below one part in 10^16.
    return _id_of(prefix, os.urandom(16))


def derived_id(prefix: str, text: str) -> str:
    """Return the 18-character id of the kind `prefix` names that belongs to a text: for the same one the same."""
    return _id_of(prefix, hashlib.sha256(text.encode()).digest()[:16])


def _id_of(prefix: str, data: bytes) -> str:
    number = int.from_bytes(data)
    chars = []
    for _ in range(SHORT_ID_LENGTH - len(prefix)):
        number, digit = divmod(number, 62)
        chars.append(_BASE62[digit])
    short_id = prefix + "".join(chars)
    return short_id + checksum(short_id)


def canonical_id(text: str, prefix: str) -> str | None:
    """Return the 18-character form of an id given in either form, or None when `text` is no id of that kind.

    The 18-character form must bear its own checksum; a wrong one means a mistyped id.
    """
    if len(text) not in (SHORT_ID_LENGTH, ID_LENGTH) or not text.startswith(prefix):
        return None
    if not (text.isascii() and text.isalnum()):
        return None
    short_id = text[:SHORT_ID_LENGTH]
    full = short_id + checksum(short_id)
    return full if len(text) == SHORT_ID_LENGTH or text == full else None


def token_text(data: bytes) -> str:
    """Write bytes in the alphabet of Salesforce's tokens; four characters for three bytes, no padding."""
    return b2a_base64(data, newline=False).translate(_TO_TOKEN).rstrip(b"=").decode()


def token_bytes(text: str) -> bytes:
    """Return the bytes that `token_text` wrote, for a text of whole groups of four characters."""
    return base64.b64decode(text.encode().translate(_TO_B64))


def new_row_id(now_ms: int) -> str:
    """Return a time-ordered id of 16 characters: six bytes of time, six of chance (performance.md, "Key order")."""
    return token_text(now_ms.to_bytes(6) + random_bytes(6))


class Sequence:
    """Gives row ids that sort as they were asked for, also within one millisecond."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._ms = -1
        self._last = 0

    def next(self, now_ms: int) -> str:
        """Return a row id for a time; it sorts behind every other that this sequence gave for the same time.

        The step is of chance too: two processes that share a millisecond do not meet.
        """
        with self._lock:
            if now_ms == self._ms:
                last = self._last + 1 + int.from_bytes(random_bytes(4))
            else:
                # The first bit of chance stays free: room for thousands more in this millisecond.
                self._ms, last = now_ms, (now_ms << 48) + (int.from_bytes(random_bytes(6)) >> 1)
            self._last = last
        return token_text(last.to_bytes(12))


def first_row_id(at_ms: int) -> str:
    """Return the smallest row id that `new_row_id(at_ms)` could give; older rows sort below it."""
    return token_text(at_ms.to_bytes(6) + bytes(6))
