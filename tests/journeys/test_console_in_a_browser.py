"""Every page of the console at Chromium: axe-core, narrow, dark, without scripts, by keyboard, with hostile names."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser

from tests.journeys.console_pages import APP, EXTERNAL, FOREIGN_KEY, HOSTILE, PAGES, Console, Seen, sign_in
from tests.journeys.console_visit import Visit, overflow, violations, visited
from tests.journeys.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server in which an app and a user bear hostile names."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        for command in (
            ("app", "set", APP, f"label={HOSTILE[:80]}", f"description={HOSTILE}"),
            ("user", "create", "evil@demo.example", "--last-name", HOSTILE[:60], "--email", "evil@demo.example"),
            ("scope", "create", "console_scope", "--description", "See your console"),
            ("handler", "create", "Console_IdP", f"label={HOSTILE[:80]}", "issuer=https://id.harbour.example"),
            ("permission", "create", "Console_Reader", "--label", HOSTILE[:60]),
            ("permset", "create", "Console_Readers", "ApiEnabled"),
            ("org", "create", "Northwind"),
            (
                "app",
                "create",
                HOSTILE[:80],
                "--org=Northwind",
                "--contact-email=a@b.example",
                f"--consumer-key={FOREIGN_KEY}",
            ),
            ("app", "install", FOREIGN_KEY, "--org", "Demo"),
            ("app", "create", EXTERNAL, "--kind=external_client_app", "--org=Demo", "--contact-email=a@b.example"),
            ("app", "rotate", EXTERNAL, "stage", "--org=Demo"),
            ("app", "rotate", EXTERNAL, "apply", "--org=Demo"),
            ("app", "rotate", EXTERNAL, "stage", "--org=Demo"),
            ("handler", "enable", "Console_IdP", APP, "--run-as", "admin@demo.example", "--default", "--org=Demo"),
            ("keys", "rotate", "--purpose=access-token", "--org=Demo"),
            ("certificate", "create", "Console_Keys", "--org=Demo"),
            ("app", "set", APP, "asset_tokens=true", "asset_token_audiences=https://devices.example", "--org=Demo"),
        ):
            done = running.cli(*command)
            assert done.returncode == 0, done.stderr
        register_device(running)
        yield running


def register_device(running: Served) -> None:
    """Let a device with a hostile name ask for an asset token, as Demo_App's user."""
    client = {"client_id": running.app["consumer_key"], "client_secret": running.app["consumer_secret"]}
    url = f"{running.base}/services/oauth2/token"
    given = httpx.post(url, data={"grant_type": "client_credentials", **client}).json()
    key = ec.generate_private_key(ec.SECP256R1())
    said = {
        "Asset": {"Name": HOSTILE, "SerialNumber": HOSTILE},
        "exp": int(time.time()) + 60,
        "cnf": {"jwk": jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)},
    }
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": given["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "actor_token": jwt.encode(said, key, "ES256"),
        "actor_token_type": "urn:ietf:params:oauth:token-type:jwt",
        **client,
    }
    reply = httpx.post(url, data=form)
    assert reply.status_code == 200, reply.text


@pytest.fixture(scope="module")
def signed_in(served: Served, browser: Browser) -> Console:
    """The administrator, and a request that was refused."""
    with browser.new_context() as context:
        sign_in(context.new_page(), served)
        state = context.storage_state()
    form = {"grant_type": "client_credentials", "client_id": served.app["consumer_key"], "client_secret": "wrong"}
    refused = httpx.post(f"{served.base}/services/oauth2/token", data=form)
    return Console(served, browser, state, refused.headers["x-request-id"])


@pytest.fixture(scope="module", params=PAGES)
def visit(signed_in: Console, request: pytest.FixtureRequest) -> Visit:
    """What was found on each page in turn: to open one and to look at it takes longer than all that is asked of it."""
    return visited(signed_in, request.param)


def test_axe_core_finds_nothing(visit: Visit) -> None:
    """In light and dark, with all that can be opened open."""
    assert visit.violations == []


def test_axe_core_finds_nothing_on_a_phone(visit: Visit) -> None:
    """In light and dark."""
    assert visit.violations_on_a_phone == []


def test_no_page_scrolls_sideways(visit: Visit) -> None:
    assert {width: by for width, by in visit.too_wide.items() if by > 0} == {}
    assert visit.too_wide.keys() == {360, 320}


@pytest.mark.requirement("S5")
def test_no_page_runs_foreign_scripts_asks_elsewhere_or_breaks_its_policy(visit: Visit) -> None:
    """An app and a user bear markup for a name; a blocked style, script or picture would be said on the console."""
    assert visit.said == []
    assert visit.foreign == []


