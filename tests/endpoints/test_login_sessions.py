"""Login sessions in browsers: what a cookie is worth, when a session ends, and that no step can be left out."""

import asyncio
import hashlib

import pytest

from grantway import settings as s
from grantway.store.statement import Statement
from grantway.store.sweep import Sweep
from tests.endpoints.browsing import (
    BOTH_DOORS,
    CONSENT,
    LOGIN,
    Browser,
    goes_to,
    hidden,
    neighbour,
    page_error,
    told,
)
from tests.endpoints.house import STANDARDS, House

BEN = "ben@harbour.example"


def cookie(browser: Browser) -> str:
    """Return the cookie that names the browser."""
    return browser.client.cookies["grantway"]


@pytest.mark.requirement("S33")
async def test_a_login_changes_the_cookie_and_the_old_one_is_worth_nothing(house: House, browser: Browser) -> None:
    """S33: whoever planted or saw the cookie of before has no session after the login."""
    app = await house.app()
    page = await browser.to_login(app)
    planted = cookie(browser)
    await browser.log_in(page)
    attacker = Browser(house)
    attacker.client.cookies.set("grantway", planted)

    assert cookie(browser) != planted
    assert goes_to(await attacker.ask(app), LOGIN)
    assert page_error(await attacker.get(str(page.url)))


@pytest.mark.requirement("S33")
@pytest.mark.requirement("S10")
async def test_a_second_login_changes_cookie_and_session_and_ends_the_first(house: House, browser: Browser) -> None:
    """S33, S10: re-authentication gives a new session id."""
    app = await house.app()
    await browser.approve(app)
    first = cookie(browser)
    await browser.log_in(await browser.to_login(app, prompt="login"))

    rows = await house.db.all(Statement("SELECT id, ended_at FROM browser_session ORDER BY auth_time, id"))
    assert cookie(browser) != first
    assert len({row[0] for row in rows}) == 2
    assert sum(row[1] is None for row in rows) == 1


@pytest.mark.requirement("S33")
@pytest.mark.requirement("S11")
async def test_a_cookie_is_long_random_and_stored_as_a_hash_only(house: House, browser: Browser) -> None:
    """S11, S33: 256 bits with a prefix of their own; the database holds its SHA-256."""
    await browser.approve(await house.app())

    (row,) = await house.db.all(Statement("SELECT hash FROM browser"))
    assert cookie(browser).startswith("gwb_")
    assert len(cookie(browser)) >= 47
    assert row[0] == hashlib.sha256(cookie(browser).encode()).digest()


@pytest.mark.requirement("S33")
@pytest.mark.requirement("S57")
async def test_cookies_on_https_are_host_only_secure_and_not_for_scripts(house: House, browser: Browser) -> None:
    """S33, S57: `__Host-`, Secure, HttpOnly, SameSite=Lax, no Domain."""
    del browser
    at_https = Browser(house, base="https://sso.example")
    page = await at_https.to_login(await house.app())
    reply = await at_https.log_in(page, remember="1")

    set_cookies = reply.headers.get_list("set-cookie")
    assert len(set_cookies) >= 2
    for one in set_cookies:
        name, *attributes = one.split("; ")
        assert name.startswith("__Host-grantway")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(attributes)
        assert "domain" not in one.lower()


@pytest.mark.requirement("S33")
async def test_cookies_on_loopback_have_all_but_the_prefix_and_secure(house: House, browser: Browser) -> None:
    """S33: both are left out only where the base URL is plain http on loopback."""
    reply = await browser.ask(await house.app())

    name, *attributes = reply.headers["set-cookie"].split("; ")
    assert name.startswith("grantway=")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax"]


@pytest.mark.requirement("S33")
async def test_cookies_on_plain_http_beyond_this_machine_are_secure_all_the_same(
    house: House, browser: Browser
) -> None:
    """S33: a browser does not even keep them; better no login than one that can be overheard."""
    del browser
    reply = await Browser(house, base="http://sso.example").ask(await house.app())

    assert reply.headers["set-cookie"].startswith("__Host-grantway=")
    assert reply.headers["set-cookie"].endswith("; Secure")


