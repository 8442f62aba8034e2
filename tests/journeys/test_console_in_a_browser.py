"""Every page of the console at Chromium: axe-core, narrow, dark, without scripts, by keyboard, with hostile names."""

import time
from collections.abc import Iterator
from typing import Any, Final, Literal

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.journeys.console_pages import APP, EXTERNAL, FOREIGN_KEY, HOSTILE, PAGES, Console, Seen, axe_source, sign_in
from tests.journeys.served import Served, serving

pytestmark = pytest.mark.xdist_group("journeys")
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
EVERY_PAGE = pytest.mark.parametrize("page", PAGES)
_REFUSED = "the server responded with a status of"

# Everything that a keyboard must reach; of radio buttons with one name it reaches one.
_CONTROLS = """() => {
  const seen = new Set(), found = [];
  for (const one of document.querySelectorAll(
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (one.tabIndex < 0) continue;
    if (!one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) || one.disabled) continue;
    if (one.type === "radio") { if (seen.has(one.name)) continue; seen.add(one.name); }
    found.push(one);
  }
  window.controls = found;
  return found.length;
}"""
_FOCUS = """() => {
  const one = document.activeElement, look = getComputedStyle(one), box = one.getBoundingClientRect();
  let place = window.controls.indexOf(one);
  if (one.type === "radio") place = window.controls.findIndex(other => other.name === one.name);
  return { place, name: one.outerHTML.slice(0, 160), width: box.width, height: box.height,
    ring: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2 };
}"""


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


@pytest.fixture
def console(signed_in: Console) -> Iterator[Console]:
    """The console, whose tabs are closed after each test."""
    yield signed_in
    signed_in.close()


