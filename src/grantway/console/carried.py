"""A form that was sent after its session had ended: carried through the login, and shown again to be sent by hand.

Nothing is done without the person: what is carried comes back as a page with a button. Passwords and secrets are not
carried. Only a form that came from a page of ours is: its Origin says so, for its token belongs to the session that
ended.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec

from grantway.kit.form import FormError, parse_fields
from grantway.kit.http import Call
from grantway.kit.multipart import is_multipart
from grantway.kit.urls import origin_of

FIELD: Final = "carried"
# With the login form around it, and percent-encoded, this stays below what the edge takes as a body.
_MOST: Final = 200_000
_FIELDS: Final = 1000
_NEVER: Final = frozenset({"csrf", "password", "new_password", "consumer_secret", "client_secret", FIELD})


class Carried(msgspec.Struct, frozen=True):
    """Where a form was sent, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedPage:
    """What was sent before the login, with a button that sends it again."""

    template: ClassVar[str] = "setup/carried.html"
    title: str = "You are logged in again; nothing is done yet"
    path: str
    fields: tuple[tuple[str, str], ...]


def carry(call: Call, base: str) -> str:
    """Return a posted form as the text of a hidden field; empty where it is not ours, or too large."""
    origin = call.header(b"origin")
    if is_multipart(call.header(b"content-type") or b""):
        return ""  # files are too much to go through a login; nothing was done, and they are chosen again
    if call.method != "POST" or origin is None or origin.decode("latin-1") != origin_of(base):
        return ""
    try:
        forms = parse_fields(call.body, most=_FIELDS)
    except FormError:
        return ""
    fields = tuple((name, value) for name, values in forms.items() if not _is_secret(name) for value in values)
    text = base64.urlsafe_b64encode(msgspec.json.encode(Carried(call.path, fields))).decode()
    return text if fields and len(text) <= _MOST else ""


def read_carried(text: str) -> Carried | None:
    """Return the form that a hidden field carries, if it is one for a page of the console."""
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Carried)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return None
    path = found.path
    ours = path.startswith("/setup/") and path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return found if ours else None


def _is_secret(name: str) -> bool:
    return name in _NEVER or name.endswith("password")