@pytest.mark.requirement("S33")
async def test_on_https_a_cookie_without_the_prefix_means_nothing(house: House, browser: Browser) -> None:
    """S33: another host of the domain can set `grantway`, never `__Host-grantway`."""
    app = await house.app()
    await browser.approve(app)
    at_https = Browser(house, base="https://sso.example")
    at_https.client.cookies.set("grantway", cookie(browser))

    assert goes_to(await at_https.ask(app), LOGIN)


@pytest.mark.requirement("S33")
async def test_a_session_ends_when_it_was_not_used_for_the_orgs_timeout(house: House, browser: Browser) -> None:
    """S33: idle limit; each use begins it anew."""
    app = await house.app()
    await browser.approve(app)
    for _ in range(3):
        house.clock.advance(minutes=119)
        assert "code" in told(await browser.ask(app))
    house.clock.advance(minutes=121)

    assert goes_to(await browser.ask(app), LOGIN)


@pytest.mark.requirement("S33")
async def test_a_session_ends_a_day_after_the_login_however_it_is_used(house: House, browser: Browser) -> None:
    """S33: absolute limit."""
    app = await house.app()
    await browser.approve(app)
    for _ in range(14):
        house.clock.advance(minutes=100)
        assert "code" in told(await browser.ask(app))
    house.clock.advance(minutes=41)

    assert goes_to(await browser.ask(app), LOGIN)


@pytest.mark.requirement("S33")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE person SET is_frozen = 1",
        "UPDATE person SET is_active = 0",
        "UPDATE person SET not_before = :now",
        "UPDATE org SET not_before = :now",
    ],
)
async def test_a_session_dies_with_what_it_stands_on(house: House, browser: Browser, change: str) -> None:
    """S33, S15: a frozen or deactivated user, a new password, and a taken-back org end the session at once."""
    app = await house.app()
    await browser.approve(app)
    house.clock.advance(ms=1)
    await house.change(change, *([house.clock.now_ms()] if ":now" in change else []))

    assert goes_to(await browser.ask(app), LOGIN)


@pytest.mark.requirement("S3")
async def test_a_request_waits_for_the_browser_that_made_it_alone(house: House, browser: Browser) -> None:
    """S3: the id of a waiting request is worth nothing in another browser, at either page."""
    page = await browser.to_consent(await house.app())
    other = Browser(house)
    await other.to_login(await house.app())

    for path in (LOGIN, CONSENT):
        assert page_error(await other.get(path, {"transaction": hidden(page)["transaction"]}))
        assert page_error(await other.post(path, hidden(page) | {"decision": "allow"}))


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S41")
async def test_a_login_that_another_site_sends_logs_nobody_in(house: House, browser: Browser) -> None:
    """S3, S41: login CSRF. The attacker's own form, sent from the victim's browser without its cookies."""
    attacker = Browser(house)
    form = hidden(await attacker.to_login(await house.app()))

    reply = await browser.post(
        LOGIN,
        form | {"username": BEN, "password": "correct horse battery staple"},
        origin="https://evil.example",
        without_cookies=True,
    )

    assert page_error(reply)
    assert "set-cookie" not in reply.headers
    assert await house.db.all(Statement("SELECT id FROM browser_session")) == []


@pytest.mark.requirement("S41")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8401", "https://localhost:8400"])
async def test_a_login_form_from_another_origin_is_refused(house: House, browser: Browser, origin: str) -> None:
    """S41: even with the right token."""
    page = await browser.to_login(await house.app())
    form = hidden(page) | {"username": BEN, "password": "correct horse battery staple"}

    assert (await browser.post(LOGIN, form, origin=origin)).status_code == 403
    assert (await browser.post(LOGIN, form)).status_code == 303


