"""What a form or a frame on another site's page can make of a login here, in Chromium with its real cookies."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.journeys.chromium import Person, person
from tests.journeys.engines import Engine, on_sqlite
from tests.journeys.served import Served, link

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_app")]
# To a browser another site than localhost; nothing listens there, the test answers for it.
FOREIGN = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """One engine will do: what is tested here is the browser."""
    return on_sqlite(tmp_path_factory.mktemp("data"))


@pytest.fixture
def ada(served: Served, browser: Browser, callback: str) -> Iterator[Person]:
    """Ada, who is logged in and has allowed the app; no script runs."""
    with person(browser, served.demo["users"][0], callback, java_script_enabled=False) as somebody:
        somebody.authorize(link(served, "/oidc", prompt="consent")[0])
        yield somebody


def foreign_page(who: Person, body: str) -> Tab:
    """Open a page of another site in a new tab of the same browser."""
    tab = who.tab.context.new_page()
    tab.route(FOREIGN, lambda route: route.fulfill(content_type="text/html", body="<!doctype html>" + body))
    tab.goto(FOREIGN)
    return tab


def send(who: Person, action: str, fields: dict[str, str]) -> Tab:
    """Press the button of a foreign page's form."""
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    tab = foreign_page(who, f'<form method="post" action="{action}">{inputs}<button id="win">Win</button></form>')
    tab.click("#win")
    return tab


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S41")
def test_a_form_of_another_site_logs_nobody_in_and_nobody_out(
    served: Served, browser: Browser, ada: Person, callback: str
) -> None:
    """S3, S41: login CSRF with a form that the attacker got for a browser of their own."""
    with person(browser, served.demo["users"][1], callback) as attacker:
        attacker.tab.goto(link(served, "/oidc")[0])
        form = {name: attacker.tab.input_value(f'input[name="{name}"]') for name in ("transaction", "csrf")}

    hit = send(ada, f"{served.base}/login", form | served.demo["users"][1])

    assert hit.locator("#error-code").count() == 1
    ada.tab.goto(link(served, "/oidc", prompt="none", login_hint=served.demo["users"][1]["username"])[0])
    assert "code" in ada.told()  # the hinted person is not here, and Ada still is


def test_a_form_of_another_site_may_begin_an_authorization(served: Served, ada: Person, callback: str) -> None:
    """conformance.md, `ensure-post-request-succeeds`: the cookie that stays behind comes along with the next step."""
    url = urlsplit(link(served, "/oidc", prompt="none", state="s")[0])

    tab = send(ada, f"{served.base}{url.path}", dict(parse_qsl(url.query)))

    told = dict(parse_qsl(urlsplit(tab.url).query))
    assert tab.url.startswith(callback)
    assert "code" in told
    assert told["state"] == "s"


@pytest.mark.requirement("S5")
def test_another_site_cannot_frame_the_login(served: Served, ada: Person) -> None:
    """S5: clickjacking. The frame stays empty."""
    url = link(served, "/oidc", prompt="login")[0].replace("&", "&amp;")

    tab = foreign_page(ada, f'<iframe src="{url}"></iframe>')

    assert tab.frame_locator("iframe").locator("#login-submit").count() == 0
    assert "chrome-error" in tab.frames[1].url
