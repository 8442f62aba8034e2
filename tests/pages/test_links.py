"""Addresses of apps become links only where they are what they seem (S7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.pages.links import mail_link, own_path, web_label, web_link

pytestmark = pytest.mark.requirement("S7")


@pytest.mark.parametrize("url", ["https://a.example", "http://a.example:81/b?c=d#e", "https://[::1]/x"])
def test_a_web_address_is_linked_as_it_is(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt://a.example/%0aalert(1)",
        "data:text/html,x",
        "//a.example",
        "/a",
        "a.example",
        "https:",
        "https:///a",
        "https://a.example@evil.example/",
        "https://a.example:99999999",
        "https://[::1",
        "https://a.example/ b",
        " https://a.example",
        "java\nscript:alert(1)",
        "https://a.example\\@evil.example",
        "mailto:a@b.example",
        "vbscript:x",
    ],
)
def test_anything_else_is_not_linked(url: str | None) -> None:
    assert web_link(url) is None


@given(st.text())
def test_no_text_becomes_a_link_with_another_scheme(text: str) -> None:
    link = web_link(text)
    assert link is None or link.lower().startswith(("http://", "https://"))


def test_a_link_says_where_it_leads() -> None:
    assert web_label("https://sync.harbour.example/about/?utm=1#top") == "sync.harbour.example/about"


def test_a_mailbox_becomes_a_mail_link() -> None:
    assert mail_link("it-help+apps@harbour.example") == "mailto:it-help+apps@harbour.example"


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "no mailbox",
        "a@b.example?subject=x",
        "a@b.example,c@d.example",
        "a@b.example&bcc=c@d.example",
        "a@b%0a",
        "javascript:x@y",
    ],
)
def test_a_mail_link_has_one_recipient_and_nothing_else(address: str | None) -> None:
    assert mail_link(address) is None


@given(
    st.text(alphabet=st.characters(min_codepoint=1, max_codepoint=0xFFFF), max_size=20).map(
        lambda text: f"{text}@b.example"
    )
)
def test_a_mail_link_is_plain_ascii(address: str) -> None:
    link = mail_link(address)
    assert link is None or (link.isascii() and link.startswith("mailto:") and "?" not in link)


def test_a_path_of_ours_stays_here() -> None:
    assert own_path("/login?x=1") == "/login?x=1"
