"""Login and consent in Chromium, without scripts, and what a foreign page can and cannot make that browser do."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.served import Served, serving
from tests.toolchain import chromium, need

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


@dataclass
class Elsewhere:
    """Another server: the app's callback, and a site of somebody else's; to a browser 127.0.0.1 is not localhost."""

    port: int = 0
    page: str = "<!doctype html><title>Landed</title>"
    site: str = field(init=False, default="")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """A server that answers everything with one page."""
    other = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = other.page.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        other.port = server.server_port
        other.site = f"http://127.0.0.1:{other.port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield other
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Served]:
    """One server for the journeys of this file; the first app's callback answers."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        callback = f"http://localhost:{elsewhere.port}/callback"
        assert running.cli("app", "set", running.app["name"], f"callback_url={callback}").returncode == 0
        running.demo["apps"][0]["callback_url"] = callback
        yield running


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One Chromium for the journeys of this file."""
    program = need(chromium(), "Chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def context(chrome: Browser) -> Iterator[BrowserContext]:
    """A browser without memory in which no script runs."""
    made = chrome.new_context(java_script_enabled=False)
    yield made
    made.close()


def authorize_url(served: Served, door: str, **more: str) -> str:
    """Return the address of an authorization request of the first demo app."""
    asked = {
        "response_type": "code",
        "client_id": served.app["consumer_key"],
        "redirect_uri": served.app["callback_url"],
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    return f"{served.base}{door}/authorize?{urlencode(asked)}"


def log_in(served: Served, page: Page) -> None:
    """Fill in the login page and send it."""
    page.fill("#username", served.demo["users"][0]["username"])
    page.fill("#password", served.demo["users"][0]["password"])
    page.click("#login-submit")


def told(served: Served, page: Page) -> dict[str, str]:
    """Return what the callback was told, which the tab must stand at."""
    assert page.url.startswith(served.app["callback_url"] + "?"), (page.url, page.content())
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def foreign_form(context: BrowserContext, elsewhere: Elsewhere, action: str, fields: dict[str, str]) -> Page:
    """Open a foreign page with a form to `action`, and press its button."""
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    elsewhere.page = f'<!doctype html><form method="post" action="{action}">{inputs}<button id="go">Win</button></form>'
    page = context.new_page()
    page.goto(elsewhere.site)
    page.click("#go")
    return page


@pytest.mark.requirement("S41")
@pytest.mark.parametrize("door", ["/services/oauth2", "/oidc"])
def test_a_person_logs_in_allows_and_is_known_the_next_time(served: Served, context: BrowserContext, door: str) -> None:
    """S41: the browser's own Origin passes; its cookie comes back; no script is needed."""
    page = context.new_page()
    page.goto(authorize_url(served, door, prompt="consent", state="s"))
    log_in(served, page)
    assert page.locator("h1").inner_text() == "Allow Demo App to act for you?"
    page.click("#consent-allow")
    assert told(served, page)["state"] == "s"

    page.goto(authorize_url(served, door, prompt="none"))

    assert "code" in told(served, page)


def test_deny_and_cancel_lead_back_to_the_app(served: Served, context: BrowserContext) -> None:
    """Both in one click."""
    page = context.new_page()
    page.goto(authorize_url(served, "/oidc", prompt="consent"))
    page.click("#login-cancel")
    assert told(served, page)["error"] == "access_denied"
    page.goto(authorize_url(served, "/oidc", prompt="consent"))
    log_in(served, page)
    page.click("#consent-deny")

    assert told(served, page)["error"] == "access_denied"


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S41")
def test_a_foreign_page_can_log_nobody_in_and_nobody_out(
    served: Served, chrome: Browser, context: BrowserContext, elsewhere: Elsewhere
) -> None:
    """S3, S41: login CSRF with the attacker's own form, in a real browser with a real SameSite cookie."""
    attacker = chrome.new_context()
    theirs = attacker.new_page()
    theirs.goto(authorize_url(served, "/oidc"))
    form = {name: theirs.input_value(f'input[name="{name}"]') for name in ("transaction", "csrf")}
    attacker.close()
    page = context.new_page()
    page.goto(authorize_url(served, "/oidc", prompt="consent"))
    log_in(served, page)
    page.click("#consent-allow")

    hit = foreign_form(context, elsewhere, f"{served.base}/login", form | served.demo["users"][1])

    assert hit.locator("#error-code").count() == 1
    hint = {"login_hint": served.demo["users"][1]["username"]}
    page.goto(authorize_url(served, "/oidc", prompt="none", **hint))
    assert "code" in told(served, page)  # still the first person's session, and the only one


def test_a_foreign_page_may_start_an_authorization_by_post(
    served: Served, context: BrowserContext, elsewhere: Elsewhere
) -> None:
    """conformance.md, `ensure-post-request-succeeds`: the session is found though its cookie stayed behind at first."""
    page = context.new_page()
    page.goto(authorize_url(served, "/oidc", prompt="consent"))
    log_in(served, page)
    page.click("#consent-allow")
    url = urlsplit(authorize_url(served, "/oidc", prompt="none", state="s"))

    posted = foreign_form(context, elsewhere, f"{served.base}{url.path}", dict(parse_qsl(url.query)))

    answer = told(served, posted)
    assert "code" in answer
    assert answer["state"] == "s"


@pytest.mark.requirement("S5")
def test_a_foreign_page_cannot_frame_the_login(served: Served, context: BrowserContext, elsewhere: Elsewhere) -> None:
    """S5: clickjacking. The frame stays empty."""
    url = authorize_url(served, "/oidc").replace("&", "&amp;")
    elsewhere.page = f'<!doctype html><iframe src="{url}"></iframe>'
    page = context.new_page()
    page.goto(elsewhere.site)

    assert page.frame_locator("iframe").locator("#login-submit").count() == 0
    assert "chrome-error" in page.frames[1].url
