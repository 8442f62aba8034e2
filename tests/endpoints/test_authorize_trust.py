"""Which requests the authorization endpoint trusts, and where it says no to the others (S1, S2, S4)."""

import re
from urllib.parse import urlencode

import pytest

from grantway import settings as s
from grantway.protocol.door import Voice
from grantway.protocol.no import authorize as reasons
from grantway.protocol.refusal import Reason
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    LOGIN,
    Browser,
    asked,
    goes_to,
    neighbour,
    page_error,
    told,
)
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, House

NO_CHALLENGE = {"code_challenge": "", "code_challenge_method": ""}


@pytest.mark.enforces("callback_url")
@pytest.mark.requirement("S1")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "https://evil.example/",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example\\@app.example/callback",
        "https://app.example/callback/../open?to=evil",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "https://app.example/call%62ack",
        "https://app.example/callback\n",
        "https://app.example/callback\r\nset-cookie: a=b",
        "javascript:alert(1)//https://app.example/callback",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
    ],
)
async def test_an_answer_goes_to_a_registered_callback_or_nowhere(
    house: House, browser: Browser, redirect_uri: str
) -> None:
    """S1: byte equality; whatever else is wrong with the request, there is no redirect."""
    app = await house.app()
    for door in (SALESFORCE, STANDARDS):
        for more in ({}, {"prompt": "none"}, {"response_type": "token"}, {"request": "x"}):
            assert page_error(await browser.ask(app, door=door, redirect_uri=redirect_uri, **more))