@pytest.mark.requirement("S41")
async def test_a_login_form_needs_the_token_of_its_own_page(house: House, browser: Browser) -> None:
    """S41: neither none, nor a made-up one, nor that of another request in the same browser."""
    app = await house.app()
    page, other = await browser.to_login(app), await browser.to_login(app)

    for token in ("", "0" * 64, "ü", hidden(other)["csrf"]):
        assert (await browser.log_in(page, csrf=token)).status_code == 403
    assert await house.reasons() == ["authorize.form_forged"] * 4


@pytest.mark.requirement("S34")
@pytest.mark.parametrize("door", BOTH_DOORS)
async def test_consent_cannot_be_reached_past_the_login(house: House, browser: Browser, door: str) -> None:
    """S34: neither by a browser without session nor, where a new login was asked for, by one with."""
    app = await house.app()
    await browser.approve(app, door=door)
    for visitor, more in ((Browser(house), {}), (browser, {"prompt": "login"}), (browser, {"max_age": "0"})):
        page = await visitor.to_login(app, door=door, **more)
        transaction = hidden(page)["transaction"]

        assert goes_to(await visitor.get(CONSENT, {"transaction": transaction}), LOGIN)
        assert goes_to(await visitor.answer(page), LOGIN)


@pytest.mark.requirement("S3")
async def test_a_login_form_sent_again_after_the_answer_does_nothing(house: House, browser: Browser) -> None:
    """S3: the back button, and a prompt=login whose form is replayed: no second code, no second session."""
    app = await house.app()
    await browser.approve(app)
    page = await browser.to_login(app, prompt="login")
    assert "code" in told(await browser.log_in(page))
    sessions = await house.db.all(Statement("SELECT id FROM browser_session"))

    assert page_error(await browser.log_in(page))
    assert page_error(await browser.get(str(page.url)))
    assert await house.db.all(Statement("SELECT id FROM browser_session")) == sessions


@pytest.mark.requirement("S3")
async def test_a_login_page_is_good_for_a_day(house: House, browser: Browser) -> None:
    """S3: a request that waited longer is gone."""
    app = await house.app()
    early, late = await browser.to_login(app), await browser.to_login(app)
    house.clock.advance(days=1)
    assert (await browser.log_in(early)).status_code == 303
    house.clock.advance(ms=1)

    assert page_error(await browser.log_in(late))


@pytest.mark.requirement("S3")
async def test_a_request_without_a_known_transaction_is_refused(house: House, browser: Browser) -> None:
    """S3: no transaction, one that never was, and one that is no id."""
    del house
    for path in (LOGIN, CONSENT):
        assert page_error(await browser.get(path))
        assert page_error(await browser.get(path, {"transaction": "A" * 16}))
        assert page_error(await browser.get(path, {"transaction": "' OR 1=1 --"}))


@pytest.mark.requirement("S3")
async def test_what_changed_while_a_request_waited_is_looked_at_again(house: House, browser: Browser) -> None:
    """S3: a callback, a scope or the app itself taken away meanwhile ends the request on a page."""
    for setting, value in ((s.CALLBACK_URL.name, ["https://new.example/"]), (s.SCOPES.name, ["id"])):
        app = await house.app()
        page = await browser.to_login(app, scope="api")
        await house.change(
            "UPDATE app SET settings = json_set(settings, :path, json(:value)), version = version + 1 WHERE id = :id",
            f"$.{setting}",
            str(value).replace("'", '"'),
            app.id,
        )

        assert page_error(await browser.log_in(page)) in {"redirect_uri_mismatch", "invalid_scope"}


@pytest.mark.requirement("R8")
async def test_browsers_that_came_and_went_are_not_kept(house: House, browser: Browser) -> None:
    """R8: after two days without a login or an open page; a page that stands open holds its browser."""
    app = await house.app()
    await browser.to_login(app)
    await Browser(house).to_login(app)
    house.clock.advance(days=1, minutes=600)
    page = await browser.to_login(app)
    house.clock.advance(days=1)
    sweep = Sweep(house.db, house.clock.now_ms())
    while await sweep.step():
        pass

    assert len(await house.db.all(Statement("SELECT id FROM browser"))) == 1
    assert (await browser.log_in(page)).status_code == 303