def test_every_page_is_complete_without_scripts(visit: Visit) -> None:
    assert visit.headings_without_scripts == 1
    assert len(visit.text_without_scripts) >= 0.9 * len(visit.text.replace("Copy", ""))
    assert visit.forms_without_a_button == []


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visit) -> None:
    assert visit.out_of_reach == []
    assert visit.without_ring == []


def test_signing_in_and_finding_a_setting_takes_no_mouse(served: Served, browser: Browser) -> None:
    """Username, password, Enter; then the skip link, the search field, and what it found."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{served.base}/setup/")
        tab.wait_for_selector("#username:focus")
        tab.keyboard.type(served.demo["admin"]["username"])
        tab.keyboard.press("Tab")
        tab.keyboard.type(served.demo["admin"]["password"])
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"{served.base}/setup/")

        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.innerText") == "Skip to the page"
        while tab.evaluate("document.activeElement.id") != "find":
            tab.keyboard.press("Tab")
        tab.keyboard.type("PKCE")
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/setup/search?q=PKCE")

        assert tab.get_by_role("link", name="Require Proof Key for Code Exchange").count() >= 1


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(signed_in: Console) -> None:
    tab = signed_in.open("/setup/", width=360).tab
    menu = tab.get_by_role("button", name="Menu")
    menu.focus()
    tab.keyboard.press("Enter")
    assert tab.get_by_role("navigation", name="Setup").is_visible()

    tab.keyboard.press("Escape")

    assert not tab.get_by_role("navigation", name="Setup").is_visible()


@pytest.mark.requirement("S5")
@pytest.mark.parametrize("text", [f"{HOSTILE}?", "\u202egnirts", "{{ 7*7 }}", "javascript:alert(1)"])
def test_what_is_typed_into_the_search_comes_back_as_text(signed_in: Console, text: str) -> None:
    seen = signed_in.open("/setup/search")
    seen.tab.fill("#q", text)
    seen.tab.press("#q", "Enter")
    seen.tab.wait_for_url(lambda url: "/setup/search?q=" in url)

    assert "49" not in seen.tab.locator("main").inner_text()
    assert seen.said == []
    assert seen.foreign == []


def test_whoever_presses_a_chart_or_table_wide_as_it_is_scrolls_it_alone(signed_in: Console) -> None:
    """Wide drawings and tables scroll within a region of their own, which the keyboard reaches."""
    tab = signed_in.open("/setup/traces/{request_id}", width=360).tab

    regions = tab.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
        ".map(one => [one.tabIndex, one.getAttribute('role')])"
    )
    assert regions
    assert all(one == [0, "region"] for one in regions)


def test_metadata_is_uploaded_looked_at_and_imported_without_scripts(signed_in: Console) -> None:
    """The page that tells what files would do is behind an upload, so that no visit by address comes to it."""
    xml = "<ConnectedApp><contactEmail>it@harbour.example</contactEmail><unheardOf>1</unheardOf></ConnectedApp>"
    files: Any = [
        {"name": "Uploaded.connectedApp-meta.xml", "mimeType": "text/xml", "buffer": xml.encode()},
        {"name": f"{HOSTILE[:60]}.connectedApp", "mimeType": "text/xml", "buffer": b"<ConnectedApp>"},
    ]

    def looked_at(width: int, *, scripts: bool) -> Seen:
        seen = signed_in.open("/setup/import", width=width, scripts=scripts)
        seen.tab.set_input_files("#files", files)
        seen.tab.get_by_role("button", name="Upload and review").click()
        seen.tab.wait_for_url("**/setup/import/review")
        assert "1 of 2 is refused" in seen.tab.locator("main").inner_text()
        assert (seen.said, seen.foreign) == ([], [])
        return seen

    on_a_phone = looked_at(360, scripts=True).tab
    assert overflow(on_a_phone) <= 0
    assert violations(on_a_phone) == []
    tab = looked_at(1280, scripts=False).tab
    tab.get_by_role("button", name="Import 1 file").click()
    assert "1 imported" in tab.locator("main").inner_text()
    assert tab.get_by_role("link", name="Uploaded").count() == 1


def test_the_pages_of_an_org_that_restricts_creation_are_as_good(served: Served, signed_in: Console) -> None:
    switch = ("org", "set", "--org", "Demo")
    assert served.cli(*switch, "allow_connected_app_creation=false").returncode == 0
    try:
        for page in ("/setup/apps", "/setup/apps/new"):
            for width in (360, 1280):
                tab = signed_in.open(page, width=width).tab
                assert overflow(tab) <= 0
                assert violations(tab) == []
                assert tab.get_by_role("link", name="New External Client App").is_visible()
    finally:
        assert served.cli(*switch, "allow_connected_app_creation=true").returncode == 0
