"""The pages in Chromium, served with their headers: what people can reach and do, and what the policy lets through."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from grantway.pages import Display, Page, Theme, asset, render, security_headers
from tests.pages import samples
from tests.toolchain import chromium, need
from tests.toolchain.browser import launched

pytestmark = pytest.mark.browser

EVERY_PAGE = pytest.mark.parametrize("name", samples.PAGES)


@dataclass(slots=True)
class Site:
    """A small server: `/<name>` is a page, posts to it are kept and answered as `answer` says, else `Landed`."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=lambda: dict(samples.PAGES))
    callbacks: tuple[str, ...] | None = ()
    theme: Theme | None = None
    display: Display = "page"
    answer: str | None = None
    posts: list[dict[str, str]] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        """An address of this server; another host name makes it another origin."""
        return f"http://{host}:{self.port}{path}"


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if target := site.redirects.get(path):
                self.reply(302, (("location", target),), b"")
            elif path.startswith("/assets/"):
                found = asset(path.rsplit("/", 1)[1])
                assert found is not None
                self.reply(200, (("content-type", found.content_type),), found.body)
            elif page := site.pages.get(path[1:]):
                headers = [
                    (name.decode(), value.decode()) for name, value in security_headers(callbacks=site.callbacks)
                ]
                html = render(page, theme=site.theme, display=site.display)
                self.reply(page.status, (("content-type", "text/html; charset=utf-8"), *headers), html)
            else:
                self.reply(200, (("content-type", "text/html"),), b"<!doctype html><title>Landed</title>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            site.posts.append(dict(parse_qsl(body, keep_blank_values=True)))
            self.reply(303, (("location", site.answer or "/landed"),), b"")

        def reply(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            with suppress(ConnectionError):  # a tab may close before it has the answer
                self.end_headers()
                self.wfile.write(body)

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(site)) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(need(chromium(), "Chromium")) as running:
        yield running


@dataclass(slots=True)
class Visit:
    """A browser tab and everything its console said."""

    tab: Tab
    said: list[str]

    def focused(self) -> str:
        """What has the focus: its id, else its words."""
        return str(self.tab.evaluate("document.activeElement.id || document.activeElement.innerText"))

    def tab_through(self, steps: int) -> list[str]:
        """What has the focus now and after each press of the Tab key."""
        reached = [self.focused()]
        for _ in range(steps):
            self.tab.keyboard.press("Tab")
            reached.append(self.focused())
        return reached


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens `/<name>` in a browser of its own, `width` CSS pixels wide."""
    contexts = []

    def open_page(name: str, *, width: int = 1280, bypass_csp: bool = False) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="light", bypass_csp=bypass_csp
        )
        contexts.append(context)
        said: list[str] = []
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(site.at(f"/{name}"))
        return Visit(tab, said)

    yield open_page
    for context in contexts:
        context.close()


def overflow(tab: Tab) -> int:
    """By how many pixels the page is wider than its window."""
    return int(tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@EVERY_PAGE
@pytest.mark.requirement("S5")
def test_every_page_looks_as_designed_without_breaking_its_policy(name: str, visit: Open) -> None:
    """A blocked style sheet, picture or attribute would be said on the console."""
    page = visit(name)

    # An answer of 400 or 404 is itself reported there as an error: that is the status, not the policy.
    assert [line for line in page.said if "the server responded with a status of 4" not in line] == []
    assert page.tab.evaluate("getComputedStyle(document.querySelector('.panel')).borderRadius") == "14px"


@EVERY_PAGE
def test_no_page_scrolls_sideways_at_320_pixels(name: str, visit: Open) -> None:
    page = visit(name, width=320)
    page.tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    assert overflow(page.tab) <= 0


@EVERY_PAGE
def test_no_page_scrolls_sideways_with_wide_text_spacing(name: str, visit: Open) -> None:
    """WCAG 1.4.12: the reader's own spacing of lines, letters and words."""
    page = visit(name, width=320, bypass_csp=True)
    page.tab.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
    )

    assert overflow(page.tab) <= 0


def test_long_words_break_and_stay_inside(visit: Open, site: Site) -> None:
    endless = "x" * 120
    asker = replace(samples.APP, name=endless, publisher=endless, callback_host=endless)
    site.pages["long"] = replace(samples.CONSENT, asker=asker, username=endless, org_name=endless)

    assert overflow(visit("long", width=320).tab) <= 0


def test_the_keyboard_walks_login_from_top_to_bottom(visit: Open) -> None:
    assert visit("login").tab_through(5) == [
        "username",
        "password",
        "remember",
        "login-submit",
        "login-cancel",
        "Who is behind this app?",
    ]


def test_who_is_known_starts_at_the_password(visit: Open) -> None:
    assert visit("failed-login").focused() == "password"


def test_the_keyboard_meets_deny_before_allow(visit: Open) -> None:
    assert visit("consent").tab_through(5)[1:] == [
        "Not you?",
        "consent-deny",
        "consent-allow",
        "My apps",
        "Who is behind this app?",
    ]


