"""The request target: its forms, and the one decoding of its path (RFC 9112, section 3.2; security.md S51)."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


def split_target(target: bytes, method: bytes, host: bytes | None) -> tuple[bytes, bytes] | None:
    """Return raw path and raw query of a request target, or None when it is malformed.

    The absolute form must name the same host as the Host header; the asterisk goes with OPTIONS only.
    """
    if b"#" in target:
        return None
    if target[:1] != b"/":
        if target == b"*":
            return (target, b"") if method == b"OPTIONS" else None
        absolute = _ABSOLUTE.match(target)
        if absolute is None or host is None or absolute[1].lower() != host.lower():
            return None
        target = target[absolute.end() :]
        if target[:1] != b"/":
            target = b"/" + target
    path, _, query = target.partition(b"?")
    return path, query


def decoded_path(raw: bytes) -> str | None:
    """Return a path with its percent escapes decoded once; None for a bad escape, a control character or bad UTF-8."""
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw):
            return None
        raw = unquote_to_bytes(raw)
    try:
        path = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return path if path.isprintable() else None