def overflow(tab: Tab) -> int:
    """By how many pixels the page is wider than its window."""
    return int(tab.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def violations(tab: Tab) -> list[Any]:
    """What axe-core finds in the page, light and dark."""
    tab.emulate_media(reduced_motion="reduce")
    tab.evaluate(axe_source())
    told: list[Any] = []
    for scheme in SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        found = tab.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        told += [
            (scheme, one["id"], [(node["html"][:200], node["failureSummary"]) for node in one["nodes"][:3]])
            for one in found
        ]
    return told


@EVERY_PAGE
def test_axe_core_finds_nothing(console: Console, page: str) -> None:
    """In light and dark, with all that can be opened open."""
    tab = console.open(page).tab
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    assert violations(tab) == []


@EVERY_PAGE
def test_axe_core_finds_nothing_on_a_phone(console: Console, page: str) -> None:
    """In light and dark."""
    tab = console.open(page, width=360).tab

    assert violations(tab) == []


@EVERY_PAGE
def test_no_page_scrolls_sideways(console: Console, page: str) -> None:
    tab = console.open(page, width=360).tab
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    too_wide = {360: overflow(tab)}
    tab.set_viewport_size({"width": 320, "height": 800})
    too_wide[320] = overflow(tab)

    assert {width: by for width, by in too_wide.items() if by > 0} == {}


@pytest.mark.requirement("S5")
@EVERY_PAGE
def test_no_page_runs_foreign_scripts_asks_elsewhere_or_breaks_its_policy(console: Console, page: str) -> None:
    """An app and a user bear markup for a name; a blocked style, script or picture would be said on the console."""
    seen = console.open(page)
    seen.tab.wait_for_load_state("networkidle")

    assert seen.said == []
    assert seen.foreign == []


@EVERY_PAGE
def test_every_page_is_complete_without_scripts(console: Console, page: str) -> None:
    with_scripts = console.open(page).tab.locator("main").inner_text()
    tab = console.open(page, scripts=False).tab

    assert tab.get_by_role("heading", level=1).count() == 1
    assert len(tab.locator("main").inner_text()) >= 0.9 * len(with_scripts.replace("Copy", ""))
    for form in tab.locator("form").all():
        sends = form.locator("button:not([type=button]), input[type=submit], input[type=search]")
        assert sends.count() >= 1, form.inner_html()[:200]


@EVERY_PAGE
def test_the_keyboard_reaches_everything_and_shows_where_it_is(console: Console, page: str) -> None:
    tab = console.open(page).tab
    number = tab.evaluate(_CONTROLS)
    reached: set[int] = set()
    without_ring: list[str] = []
    # More than there are: the browser's own window is a stop too.
    for _ in range(2 * number + 20):
        if len(reached - {-1}) == number:
            break
        tab.keyboard.press("Tab")
        at = tab.evaluate(_FOCUS)
        reached.add(at["place"])
        if at["place"] >= 0 and not at["ring"]:
            without_ring.append(at["name"])

    missed = tab.evaluate(
        "reached => window.controls.filter((_, place) => !reached.includes(place))"
        ".map(one => one.outerHTML.slice(0, 160))",
        sorted(reached),
    )
    assert missed == []
    assert without_ring == []


def test_signing_in_and_finding_a_setting_takes_no_mouse(served: Served, browser: Browser) -> None:
    """Username, password, Enter; then the skip link, the search field, and what it found."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{served.base}/setup/")
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


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(console: Console) -> None:
    tab = console.open("/setup/", width=360).tab
    menu = tab.get_by_role("button", name="Menu")
    menu.focus()
    tab.keyboard.press("Enter")
    assert tab.get_by_role("navigation", name="Setup").is_visible()

    tab.keyboard.press("Escape")

    assert not tab.get_by_role("navigation", name="Setup").is_visible()


@pytest.mark.requirement("S5")
@pytest.mark.parametrize("text", [f"{HOSTILE}?", "\u202egnirts", "{{ 7*7 }}", "javascript:alert(1)"])
def test_what_is_typed_into_the_search_comes_back_as_text(console: Console, text: str) -> None:
    seen = console.open("/setup/search")
    seen.tab.fill("#q", text)
    seen.tab.press("#q", "Enter")
    seen.tab.wait_for_url(lambda url: "/setup/search?q=" in url)

    assert "49" not in seen.tab.locator("main").inner_text()
    assert seen.said == []
    assert seen.foreign == []


def test_whoever_presses_a_chart_or_table_wide_as_it_is_scrolls_it_alone(console: Console) -> None:
    """Wide drawings and tables scroll within a region of their own, which the keyboard reaches."""
    tab = console.open("/setup/traces/{request_id}", width=360).tab

    regions = tab.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
        ".map(one => [one.tabIndex, one.getAttribute('role')])"
    )
    assert regions
    assert all(one == [0, "region"] for one in regions)


def test_metadata_is_uploaded_looked_at_and_imported_without_scripts(console: Console) -> None:
    """The page that tells what files would do is behind an upload, so that no visit by address comes to it."""
    xml = "<ConnectedApp><contactEmail>it@harbour.example</contactEmail><unheardOf>1</unheardOf></ConnectedApp>"
    files: Any = [
        {"name": "Uploaded.connectedApp-meta.xml", "mimeType": "text/xml", "buffer": xml.encode()},
        {"name": f"{HOSTILE[:60]}.connectedApp", "mimeType": "text/xml", "buffer": b"<ConnectedApp>"},
    ]

    def looked_at(width: int, *, scripts: bool) -> Seen:
        seen = console.open("/setup/import", width=width, scripts=scripts)
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


def test_the_pages_of_an_org_that_restricts_creation_are_as_good(served: Served, console: Console) -> None:
    switch = ("org", "set", "--org", "Demo")
    assert served.cli(*switch, "allow_connected_app_creation=false").returncode == 0
    try:
        for page in ("/setup/apps", "/setup/apps/new"):
            for width in (360, 1280):
                tab = console.open(page, width=width).tab
                assert overflow(tab) <= 0
                assert violations(tab) == []
                assert tab.get_by_role("link", name="New External Client App").is_visible()
    finally:
        assert served.cli(*switch, "allow_connected_app_creation=true").returncode == 0
