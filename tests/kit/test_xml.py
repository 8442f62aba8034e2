"""The gate for foreign XML: what it lets in, what it refuses, and in which words."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantway.kit.xml import (
    ATTRIBUTE_LIMIT,
    ATTRIBUTES_LIMIT,
    DEPTH_LIMIT,
    ELEMENT_LIMIT,
    SIZE_LIMIT,
    XmlProblem,
    parse,
)

pytestmark = pytest.mark.requirement("S44")

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY a "ha">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
 <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
 <!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
 <!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
 <!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
 <!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">
 <!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;">
]>
<a x="&h;">&h;</a>"""


def refusal(data: bytes, **limits: Any) -> XmlProblem:
    with pytest.raises(XmlProblem) as caught:
        parse(data, **limits)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'\n<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<!-- first -->\n<!DOCTYPE a PUBLIC "p" "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><a/>',
        LAUGHS,
        "<!DOCTYPE a><a/>".encode("utf-16"),
        "\ufeff<!DOCTYPE a><a/>".encode(),
    ],
)
def test_any_document_type_declaration_is_refused(data: bytes) -> None:
    assert "DOCTYPE" in refusal(data).text


def test_a_billion_laughs_end_before_the_first() -> None:
    """The line is the declaration's, so nothing after it was looked at."""
    assert refusal(LAUGHS).line == 2


def test_an_entity_nobody_declared_is_refused() -> None:
    assert refusal(b"<a>\n&nbsp;</a>").line == 2


def test_a_processing_instruction_is_refused() -> None:
    assert str(refusal(b'<a>\n\n<?php echo "x" ?></a>')).startswith("line 3: the processing instruction <?php")
    assert refusal(b'<?xml version="1.0"?>\n<?xml-stylesheet href="x"?><a/>').line == 2


def test_comments_are_left_out_and_the_text_around_them_is_one() -> None:
    root = parse(b"<!-- a --><a>admin<!-- -->@example.com<b/><!-- c --></a><!-- d -->")

    assert root.text == "admin@example.com"
    assert [child.tag for child in root] == ["b"]


def test_only_so_many_bytes_are_read() -> None:
    assert "5,000,000" in refusal(b" " * (SIZE_LIMIT + 1)).text
    assert "at most 10" in refusal(b"<a>1234567</a>", limit=10).text
    assert parse(b"<a>1234567</a>", limit=14).text == "1234567"


def test_only_so_many_levels_are_read() -> None:
    def nested(depth: int) -> bytes:
        return b"<a>\n" * depth + b"</a>" * depth

    assert parse(nested(DEPTH_LIMIT)).tag == "a"
    assert refusal(nested(DEPTH_LIMIT + 1)).line == DEPTH_LIMIT + 1
    assert "deep" in refusal(nested(300_000)).text


def test_only_so_many_elements_are_read() -> None:
    assert len(parse(b"<a>" + b"<b/>" * (ELEMENT_LIMIT - 1) + b"</a>")) == ELEMENT_LIMIT - 1
    assert "elements" in refusal(b"<a>" + b"<b/>" * ELEMENT_LIMIT + b"</a>").text


def test_only_so_many_attributes_are_read() -> None:
    def element(count: int) -> bytes:
        return b"<b " + b" ".join(b'a%d=""' % number for number in range(count)) + b"/>"

    assert len(parse(element(ATTRIBUTE_LIMIT)).attrib) == ATTRIBUTE_LIMIT
    assert "<b>" in refusal(element(ATTRIBUTE_LIMIT + 1)).text
    assert "attributes" in refusal(b"<a>" + element(50) * (ATTRIBUTES_LIMIT // 50 + 1) + b"</a>").text


@pytest.mark.parametrize(
    "data",
    [
        "<a>é</a>".encode(),
        b"\xef\xbb\xbf<a>\xc3\xa9</a>",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><a>\xc3\xa9</a>',
        b'<?xml version="1.0" encoding="utf-8" ?><a>\xc3\xa9</a>',
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
        b'<?xml version="1.0" encoding="windows-1252" standalone="yes"?><a>\xe9</a>',
        "<a>é</a>".encode("utf-16"),
        "\ufeff<?xml version='1.0' encoding='UTF-16'?><a>é</a>".encode("utf-16-be"),
        "<?xml version='1.0' encoding='UTF-16LE'?><a>é</a>".encode("utf-16-le"),
    ],
)
def test_the_encoding_is_found_as_xml_says(data: bytes) -> None:
    assert parse(data).text == "é"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>', "EBCDIC-CP-US"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a>+ADw-!DOCTYPE</a>', "UTF-7"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "says it is in utf-16, but it is not"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "says it is in ISO-8859-1"),
        ("<?xml version='1.0' encoding='UTF-8'?><a/>".encode("utf-16"), "says it is in UTF-8"),
        ("<a/>".encode("utf-32"), "UTF-32"),
        (b"<a>\n\xff</a>", "no text in UTF-8"),
        (b"", "empty or cut off"),
        (b"<a><b>\n", "empty or cut off"),
        (b"<a>\n<b></a>", "closing tag"),
        (b"<a/>\nx", "after the end"),
        (b"<a x='1' x='2'/>", "twice"),
        (b"<a>fish & chips</a>", "bare &"),
        (b"<a>\x00</a>", "not well-formed"),
        (b"<a>&#0;</a>", "names no character"),
        (b"<p:a/>", "prefix"),
        (b'<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>', "redefined"),
        (b" <?xml version='1.0'?><a/>", "very first"),
    ],
)
def test_what_is_not_xml_is_refused_in_words_for_the_one_who_brought_it(data: bytes, words: str) -> None:
    assert words in refusal(data).text


def test_a_refusal_names_the_line() -> None:
    problem = refusal(b"<a>\n <b>\n </c>\n</a>")

    assert problem.line == 3
    assert str(problem) == "line 3: this closing tag does not belong to the element that is open."


@settings(deadline=None)  # other tests may hold the processor
@given(st.binary(max_size=300) | st.text(alphabet="<>a/!?[]-&;:'\"= \n#xml\ufeff\x00é", max_size=60).map(str.encode))
def test_any_bytes_give_a_document_or_a_metadata_problem(data: bytes) -> None:
    with contextlib.suppress(XmlProblem):
        assert isinstance(parse(data).tag, str)


def test_comments_are_refused_where_none_may_stand() -> None:
    with pytest.raises(XmlProblem) as caught:
        parse(b"<a>\nb<!-- c -->d</a>", comments=False)

    assert (caught.value.line, "comment" in caught.value.text) == (2, True)
