"""What the last request did, carried to the next page in a cookie that only this server can have written."""

import base64
import binascii
import hmac
from typing import Final

import msgspec

from grantway.endpoints.authorization.visitor import cookie_header, cookie_named
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header
from grantway.pages import Flash

_COOKIE: Final = "grantway-flash"
_PURPOSE: Final = b"setup-flash"
_MAX: Final = 2000
_SECONDS: Final = 60


def flash_cookie(server: Server, base: str, said: tuple[str, str] | None) -> Header:
    """Return the header that carries a message (kind, text), or with None the one that forgets it."""
    if said is None:
        return cookie_header(_COOKIE, "", base, 0)
    text = base64.urlsafe_b64encode(msgspec.json.encode((said[0], said[1][:_MAX]))).decode()
    return cookie_header(_COOKIE, f"{text}.{server.ring.digest(text, _PURPOSE).hex()}", base, _SECONDS)


def read_flash(call: Call, server: Server, base: str) -> Flash | None:
    """Return what the last request said, if it was ours."""
    text, _, proof = cookie_named(call, _COOKIE, base).partition(".")
    right = False
    for digest in server.ring.digests(text, _PURPOSE):
        right |= hmac.compare_digest(digest.hex().encode(), proof.encode())
    if not right:
        return None
    try:
        kind, said = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str, str])
    except (msgspec.MsgspecError, binascii.Error):
        return None
    return Flash(kind=kind, text=said)
