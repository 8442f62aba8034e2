"""A person at Chromium: logs in, reads what an app asks for, answers, and arrives at the app's callback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

_PATIENCE_MS = 30_000


class _Callback(BaseHTTPRequestHandler):
    """The app's end: says that somebody has arrived."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Back in the app</title>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        with suppress(ConnectionError):  # a tab may close before it has the answer
            self.end_headers()
            self.wfile.write(body)


@contextmanager
def listening() -> Iterator[str]:
    """An app that waits at its callback on a port of its own; gives the callback's URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Callback) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/callback"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Consent:
    """What stands on the consent page."""

    question: str
    who: str
    asks: tuple[str, ...]


@dataclass(slots=True)
class Person:
    """Somebody at a browser of their own; `pages` says which of our pages they have answered."""

    tab: Tab
    username: str
    password: str
    callback: str
    pages: list[str] = field(default_factory=list)

    def log_in(self, password: str = "") -> None:
        """Fill the login form and press its button."""
        self.pages.append("login")
        self.tab.get_by_role("textbox", name="Username").fill(self.username)
        self.tab.get_by_role("textbox", name="Password").fill(password or self.password)
        self.tab.get_by_role("button", name="Log in").click()

    def read_consent(self) -> Consent:
        """Read the consent page."""
        self.tab.wait_for_selector("#consent-allow")
        return Consent(
            self.tab.get_by_role("heading", level=1).inner_text(),
            self.tab.locator(".who b").inner_text(),
            tuple(self.tab.locator(".asks li b").all_inner_texts()),
        )

    def answer(self, button: str) -> None:
        """Press `Allow` or `Deny` on the consent page."""
        self.pages.append("consent")
        self.tab.get_by_role("button", name=button, exact=True).click()

    def arrive(self) -> str:
        """Wait for the app's callback; give the URL that it was called with."""
        self.tab.wait_for_url(self.callback + "*")
        return self.tab.url

    def authorize(self, url: str) -> str:
        """Follow an app's link through whatever is asked; give the URL that its callback was called with."""
        self.tab.goto(url)
        if self.tab.locator("#login-submit").count():
            self.log_in()
            self.tab.wait_for_url(lambda where: "/login" not in where)
        if self.tab.locator("#consent-allow").count():
            self.answer("Allow")
        return self.arrive()

    def told(self) -> dict[str, str]:
        """Give what the callback was told."""
        return dict(parse_qsl(urlsplit(self.arrive()).query, keep_blank_values=True))


@contextmanager
def person(browser: Browser, account: dict[str, str], callback: str, **options: Any) -> Iterator[Person]:
    """Somebody with an account (its `username` and `password`), at a browser that remembers nothing."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(_PATIENCE_MS)
        yield Person(context.new_page(), account["username"], account["password"], callback)
