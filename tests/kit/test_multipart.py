"""Multipart forms, as Salesforce's CLI and Postman send them (decision 16)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.kit.form import MAX_FIELDS, FormError
from grantway.kit.multipart import is_multipart, multipart_fields, multipart_form

pytestmark = pytest.mark.requirement("S21a")
TYPE = b"multipart/form-data; boundary=XX"


def part(name: str, value: str, more: str = "", disposition: str = "form-data") -> bytes:
    return f'--XX\r\nContent-Disposition: {disposition}; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


def test_text_fields_are_read_like_a_form() -> None:
    body = (
        part("grant_type", "refresh_token") + part("refresh_token", "a+b %21\r\nc") + part("empty", "") + b"--XX--\r\n"
    )
    assert dict(multipart_fields(TYPE, body)) == {
        "grant_type": "refresh_token",
        "refresh_token": "a+b %21\r\nc",
        "empty": "",
    }


@pytest.mark.parametrize("media_type", [b"multipart/form-data", b"Multipart/Form-Data; boundary=a"])
def test_it_is_known_by_its_media_type(media_type: bytes) -> None:
    assert is_multipart(media_type)
    assert not is_multipart(b"application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (b"multipart/form-data", part("a", "b") + b"--XX--\r\n"),
        (b"multipart/form-data; boundary=", part("a", "b") + b"--XX--\r\n"),
        (TYPE, part("a", "b")),
        (TYPE, b""),
        (TYPE, b"nonsense"),
        (TYPE, part("a", "b", '; filename="x.txt"') + b"--XX--\r\n"),
        (TYPE, part("a", "b", '; filename=""') + b"--XX--\r\n"),
        (TYPE, part("a", "b", disposition="attachment") + b"--XX--\r\n"),
        (TYPE, b"--XX\r\nContent-Type: text/plain\r\n\r\nb\r\n--XX--\r\n"),
        (TYPE, part("a", "b") + part("a", "c") + b"--XX--\r\n"),
        (TYPE, part("a", "b\0") + b"--XX--\r\n"),
        (TYPE, part("a", "?").replace(b"?", b"\xff") + b"--XX--\r\n"),
        (TYPE, b"".join(part(f"f{number}", "x") for number in range(MAX_FIELDS + 1)) + b"--XX--\r\n"),
    ],
    ids=[
        "no boundary",
        "empty boundary",
        "no end",
        "no body",
        "no multipart",
        "a file",
        "a file without a name",
        "no form data",
        "no name",
        "a field twice",
        "NUL",
        "no UTF-8",
        "too many",
    ],
)
def test_what_is_no_text_form_is_a_typed_error(media_type: bytes, body: bytes) -> None:
    with pytest.raises(FormError):
        multipart_fields(media_type, body)


PIECES = st.sampled_from(
    [
        b"--XX",
        b"--XX--",
        b"\r\n",
        b"\r",
        b"\n",
        b'Content-Disposition: form-data; name="a"',
        b"Content-Disposition: form-data; name*=utf-8''%ff",
        b"name=",
        b": ",
        b";",
        b"\xff",
        b"\0",
        b"x",
    ]
)


@given(
    st.one_of(st.just(TYPE), st.binary(max_size=30).map(lambda tail: b"multipart/form-data;" + tail)),
    st.lists(PIECES, max_size=20).map(b"".join),
)
def test_nothing_raises_anything_else(media_type: bytes, body: bytes) -> None:
    try:
        multipart_fields(media_type, body)
    except FormError:
        return


def test_a_form_of_ours_has_texts_and_files_by_their_last_names() -> None:
    body = (
        part("csrf", "a")
        + part("files", "x\r\ny", '; filename="C:\\\\folder\\\\A.xml"')
        + part("files", "", '; filename=""')
        + part("files", "z", '; filename="../../B\x1b.xml"')
        + b"--XX--\r\n"
    )

    forms, files = multipart_form(TYPE, body, most=4)

    assert forms == {"csrf": ("a",)}
    assert [(file.name, file.data) for file in files] == [("A.xml", b"x\r\ny"), ("B?.xml", b"z")]
    with pytest.raises(FormError):
        multipart_form(TYPE, body, most=3)


def test_a_large_file_with_a_line_end_at_every_byte_is_read_in_a_moment() -> None:
    body = part("files", "\r\n" * 1_000_000, '; filename="A.xml"') + b"--XX--\r\n"

    begun = time.process_time()
    _, (file,) = multipart_form(TYPE, body, most=1)

    assert len(file.data) == 2_000_000
    assert time.process_time() - begun < 2
