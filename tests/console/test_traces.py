"""Why a request was refused, on pages: the list, the drawing, the checks in words, the way to the setting."""

import html
import re
from collections.abc import Callable

import pytest

from grantway import settings as s
from grantway.store.statement import Statement
from tests.console.setup import Setup
from tests.endpoints.house import House, TestApp

LAST = Statement("SELECT request_id FROM refusal ORDER BY at DESC LIMIT 1")


async def refuse(house: House, app: TestApp, **more: str) -> str:
    """Have the app's client credentials refused; return the request id."""
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token(form | more)
    await house.server.refusals.flush()
    row = await house.db.one(LAST)
    assert row is not None
    return str(row[0])


async def test_the_list_shows_what_was_refused_the_newest_first(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Shipment Sync"})
    first = await refuse(house, app)
    second = await refuse(house, app, client_secret="wrong")

    page = await setup.open("/setup/traces")

    assert re.findall(r'href="/setup/traces/([-\w]+)"', page.text) == [second, first]
    assert "Enable Client Credentials Flow" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=client.secret_wrong", 1),
        ("reason=nothing.like_it", 0),
        ("endpoint=POST+/services/oauth2/token", 2),
        ("endpoint=GET+/elsewhere", 0),
        ("period=1h", 2),
        ("until=1", 0),
    ],
)
async def test_the_list_is_narrowed_by_reason_endpoint_and_time(
    house: House, setup: Setup, query: str, found: int
) -> None:
    app = await house.app()
    await refuse(house, app)
    await refuse(house, app, client_secret="wrong")

    page = await setup.open(f"/setup/traces?{query}")

    assert len(re.findall(r'href="/setup/traces/[-\w]+"', page.text)) == found


async def test_an_app_that_is_not_there_is_said_at_its_field_with_what_was_typed(setup: Setup) -> None:
    page = await setup.open("/setup/traces?app=Nowhere", 400)

    assert 'aria-describedby="f-app-err"' in page.text
    assert 'value="Nowhere"' in page.text


async def test_more_than_a_page_is_read_page_by_page_without_losing_or_repeating_any(
    house: House, setup: Setup
) -> None:
    app = await house.app()
    for _ in range(120):
        await refuse(house, app)
    seen: list[str] = []
    path = "/setup/traces"
    while path:
        page = await setup.open(path)
        seen += re.findall(r'<a href="/setup/traces/([-\w]+)"', page.text)
        older = re.search(r'href="([^"]+)">Older', page.text)
        path = html.unescape(older[1]) if older else ""

    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("spell", [str, str.lower, lambda text: text.replace("-", "")])
async def test_a_trace_is_found_in_any_spelling_and_tells_checks_setting_remedy_and_command(
    house: House, setup: Setup, spell: Callable[[str], str]
) -> None:
    app = await house.app({s.LABEL: "Shipment Sync"})
    request_id = await refuse(house, app)

    page = await setup.open(f"/setup/traces/{spell(request_id)}")

    text = html.unescape(page.text)
    assert f"Trace {request_id}" in text
    assert "Enable Client Credentials Flow" in text
    assert re.search(r"/setup/apps/App_\w+/edit#setting-client_credentials", text)
    assert "grantway app set" in text
    assert '<li class="no">' in text
    assert "invalid_" in text


async def test_the_drawing_tells_its_story_and_holds_every_check(house: House, setup: Setup) -> None:
    app = await house.app()
    page = await setup.open(f"/setup/traces/{await refuse(house, app, client_secret='wrong')}")

    drawing = page.text.partition('<svg class="draw')[2].partition("</svg>")[0]

    assert 'role="img"' in drawing
    assert "The list below says the same in words." in drawing
    assert "✓ Client: known, and served at this door" in drawing
    assert "✕ Client secret: wrong" in drawing
    assert drawing.count('class="box no"') == 1
    assert "style=" not in drawing


async def test_what_another_org_was_refused_is_not_there(house: House, setup: Setup) -> None:
    elsewhere = await house.elsewhere()
    request_id = await refuse(elsewhere, await elsewhere.app())

    assert request_id not in (await setup.open("/setup/traces")).text
    assert "no refused request" in (await setup.open(f"/setup/traces/{request_id}", 400)).text


async def test_a_trace_that_never_was_is_said_plainly(setup: Setup) -> None:
    assert "no request id" in (await setup.open("/setup/traces/nonsense", 400)).text
    assert "no refused request" in (await setup.open("/setup/traces/7Q4M-K2XD-90VB", 400)).text


@pytest.mark.requirement("S39")
async def test_hostile_names_stand_as_text_in_list_and_drawing(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "<script>alert(1)</script>"})
    request_id = await refuse(house, app, grant_type="<svg onload=alert(1)>")
    await refuse(house, app)

    for path in ("/setup/traces", f"/setup/traces/{request_id}"):
        reply = await setup.browser.get(path)
        assert "<script>alert" not in reply.text
        assert "<svg onload" not in reply.text


async def test_a_trace_shows_what_was_sent_without_its_secrets_and_the_checks_that_were_not_reached(
    house: House, setup: Setup
) -> None:
    app = await house.app()
    request_id = await refuse(house, app, client_secret="s3cr3t-typed-wrong", scope="api")

    text = html.unescape((await setup.open(f"/setup/traces/{request_id}")).text)

    assert "grant_type=client_credentials" in text
    assert "client_secret=(hidden)" in text
    assert "s3cr3t" not in text
    assert (
        '<li class="skipped"><span><span class="vh">Not reached: </span>The app must have the flow switched on' in text
    )
    assert re.search(r"– not reached: \d+ more checks", text)


async def test_a_refusal_that_no_setting_made_leads_to_what_did(house: House, setup: Setup) -> None:
    app = await house.app()
    keys = await setup.open(f"/setup/traces/{await refuse(house, app, client_secret='wrong')}")
    tokens = await house.sign_in(app)
    await house.change("UPDATE person SET is_frozen = 1 WHERE id = ?", house.user_ids["ada"])
    await house.refresh(app, tokens["refresh_token"])
    await house.server.refusals.flush()
    ((request_id,),) = await house.db.all(LAST)
    user = await setup.open(f"/setup/traces/{request_id!s}")

    assert re.search(r'href="/setup/apps/App_\w+/keys">Open Consumer key and secret<', keys.text)
    assert 'href="/setup/users/ada%40harbour.example">Open ada@harbour.example<' in user.text
