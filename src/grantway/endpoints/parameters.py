"""Reading the parameters of an OAuth request: one form, each parameter once, nothing secret in the URL (S2, S21a)."""

from collections.abc import Mapping
from typing import Final

from grantway.kit.form import FormError, parse_form, parse_query
from grantway.kit.http import Call
from grantway.kit.multipart import is_multipart, multipart_fields
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import request as no
from grantway.protocol.refusal import Refusal, Refused

_FORM: Final = b"application/x-www-form-urlencoded"
_LEGACY: Final = ("/services/oauth2/token", "/services/oauth2/revoke")
SECRET_PARAMETERS: Final = (
    "client_secret",
    "password",
    "refresh_token",
    "access_token",
    "oauth_token",
    "token",
    "sid",
    "code_verifier",
    "assertion",
    "client_assertion",
    "subject_token",
    "actor_token",
    "device_code",
)


def posted(call: Call, door: Door) -> Mapping[str, str]:
    """Return the parameters of an endpoint that takes POST only. The URL's are not read; secret ones are refused.

    Raises:
        Refused: another method, another media type, a malformed form, a secret in the URL, or a parameter in both.
    """
    if call.method != "POST":
        raise Refused(no.MUST_POST(method=call.method))
    in_url = refuse_secrets_in_url(call, legacy=door is SALESFORCE and call.path in _LEGACY)
    form = form_of(call, door)
    for name in in_url:
        if name in form:
            raise Refused(no.PARAMETER_REPEATED(parameter=name[:60]))
    return form


def form_of(call: Call, door: Door) -> Mapping[str, str]:
    """Return the parameters of a form body.

    Raises:
        Refused: another media type, or a malformed form.
    """
    media_type = call.header(b"content-type") or b""
    try:
        if _says_form(media_type):
            return parse_form(call.body)
        if not media_type and not call.body:
            return {}
        if door is SALESFORCE and is_multipart(media_type):
            return multipart_fields(media_type, call.body)
    except FormError as problem:
        raise Refused(_as_refusal(problem)) from problem
    sent = media_type[:60].decode("latin-1") or "nothing"
    raise Refused(no.MEDIA_TYPE(media_type=sent, wanted="application/x-www-form-urlencoded"))


def is_form(call: Call) -> bool:
    """Tell whether the body says that it is an urlencoded form."""
    return _says_form(call.header(b"content-type") or b"")


def _says_form(media_type: bytes) -> bool:
    return media_type == _FORM or media_type.split(b";", 1)[0].strip().lower() == _FORM


def query_of(call: Call) -> Mapping[str, str]:
    """Return the parameters of the URL.

    Raises:
        Refused: the query is malformed or repeats a parameter.
    """
    try:
        return parse_query(call.query)
    except FormError as problem:
        raise Refused(_as_refusal(problem)) from problem


def refuse_secrets_in_url(call: Call, repeated: str | None = None, *, legacy: bool = False) -> Mapping[str, str]:
    """Return the parameters of a URL, which may hold nothing secret (decision 2).

    `repeated` is the token of the Authorization header, which some clients send a second time here: that is ignored.
    `legacy`: this endpoint would read it in an org that allows legacy query parameters, and so the refusal says.

    Raises:
        Refused: a parameter holds something secret, or the query is malformed or repeats a parameter.
    """
    query = query_of(call) if call.query else {}
    for name in SECRET_PARAMETERS:
        if name in query and (repeated is None or query[name] != repeated):
            raise Refused((no.SECRET_IN_LEGACY_URL if legacy else no.SECRET_IN_URL)(parameter=name))
    return query


def required(params: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there; an empty one is a missing one.

    Raises:
        Refused: it is missing.
    """
    value = params.get(name, "")
    if not value:
        raise Refused(no.PARAMETER_MISSING(parameter=name))
    return value


def _as_refusal(problem: FormError) -> Refusal:
    if problem.code == "repeated":
        return no.PARAMETER_REPEATED(parameter=problem.parameter)
    return no.MALFORMED(problem=str(problem))
