"""Text from apps and users stays text, whatever it holds (S7, S59)."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.pages import Asker, ErrorPage, Page, render
from tests.pages import samples
from tests.pages.document import document

R = TypeVar("R")

# Addresses have rules of their own (test_links.py).
NOT_TEXT = {
    "action",
    "path",
    "logo_url",
    "info_url",
    "policy_url",
    "terms_url",
    "contact_email",
    "my_apps_path",
    "login_path",
    "setup_path",
}

MARKUP = st.sampled_from(
    (
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' autofocus onfocus='alert(1)",
        "</title><svg onload=alert(1)>",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "&lt;b&gt;",
        "-->",
        "]]>",
        "<!--",
        "`",
        "\r\n",
        "\x00",
        "\u202e",
        "\ud800",
    )
)
HOSTILE = st.lists(st.one_of(MARKUP, st.text(max_size=20), st.characters()), max_size=4).map("".join)


def filled(record: R, text: str) -> R:
    """The record with `text` in every place that holds text, however deep."""
    values: dict[str, object] = {}
    for one in fields(record):  # type: ignore[arg-type]  # R is a page or a part of one
        value = getattr(record, one.name)
        if one.name in NOT_TEXT:
            continue
        if isinstance(value, str):
            values[one.name] = text
        elif isinstance(value, tuple):
            values[one.name] = tuple(text if isinstance(item, str) else filled(item, text) for item in value)
        elif is_dataclass(value):
            values[one.name] = filled(value, text)
    return replace(record, **values)  # type: ignore[type-var]


@pytest.mark.requirement("S7")
@pytest.mark.parametrize("page", samples.PAGES.values(), ids=samples.PAGES)
@given(text=HOSTILE)
def test_markup_in_any_field_changes_nothing_but_the_words(page: Page, text: str) -> None:
    harmless = document(filled(page, "x")).skeleton()

    assert document(filled(page, "x" + text)).skeleton() == harmless


@pytest.mark.requirement("S59")
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=100))
def test_what_is_shown_is_what_was_said(text: str) -> None:
    """Escaped once and not twice: reading the page back gives the words that went in."""
    page = document(replace(samples.ERROR, error=text, error_description=text))

    assert page.by_id("error-code").text == text
    assert page.by_id("error-description").text == text


def test_template_syntax_in_a_value_is_not_run() -> None:
    assert document(replace(samples.ERROR, error="{{ 7 * 7 }}")).by_id("error-code").text == "{{ 7 * 7 }}"


@pytest.mark.requirement("S59")
def test_words_from_outside_have_an_end() -> None:
    long = "word " * 10_000
    page = ErrorPage(
        title=long, host="h", org_name=long, asker=Asker(name=long), what_happened=long, what_to_do=long,
        request_id=long, error=long, error_description=long, when_ms=0, comfort=long,
    )  # fmt: skip

    assert len(render(page)) < 10_000


def test_a_name_cannot_turn_the_words_around_it() -> None:
    """U+202E and its relatives would let a name read `Allow … to act for you` backwards, in the title as well."""
    html = render(replace(samples.CONSENT, asker=Asker(name="Sync\u202e\u2066evil"))).decode()

    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert "<bdi>Sync\ufffd\ufffdevil</bdi>" in html


def test_text_that_is_not_unicode_is_replaced_and_not_refused() -> None:
    assert "\ufffd" in render(replace(samples.ERROR, error_description="\ud800")).decode()
