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
_FUNCTION: Final = re.compile(r"[A-Za-z_$][\w$]{0,63}(?:\.[A-Za-z_$][\w$]{0,63}){0,3}", re.ASCII)


def accepted_format(call: Call) -> str:
    """Return the format that the Accept header asks for: json, urlencoded or xml; json where it names none of them."""
    accept = call.header(b"accept")
    if accept is None or b"json" in accept or b"*/*" in accept:
        return "json"
    if b"application/x-www-form-urlencoded" in accept:
        return "urlencoded"
    return "xml" if b"xml" in accept else "json"


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
