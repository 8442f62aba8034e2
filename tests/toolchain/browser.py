"""Chromium for the tests: quiet, and sending nothing of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """Chromium, whose path `program` is, for the length of a block.

    No test with an event loop of its own may run meanwhile: open it for a file, not for a session.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()
