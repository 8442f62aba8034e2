"""The forms in which a "no" may come: each kind of endpoint has its own (salesforce-oauth.md 1.6, 2.3, 2.4, 3.22)."""

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.endpoints.house import CALLBACK
from tests.endpoints.raw import Answer

Form = Callable[[Answer], bool]


def _is_refused(answer: Answer, media_type: str) -> bool:
    return 400 <= answer.status < 500 and answer.headers.get("content-type", "").startswith(media_type)


def oauth_json(answer: Answer) -> bool:
    """An OAuth error: both members, and nothing else (RFC 6749, section 5.2)."""
    if not _is_refused(answer, "application/json"):
        return False
    told = json.loads(answer.body)
    return isinstance(told, dict) and told.keys() == {"error", "error_description"} and all(told.values())


def pair(answer: Answer) -> bool:
    """The raw pair `error=…&error_description=…`."""
    if not (_is_refused(answer, "text/plain") or _is_refused(answer, "application/x-www-form-urlencoded")):
        return False
    return parse_qs(answer.text, strict_parsing=True).keys() == {"error", "error_description"}


def xml(answer: Answer) -> bool:
    """An OAuth error as XML."""
    return _is_refused(answer, "application/xml") and bool(
        re.fullmatch(
            r"<\?xml[^>]*><OAuth><error>\w+</error><error_description>[^<]+</error_description></OAuth>", answer.text
        )
    )


def page(answer: Answer) -> bool:
    """A page that shows the request id, by which the administrator finds the cause."""
    return _is_refused(answer, "text/html") and answer.headers["x-request-id"] in answer.text


def form_again(answer: Answer) -> bool:
    """The login page once more."""
    return _is_refused(answer, "text/html") and 'name="password"' in answer.text


def small_page(answer: Answer) -> bool:
    """A page without a request: there is no such file."""
    return answer.status == 404 and _is_refused(answer, "text/html")


def at_callback(answer: Answer) -> bool:
    """An error told to the app at its registered callback, in the fragment where the answer would have stood there."""
    location = urlsplit(answer.headers.get("location", ""))
    told = parse_qs(location.query or location.fragment)
    leads_there = location._replace(query="", fragment="").geturl() == CALLBACK
    return answer.status in (302, 303) and leads_there and {"error", "iss"} <= told.keys()


def word(answer: Answer) -> bool:
    """One plain word, as the identity URL and userinfo have it."""
    return _is_refused(answer, "text/plain") and bool(re.fullmatch(r"[A-Za-z_]+", answer.text))


def bearer(answer: Answer) -> bool:
    """A refusal of a protected resource, with its challenge (RFC 6750, section 3)."""
    challenge = answer.headers.get("www-authenticate", "")
    return _is_refused(answer, "application/json") and challenge.startswith('Bearer realm="grantway"')


def array(answer: Answer) -> bool:
    """A JSON array of one errorCode and message, as the data API has it."""
    if not _is_refused(answer, "application/json"):
        return False
    told = json.loads(answer.body)
    return isinstance(told, list) and [one.keys() for one in told] == [{"errorCode", "message"}]


def inactive(answer: Answer) -> bool:
    """Introspection of what is no token (RFC 7662, section 2.2)."""
    return (answer.status, answer.body) == (200, b'{"active":false}')


def nothing_to_revoke(answer: Answer) -> bool:
    """Revocation of what is no token, which is no error by RFC 7009, section 2.2."""
    return (answer.status, answer.body) == (200, b"")


def public(answer: Answer) -> bool:
    """What anybody may read, whatever stands in the query."""
    return answer.status == 200 and bool(answer.body)
