"""The other formats of Salesforce's door: XML and JSONP beside JSON (salesforce-oauth.md 1.6, 1.10)."""

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec

from grantway.kit.http import Call

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_NIL: Final = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
# What XML 1.0 cannot hold at all, not even escaped.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_QUALITY: Final = re.compile(rb"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_FUNCTION: Final = re.compile(r"[A-Za-z_$][\w$]{0,63}(?:\.[A-Za-z_$][\w$]{0,63}){0,3}", re.ASCII)


def accepted_format(call: Call) -> str:
    """Return the format that the Accept header asks for: json, urlencoded or xml; json where it names none of them."""
    accept = call.header(b"accept")
    if accept is None or b"json" in accept or b"*/*" in accept:
        return "json"
    if b"application/x-www-form-urlencoded" in accept:
        return "urlencoded"
    return "xml" if b"xml" in accept else "json"


def prefers(call: Call, wanted: bytes, other: bytes) -> bool:
    """Tell whether the Accept header names a media type, and as good as another one or better (RFC 9110, 12.5.1).

    A wildcard does not name it: who would take anything gets what everybody gets.
    """
    accept = call.header(b"accept")
    if accept is None or wanted not in (accept := accept.lower()):
        return False
    quality = {wanted: 0.0, other: 0.0}
    for entry in accept.split(b","):
        name, *parameters = (part.strip() for part in entry.split(b";"))
        if name in quality:
            given = next((part[2:].strip() for part in parameters if part.startswith(b"q=")), b"1")
            quality[name] = float(given) if _QUALITY.fullmatch(given) else 0.0
    return quality[wanted] > 0 and quality[wanted] >= quality[other]


def xml_document(root: str, fields: Mapping[str, Any], *, nil: bool = False) -> bytes:
    """Return fields as an XML document; `nil` declares what a null needs (`xsi:nil`)."""
    return f"{_DECLARATION}<{root}{_NIL if nil else ''}>{_children(fields)}</{root}>".encode()


def is_function_name(text: str) -> bool:
    """Tell whether a JSONP callback is a plain name, at most with dots: nothing that runs by itself."""
    return _FUNCTION.fullmatch(text) is not None


def jsonp(function: str, value: Any) -> bytes:
    """Return a call of a function with a JSON value. The comment keeps the answer from being read as something else."""
    text = msgspec.json.encode(value).replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return b"/**/" + function.encode() + b"(" + text + b");"


def _children(fields: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, Mapping):
        return f"<{name}>{_children(value)}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    return f"<{name}>{escape(_NOT_XML.sub('�', str(value)))}</{name}>"