async def test_two_logins_sent_at_once_leave_one_session(house: House, browser: Browser) -> None:
    """A double click on the button."""
    page = await browser.to_login(await house.app())

    replies = await asyncio.gather(browser.log_in(page), browser.log_in(page))

    assert 303 in [reply.status_code for reply in replies]
    rows = await house.db.all(Statement("SELECT id FROM browser_session WHERE ended_at IS NULL"))
    assert len(rows) == 1


async def test_cancel_is_told_to_the_callback(house: House, browser: Browser, door: str) -> None:
    """salesforce-oauth.md 2.4, access_denied."""
    page = await browser.to_login(await house.app(), door=door, state="s")

    answer = told(await browser.log_in(page, "", "", cancel="1"))

    assert (answer["error"], answer["state"]) == ("access_denied", "s")
    assert page_error(await browser.log_in(page))


async def test_a_username_is_remembered_where_the_person_wants_it(house: House, browser: Browser) -> None:
    """The next login page holds it; taking the tick away forgets it."""
    app = await house.app()
    await browser.log_in(await browser.to_login(app), BEN, remember="1")
    page = await browser.to_login(app, prompt="login")
    assert f'value="{BEN}"' in page.text

    await browser.log_in(page, BEN)
    assert BEN not in (await browser.to_login(app, prompt="login")).text


@pytest.mark.requirement("S57")
async def test_a_browser_holds_one_session_an_org(house: House, browser: Browser) -> None:
    """S57: a login in one org leaves the session in the other alone."""
    org_id = await neighbour(house, "CanApproveUninstalledApps")
    mine = await house.app()
    await browser.approve(mine, "ada@harbour.example")
    house.clock.advance(ms=1)
    await browser.approve(mine, "cleo@quay.example", prompt="login")

    rows = await house.db.all(Statement("SELECT org_id FROM browser_session WHERE ended_at IS NULL"))
    assert {row[0] for row in rows} == {house.org_id, org_id}


@pytest.mark.requirement("S57")
async def test_of_two_sessions_the_one_in_the_apps_own_org_answers(house: House, browser: Browser) -> None:
    """S57: the login next door is the younger one, and may not even use the app."""
    await neighbour(house)
    app = await house.app()
    await browser.approve(app, "ada@harbour.example")
    house.clock.advance(ms=1)
    await browser.log_in(await browser.to_login(app, prompt="login"), "cleo@quay.example")

    assert "code" in told(await browser.ask(app))


async def test_a_hinted_person_who_is_logged_in_answers(house: House, browser: Browser) -> None:
    """login_hint chooses among the sessions of a browser."""
    await neighbour(house, "CanApproveUninstalledApps")
    app = await house.app()
    await browser.approve(app, "ada@harbour.example")
    await browser.approve(app, "cleo@quay.example", prompt="login")
    for username, name in (("Ada@harbour.example", "ada"), ("cleo@quay.example", "cleo")):
        answer = told(await browser.ask(app, door=STANDARDS, login_hint=username, prompt="none", scope="api"))
        tokens = await house.redeem(app, answer["code"], door=STANDARDS)
        assert tokens[0] == 200
        rows = await house.db.all(Statement("SELECT user_id FROM token_family ORDER BY created_at DESC, id DESC"))
        assert rows[0][0] == house.user_ids[name]


async def test_a_server_that_knows_other_names_keeps_their_sessions_apart(house: House, browser: Browser) -> None:
    """A browser keeps cookies per host; each name of the server leads back to itself."""
    await browser.approve(await house.app())
    other = Browser(house, base="http://127.0.0.1:8400")

    login = await other.ask(await house.app())

    assert login.headers["location"].startswith("http://127.0.0.1:8400/login?")
