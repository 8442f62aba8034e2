"""Forms, query strings and Basic headers: read strictly, and never more than a typed error."""

import base64
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.kit.form import MAX_FIELDS, FormError, basic_auth, parse_form, parse_query

pytestmark = pytest.mark.requirement("S49")
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


def test_a_usual_token_request() -> None:
    body = b"grant_type=refresh_token&refresh_token=5Aep861.abc%21&client_id=3MVG9&scope=api+refresh_token&empty="
    assert dict(parse_form(body)) == {
        "grant_type": "refresh_token",
        "refresh_token": "5Aep861.abc!",
        "client_id": "3MVG9",
        "scope": "api refresh_token",
        "empty": "",
    }


@given(st.text(st.sampled_from("ab=&+%20%C3%A9%zz;é "), max_size=40))
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
        taken = len(dict(pairs)) == len(pairs) and all(
            name.isprintable() and "\0" not in value for name, value in pairs
        )
        expected = dict(pairs) if taken else None
    except UnicodeDecodeError:
        expected = None
    try:
        found = dict(parse_query(text))
    except FormError:
        found = None

    assert found == expected


def test_unescaped_blanks_and_colons_are_taken() -> None:
    """Some clients write the body by hand (decision 16)."""
    found = parse_form(b"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&scope=api web")
    assert found == {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "scope": "api web"}


@pytest.mark.requirement("S2")
def test_a_parameter_given_twice_is_refused_by_name() -> None:
    for body in (b"code=a&code=b", b"code=a&code=a", b"code=&code=a", b"c%6fde=a&code=b"):
        with pytest.raises(FormError) as refused:
            parse_form(body)
        assert (refused.value.code, refused.value.parameter) == ("repeated", "code")


def test_resource_and_audience_may_be_given_more_than_once() -> None:
    assert parse_form(b"resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb")["resource"] == "https://a https://b"


@pytest.mark.parametrize("body", [b"code=a&code[]=b", b"code[0]=b&code=a", b"resource[]=a", b"audience%5B0%5D=a"])
def test_array_syntax_of_a_parameter_is_refused(body: bytes) -> None:
    with pytest.raises(FormError):
        parse_form(body)


@pytest.mark.parametrize(
    "body",
    [b"a=\xff", b"a=%ff", b"a=%00", b"a%00=b", b"a=\0", b"a=%ed%a0%80", b"a=%c0%80", b"a%0a=b", b"\xef\xbb=a"],
    ids=["bytes", "escape", "NUL", "NUL in a name", "raw NUL", "surrogate", "overlong", "line break in a name", "cut"],
)
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(FormError):
        parse_form(body)


def test_a_hundred_fields_are_taken_and_one_more_refused() -> None:
    fields = [f"f{number}=x" for number in range(MAX_FIELDS + 1)]
    assert len(parse_query("&".join(fields[:-1]))) == MAX_FIELDS
    with pytest.raises(FormError):
        parse_query("&".join(fields))


@given(st.dictionaries(WORDS.filter(lambda name: "[" not in name), WORDS, max_size=20))
def test_whatever_a_client_encodes_is_read_back(fields: dict[str, str]) -> None:
    printable = {name: value for name, value in fields.items() if name.isprintable()}
    assert dict(parse_form(urlencode(printable).encode())) == printable
    assert dict(parse_query(urlencode(printable, quote_via=quote))) == printable


@given(st.binary(max_size=200))
def test_no_body_raises_anything_else(body: bytes) -> None:
    try:
        found = parse_form(body)
    except FormError:
        return
    for name, value in found.items():
        assert "\0" not in name + value
        (name + value).encode("utf-8")


@given(st.text(alphabet="ab=&%[]+;0 \0é\ud800", max_size=40))
def test_no_query_raises_anything_else(query: str) -> None:
    try:
        parse_query(query)
    except FormError:
        return


def _basic(text: bytes) -> bytes:
    return b"Basic " + base64.b64encode(text)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        (b"app:secret", {("app", "secret")}),
        (b"app:", {("app", "")}),
        (b":secret", {("", "secret")}),
        (b"app:a:b", {("app", "a:b")}),
        (b"a%3Ab:s%2Bt", {("a:b", "s+t"), ("a%3Ab", "s%2Bt")}),
        (b"app:s+t", {("app", "s t"), ("app", "s+t")}),
        (b"app:100%", {("app", "100%")}),
        (b"app:%ff", {("app", "%ff")}),
        (b"app:a%00b", {("app", "a%00b")}),
        ("äpp:ß".encode(), {("äpp", "ß")}),
    ],
)
def test_a_secret_may_come_encoded_or_as_it_is(text: bytes, readings: set[tuple[str, str]]) -> None:
    """RFC 6749 2.3.1 encodes, and half of the clients do not."""
    assert set(basic_auth(_basic(text))) == readings


@pytest.mark.requirement("S21a")
@pytest.mark.parametrize(
    "header",
    [
        b"Basic ",
        b"Basic !!!!",
        b"Basic YXBwOnNlY3JldA",  # no padding
        b"Basic YXBw OnNlY3JldA==",
        b"Basic YXBwOnNlY3JldA== ,",
        b"Basic " + base64.b64encode(b"nocolon"),
        b"Basic " + base64.b64encode(b"app:\xff"),
        b"Basic " + base64.b64encode(b"app:a\0b"),
        b"Basic " + base64.b64encode(b"app:a\r\nb"),
    ],
)
def test_a_malformed_basic_header_is_a_typed_error(header: bytes) -> None:
    with pytest.raises(FormError):
        basic_auth(header)


@given(WORDS.filter(str.isprintable), WORDS.filter(str.isprintable))
def test_the_encoded_form_is_always_among_the_readings(name: str, password: str) -> None:
    encoded = f"{quote_plus(name)}:{quote_plus(password)}".encode()
    assert (name, password) in basic_auth(_basic(encoded))


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(_basic)))
def test_no_basic_header_raises_anything_else(header: bytes) -> None:
    try:
        found = basic_auth(header)
    except FormError:
        return
    for name, password in found:
        assert (name + password).isprintable()
