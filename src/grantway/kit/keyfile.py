"""The text of the key file: one base64 key a line, the first encrypts, all decrypt (contract.md, "Files")."""

import base64
import binascii
import os

from grantway.kit.secrets import KeyRing


def new_key_line() -> str:
    """Return one fresh key as a line of a key file."""
    return base64.b64encode(os.urandom(32)).decode() + "\n"


def read_key_ring(text: str) -> KeyRing:
    """Read the text of a key file. Blank lines and lines that begin with # are skipped.

    Raises:
        ValueError: a line is no base64 of 32 bytes, or there is none; names the line, never shows it.
    """
    keys = []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        try:
            key = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise ValueError(f"line {number} of the key file is not the base64 of 32 bytes")
        keys.append(key)
    if not keys:
        raise ValueError("the key file holds no key")
    return KeyRing(keys)
