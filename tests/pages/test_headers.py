"""The headers that guard a page (S5)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.pages import security_headers

pytestmark = pytest.mark.requirement("S5")


def policy(callbacks: tuple[str, ...] | None = ()) -> str:
    return dict(security_headers(callbacks=callbacks))[b"content-security-policy"].decode()


def test_a_page_may_load_our_styles_and_pictures_and_nothing_else() -> None:
    assert policy().split("; ") == [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]


def test_a_page_is_neither_framed_nor_guessed_nor_stored_nor_told_to_others() -> None:
    headers = dict(security_headers())

    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"same-origin"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert b"camera=()" in headers[b"permissions-policy"]


@pytest.mark.parametrize(
    ("callback", "source"),
    [
        ("https://sync.harbour.example/callback?x=1", "https://sync.harbour.example"),
        ("https://Sync.Harbour.example", "https://sync.harbour.example"),
        ("http://localhost:1717/OauthRedirect", "http://localhost:1717"),
        ("http://127.0.0.1:49152/cb", "http://127.0.0.1:49152"),
        ("http://[::1]:49152/cb", "http:"),
        ("com.harbour.sync:/callback", "com.harbour.sync:"),
        ("myapp://oauth/done", "myapp:"),
    ],
)
def test_a_form_may_end_at_the_callback_of_the_app(callback: str, source: str) -> None:
    assert policy((callback,)).endswith(f"form-action 'self' {source}")


@pytest.mark.parametrize(
    "callback",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a.example;script-src *",
        "https://*",
        "https:",
        "http://a b",
        "https://u@a.example/",
        "",
        "*",
    ],
)
def test_a_callback_that_no_policy_can_name_adds_nothing(callback: str) -> None:
    assert policy((callback,)) == policy()


@given(st.text() | st.from_regex(r"https?://[a-z.:;,* ']{1,20}/"))
def test_no_callback_can_write_its_own_policy(callback: str) -> None:
    added = policy((callback,)).removeprefix(policy())
    assert re.fullmatch(r"( (https?://[a-z0-9.-]+(:[0-9]+)?|[a-z][a-z0-9+.-]*:))?", added)


def test_form_targets_can_be_left_open_for_callbacks_that_redirect_on() -> None:
    assert "form-action" not in policy(None)
    assert "default-src 'none'" in policy(None)


@pytest.mark.parametrize("callbacks", [("https://sync.harbour.example/callback",), None])
def test_an_app_may_watch_the_window_it_opened(callbacks: tuple[str, ...] | None) -> None:
    """Libraries with a popup poll `closed`, which a page that cuts itself off makes true at once."""
    assert dict(security_headers(callbacks=callbacks))[b"cross-origin-opener-policy"] == b"unsafe-none"
