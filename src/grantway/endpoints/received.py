"""What a request sent, as far as an administrator may read it: names, and the values of what is never secret (S57).

Whatever is not listed here is hidden: a parameter that comes one day is kept back until somebody lists it.
"""

import re
from typing import Final
from urllib.parse import unquote_plus

import msgspec

from grantway.endpoints.parameters import is_form
from grantway.kit.http import Call

# (header, query or body; name; value, None for what is hidden)
Received = tuple[str, str, str | None]

OPEN: Final = frozenset(
    {
        "grant_type",
        "response_type",
        "response_mode",
        "client_id",
        "redirect_uri",
        "scope",
        "code_challenge_method",
        "prompt",
        "display",
        "immediate",
        "max_age",
        "format",
        "token_type_hint",
        "client_assertion_type",
        "subject_token_type",
        "actor_token_type",
        "requested_token_type",
        "token_handler",
    }
)
_ADDRESSES: Final = frozenset({"redirect_uri"})
_SCHEMES: Final = {"basic": "Basic", "bearer": "Bearer", "oauth": "OAuth"}
# A name that is no word may be a secret that stands where a name should.
_WORD: Final = re.compile(r"[a-z]{1,20}(?:[_.][a-z]{1,20}){0,4}")
_OTHER: Final = "(no name)"
_MOST: Final = 30
_QUERY_ROOM: Final = 4_096
_BODY_ROOM: Final = 8_192
_VALUE_ROOM: Final = 200


def received(call: Call) -> str:
    """Return what a request sent as a JSON list of `Received`, bounded, in its order; what may be secret is hidden."""
    found: list[Received] = []
    if header := call.header(b"authorization"):
        scheme = header.partition(b" ")[0].decode("latin-1").lower()
        found.append(("header", f"Authorization: {_SCHEMES[scheme]}" if scheme in _SCHEMES else "Authorization", None))
    if call.query:
        found += _fields("query", call.query[:_QUERY_ROOM], is_cut=len(call.query) > _QUERY_ROOM)
    if call.body and is_form(call):
        text = call.body[:_BODY_ROOM].decode("utf-8", "replace")
        found += _fields("body", text, is_cut=len(call.body) > _BODY_ROOM)
    return msgspec.json.encode(found[:_MOST]).decode() if found else ""


def _fields(where: str, text: str, *, is_cut: bool) -> list[Received]:
    fields = text.split("&", _MOST)
    found: list[Received] = []
    # What is too much is left out, and so are a name and a value that were cut off in the middle.
    cut = fields.pop() if is_cut or len(fields) > _MOST else ""
    if "=" in cut and len(fields) < _MOST:
        fields.append(cut)
    for field in fields:
        name, _, value = field.partition("=")
        name = unquote_plus(name)
        if name in OPEN and field is not cut:
            value = unquote_plus(value)
            if name in _ADDRESSES:
                value = _bare(value)
            found.append((where, name, _printable(value)))
        elif name:
            found.append((where, name if _WORD.fullmatch(name) else _OTHER, None))
    return found


def _bare(url: str) -> str:
    """Return an address without user, query and fragment, where secrets stand."""
    before = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, slashes, rest = before.partition("://")
    if not slashes:
        return before
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _printable(value: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value[:_VALUE_ROOM])
    return shown + "…" if len(value) > _VALUE_ROOM else shown