@pytest.mark.requirement("S1")
async def test_an_unknown_client_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """S1: unknown, of the other door alone, with OAuth switched off, not named: to a stranger these are one page."""
    closed = "salesforce" if door == STANDARDS else "standards"
    hidden_app = await house.app({s.LABEL: "Secret Plans"})
    await house.change(
        "UPDATE app_policy SET settings = json_set(settings, '$.doors', :doors), version = version + 1", closed
    )
    await house.change("UPDATE app SET settings = json_set(settings, '$.doors', :doors), version = version + 1", closed)
    wheres = []
    for client_id in ("3MVG9nobody", hidden_app.consumer_key, "' OR 1=1 --", "x" * 3000):
        reply = await browser.get(f"{door}/authorize", asked(hidden_app) | {"client_id": client_id})
        assert reply.status_code == 400
        assert page_error(reply) in {"invalid_client_id", "invalid_client"}
        assert "Secret Plans" not in reply.text
        wheres.append(re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", "ID", reply.text))
    assert len(set(wheres)) == 1


@pytest.mark.requirement("S1")
async def test_what_is_no_browser_gets_the_raw_pair(house: House, browser: Browser) -> None:
    """S1, salesforce-oauth.md 2.3, point 1: as the Mobile SDK's tests look for it."""
    del house
    reply = await browser.client.get(
        f"{SALESFORCE}/authorize?client_id=nobody&response_type=code", headers={"accept": "*/*"}
    )

    assert (reply.status_code, reply.text) == (
        400,
        "error=invalid_client_id&error_description=client%20identifier%20invalid",
    )
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.requirement("S2")
@pytest.mark.parametrize(
    "more",
    [
        "redirect_uri=https://evil.example/",
        "client_id=other",
        "state=t",
        "scope=api",
        "prompt=none",
        "unknown=1&unknown=2",
        "state[]=x",
    ],
)
async def test_a_parameter_given_twice_is_refused_on_a_page(
    house: House, browser: Browser, door: str, more: str
) -> None:
    """S2: also in array syntax, also one that nobody knows."""
    query = urlencode(asked(await house.app(), state="s", scope="id", prompt="consent")) + "&" + more

    assert page_error(await browser.get(f"{door}/authorize?{query}")) == "invalid_request"


@pytest.mark.requirement("S2")
async def test_parameters_come_in_the_url_or_in_the_body_not_in_both(house: House, browser: Browser, door: str) -> None:
    """S2: mixtures are refused; either alone is taken."""
    params = asked(await house.app())

    assert page_error(await browser.post(f"{door}/authorize?{urlencode(params)}", {"state": "s"})) == "invalid_request"
    assert goes_to(await browser.follow(await browser.post(f"{door}/authorize", params)), LOGIN)
    assert goes_to(await browser.post(f"{door}/authorize", params), LOGIN)


@pytest.mark.requirement("S2")
@pytest.mark.requirement("S49")
async def test_what_is_not_utf8_or_holds_a_nul_is_refused_on_a_page(house: House, browser: Browser, door: str) -> None:
    """S49: never stored, never echoed."""
    query = urlencode(asked(await house.app()))

    for state in ("%FF", "%ED%A0%80", "a%00b"):
        assert page_error(await browser.get(f"{door}/authorize?{query}&state={state}")) == "invalid_request"


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("name", ["client_secret", "password", "access_token", "code_verifier", "refresh_token"])
async def test_a_secret_in_the_url_is_refused_on_a_page(house: House, browser: Browser, door: str, name: str) -> None:
    """security.md, section 1, secrets in the URL; the answer does not repeat it."""
    reply = await browser.ask(await house.app(), door=door, **{name: "hunter2hunter2"})

    assert page_error(reply) == "invalid_request"
    assert "hunter2" not in reply.text


@pytest.mark.requirement("S4")
async def test_every_answer_at_the_callback_names_its_issuer(house: House, browser: Browser, door: str) -> None:
    """S4: against mix-up, with a code and with each kind of error."""
    app = await house.app()
    issuer = browser.base + (STANDARDS if door == STANDARDS else "")
    page = await browser.to_consent(app, door=door)

    answers = [
        told(await browser.answer(page, "deny")),
        told(await browser.ask(app, door=door, prompt="none")),
        told(await browser.ask(app, door=door, response_type="")),
        await browser.approve(app, door=door, prompt="login consent"),
    ]
    assert [answer["iss"] for answer in answers] == [issuer] * 4


@pytest.mark.requirement("S33")
async def test_a_foreign_page_cannot_log_a_person_out_with_a_request_too_long_to_send_on(
    house: House, browser: Browser, door: str
) -> None:
    """S33: their cookie stayed behind, and the answer must not replace it."""
    app = await house.app()
    await browser.approve(app, door=door)
    params = asked(app, state="\u00e4" * 2000, nonce="\u00e4" * 2000)

    reply = await browser.post(f"{door}/authorize", params, origin="https://evil.example", without_cookies=True)

    assert "set-cookie" not in reply.headers
    assert told(reply)["error"] == "invalid_request"
    assert "code" in told(await browser.ask(app, door=door))


@pytest.mark.requirement("S57")
async def test_a_consumer_key_is_all_that_leads_to_an_app_of_another_org(
    house: House, browser: Browser, door: str
) -> None:
    """S57: neither its id nor its name does."""
    await neighbour(house)
    app = await house.app()
    ((name,),) = await house.db.all(Statement("SELECT name FROM app"))

    for client_id in (app.id, app.id[:15], str(name), app.consumer_key.lower(), app.consumer_key + " "):
        assert page_error(await browser.get(f"{door}/authorize", asked(app) | {"client_id": client_id}))


def test_no_error_description_holds_what_a_header_or_a_client_stumbles_over() -> None:
    """conformance.md 2: printable ASCII without double quote and backslash, at both doors."""
    texts = [
        (reason.id, reason.wire(voice).says)
        for reason in vars(reasons).values()
        if isinstance(reason, Reason)
        for voice in (Voice.SALESFORCE, Voice.STANDARDS)
    ]

    assert len(texts) > 40
    assert [pair for pair in texts if not re.fullmatch(r"[ !#-\[\]-~]+", pair[1])] == []


async def test_the_answer_of_a_custom_scheme_callback_is_well_formed(house: House, browser: Browser, door: str) -> None:
    """RFC 8252, 7.1: apps in use have `myapp://` and `testsfdc:///`; nothing of theirs is rewritten."""
    for callback in ("testsfdc:///mobilesdk/detect/oauth/done", "com.example.app:/back", "myapp://x?keep=%C3%A4"):
        app = await house.app({s.CALLBACK_URL: (callback,)})

        assert told(await browser.ask(app, door=door, redirect_uri=callback, prompt="none"), callback)["error"]


async def test_the_callback_stands_in_no_page_but_by_its_host(house: House, browser: Browser) -> None:
    """The page names where an answer goes; the address itself could hold words meant for the person."""
    callback = CALLBACK + "/Call-555-0100-now"
    app = await house.app({s.CALLBACK_URL: (callback,)})
    login = await browser.to_login(app, redirect_uri=callback)
    consent = await browser.follow(await browser.log_in(login))

    for page in (login, consent):
        assert "app.example" in page.text
        assert "555-0100" not in page.text


@pytest.mark.requirement("S51")
async def test_a_host_that_is_none_of_the_servers_names_leads_nowhere(
    house: House, browser: Browser, door: str
) -> None:
    """S51: no URL is built from what a request claims."""
    url = f"{door}/authorize?{urlencode(asked(await house.app()))}"
    for headers in ({"host": "evil.example"}, {"host": "localhost.evil.example:8400"}):
        assert (await browser.client.get(url, headers=headers)).status_code == 421
    forwarded = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example;proto=https"}

    reply = await browser.client.get(url, headers=forwarded)

    assert reply.headers["location"].startswith(browser.base + LOGIN)
