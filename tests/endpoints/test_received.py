"""What is kept of a refused request: names, the values of what is never secret, and nothing else."""

import base64
import json

import pytest

from grantway.endpoints.parameters import SECRET_PARAMETERS
from grantway.endpoints.received import OPEN, received
from grantway.kit.http import Call

FORM = ((b"content-type", b"application/x-www-form-urlencoded"),)


def told(call: Call) -> tuple[tuple[str, str, str | None], ...]:
    """What is kept of a call, read again."""
    text = received(call)
    return tuple(tuple(one) for one in json.loads(text)) if text else ()


def post(body: str, *headers: tuple[bytes, bytes], query: str = "") -> Call:
    """Return a form as it is posted."""
    return Call("POST", "/services/oauth2/token", query, (*FORM, *headers), body.encode())


def test_names_are_kept_and_only_values_that_are_never_secret() -> None:
    body = "grant_type=password&username=ada&password=pw1&client_secret=cs1&code=c1&assertion=a1&state=s1&scope=api+id"

    found = told(post(body))

    assert found == (
        ("body", "grant_type", "password"),
        ("body", "username", None),
        ("body", "password", None),
        ("body", "client_secret", None),
        ("body", "code", None),
        ("body", "assertion", None),
        ("body", "state", None),
        ("body", "scope", "api id"),
    )


def test_no_secret_parameter_is_shown() -> None:
    assert OPEN.isdisjoint(SECRET_PARAMETERS)


def test_of_an_authorization_header_only_the_scheme_is_kept() -> None:
    basic = b"Basic " + base64.b64encode(b"key:secret")

    assert told(post("", (b"authorization", basic))) == (("header", "Authorization: Basic", None),)
    assert told(post("", (b"authorization", b"c2VjcmV0"))) == (("header", "Authorization", None),)


@pytest.mark.parametrize("body", ["00Dxx!AQ.secret", "Tok3n=", "%00=x", "a-b=c"])
def test_a_name_that_is_no_word_is_not_shown(body: str) -> None:
    assert told(post(body)) == (("body", "(no name)", None),)


def test_a_misspelt_name_is_shown_with_its_value_hidden() -> None:
    assert told(post("redirect_url=https://a.example/")) == (("body", "redirect_url", None),)


def test_an_address_is_kept_without_user_query_and_fragment() -> None:
    query = "redirect_uri=https%3A%2F%2Fuser%3Apw%40a.example%2Fcb%3Ftoken%3Dx%23y"

    assert told(Call("GET", "/", query)) == (("query", "redirect_uri", "https://a.example/cb"),)


def test_what_is_kept_is_bounded_and_printable() -> None:
    found = told(post("&".join(["scope=" + "x" * 500] + ["a=b"] * 90)))
    cut = told(post("scope=a%00b&grant_type=" + "x" * 9_000))

    assert len(found) == 30
    assert found[0][2] == "x" * 200 + "…"
    assert cut == (("body", "scope", "a\N{REPLACEMENT CHARACTER}b"), ("body", "grant_type", None))
