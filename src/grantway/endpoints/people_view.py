"""How a person is shown at Salesforce's door: format, API version, pretty or not (salesforce-oauth.md 1.6)."""

import re
from typing import Any, Final

import msgspec

from grantway.endpoints.answer import NO_STORE, XML, json_reply
from grantway.endpoints.bearer import header_token
from grantway.endpoints.formats import accepted_format, is_function_name, jsonp, xml_document
from grantway.endpoints.parameters import form_of, is_form, query_of
from grantway.endpoints.versions import NEWEST
from grantway.kit.http import Call, Reply
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import bearer as no
from grantway.protocol.refusal import Refused

_SCRIPT: Final = ((b"content-type", b"application/javascript;charset=UTF-8"), *NO_STORE)
_VERSION: Final = re.compile(r"[0-9]{1,3}\.0")


class View(msgspec.Struct, frozen=True, gc=False):
    """What was asked for: json, xml or jsonp; the version that fills in `{version}`, or empty to leave it standing."""

    wanted: str
    version: str
    callback: str
    pretty: bool


def read_view(call: Call) -> View:
    """Read `format`, `version` and `callback`, from the URL or a form.

    Raises:
        Refused: no such version, or a callback that may not be called. JSONP is for tokens in the header only: a page
            elsewhere can make a browser load a script, but cannot make it send that header.
    """
    params = dict(query_of(call)) if call.query else {}
    if call.method == "POST" and is_form(call):
        params |= form_of(call, SALESFORCE)
    wanted = params.get("format", "").lower() or accepted_format(call)
    callback = params.get("callback", "")
    if wanted == "jsonp" and (not is_function_name(callback) or header_token(call, SALESFORCE) is None):
        raise Refused(no.INVALID_CALLBACK())
    version = params.get("version", "")
    if version == "latest":
        version = NEWEST
    elif version and not _VERSION.fullmatch(version):
        raise Refused(no.INVALID_VERSION(version=version[:20]))
    return View(wanted, version, callback, call.header(b"x-prettyprint") == b"1")


def shown(view: View, fields: dict[str, Any]) -> Reply:
    """Return what is said of a person, in the format asked for; what is neither XML nor JSONP is JSON."""
    if view.wanted == "xml":
        return Reply(200, xml_document("user", fields, nil=True), XML)
    if view.wanted == "jsonp":
        return Reply(200, jsonp(view.callback, fields), _SCRIPT)
    reply = json_reply(fields)
    return Reply(200, msgspec.json.format(reply.body, indent=2), reply.headers) if view.pretty else reply