def test_enter_logs_in_and_does_not_cancel(visit: Open, site: Site) -> None:
    tab = visit("login").tab
    tab.fill("#username", "ada@harbour.example")
    tab.fill("#password", "correct horse")
    tab.press("#password", "Enter")
    tab.wait_for_url("**/landed")

    assert site.posts == [
        {
            "transaction": "transaction-1",
            "csrf": "csrf-1",
            "username": "ada@harbour.example",
            "password": "correct horse",
        }
    ]


def test_cancelling_needs_no_username(visit: Open, site: Site) -> None:
    tab = visit("login").tab
    tab.click("#login-cancel")
    tab.wait_for_url("**/landed")

    assert site.posts[0]["cancel"] == "1"


@pytest.mark.parametrize(
    ("button", "name", "value"),
    [
        ("#consent-deny", "decision", "deny"),
        ("#consent-allow", "decision", "allow"),
        ("text=Not you?", "account", "switch"),
    ],
)
def test_each_answer_to_consent_is_one_field(visit: Open, site: Site, button: str, name: str, value: str) -> None:
    tab = visit("consent").tab
    tab.click(button)
    tab.wait_for_url("**/landed")

    assert site.posts == [{"transaction": "transaction-1", "csrf": "csrf-1", name: value}]


def allow(page: Visit) -> str:
    """Presses Allow and gives where the browser ended: an address, or `blocked`."""
    page.tab.click("#consent-allow", no_wait_after=True)
    for _ in range(100):
        if any("form-action" in line for line in page.said):
            return "blocked"
        if page.tab.title() == "Landed":
            break
        page.tab.wait_for_timeout(50)
    return page.tab.url


@pytest.mark.requirement("S5")
def test_a_form_ends_at_the_callback_that_its_policy_names(visit: Open, site: Site) -> None:
    site.answer = site.at("/callback?code=1", "localhost")
    site.callbacks = (site.answer,)

    assert allow(visit("consent")) == site.answer


@pytest.mark.requirement("S5")
def test_a_form_cannot_end_anywhere_else(visit: Open, site: Site) -> None:
    site.answer = site.at("/callback", "localhost")

    assert allow(visit("consent")) == "blocked"


@pytest.mark.parametrize("named", [True, False], ids=["named", "left open"])
def test_a_callback_that_redirects_on_needs_an_open_policy(visit: Open, site: Site, named: bool) -> None:
    """Brokers do: their callback sends the browser on to the app, on another origin, and Chromium holds that to
    the policy of our page as well."""
    site.answer = site.at("/broker", "localhost")
    site.redirects["/broker"] = site.at("/app", "app.localhost")
    site.callbacks = (site.answer,) if named else None

    assert allow(visit("consent")) == ("blocked" if named else site.redirects["/broker"])


@pytest.mark.parametrize(("callbacks", "closed"), [(("myapp:/done",), False), ((), True)], ids=["a flow", "our own"])
def test_an_app_can_watch_the_window_of_its_own_flow_only(
    visit: Open, site: Site, callbacks: tuple[str, ...], closed: bool
) -> None:
    site.callbacks = callbacks
    opener = visit("elsewhere").tab
    opener.goto(site.at("/elsewhere", "localhost"))
    with opener.expect_popup() as popup:
        opener.evaluate("url => { window.flow = window.open(url, 'flow', 'width=500,height=600') }", site.at("/login"))
    popup.value.wait_for_selector("#login-submit")

    assert opener.evaluate("window.flow.closed") is closed


def test_the_persons_theme_wins_over_the_systems(visit: Open, site: Site) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert visit("login").tab.evaluate(background) == "rgb(245, 246, 243)"

    site.theme = "dark"
    assert visit("login").tab.evaluate(background) == "rgb(15, 21, 20)"


def test_a_touch_window_has_larger_targets_and_a_popup_a_narrower_card(visit: Open, site: Site) -> None:
    def measured(display: Display) -> tuple[float, float]:
        site.display = display
        tab = visit("login").tab
        button, card = tab.locator("#login-submit").bounding_box(), tab.locator(".panel").bounding_box()
        assert button is not None
        assert card is not None
        return button["height"], card["width"]

    assert measured("page") == (44, 464)
    assert measured("popup") == (44, 416)
    assert measured("touch") == measured("mobile") == (52, 464)


@EVERY_PAGE
def test_everything_to_press_is_large_enough(name: str, visit: Open) -> None:
    """44 px for buttons, fields and the label of a checkbox; 24 px for what opens, as WCAG 2.5.8 asks."""
    tab = visit(name, width=360).tab

    for selector, least in (
        ("button, .btn, input:not([type=hidden], [type=checkbox]), label.toggle", 44),
        ("summary", 24),
    ):
        for one in tab.locator(selector).all():
            box = one.bounding_box()
            assert box is not None
            assert box["height"] >= least
