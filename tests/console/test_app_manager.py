"""App Manager: what it says of each app, and how apps are found in it."""

import re
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.people import holders
from grantway.manage.registration import registering, registration_tokens
from grantway.protocol.door import STANDARDS
from grantway.settings.key_sets import EXAMPLE_KEY_SET
from tests.console.setup import Setup
from tests.endpoints.house import House


def names_on(text: str) -> list[str]:
    """Return the API names in the table, from the top."""
    return re.findall(r"<small><code>([^<]+)</code>", text)


async def test_an_app_is_shown_with_its_flows_grants_refusals_and_health(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Shipment Sync", s.CLIENT_CREDENTIALS: True})
    for user in ("ada", "ada", "ben"):
        await house.sign_in(app, user)
    assert (await house.token({"grant_type": "refresh_token", "client_id": app.consumer_key}))[0] == 400
    await house.server.refusals.flush()

    text = (await setup.open("/setup/apps")).text

    row = re.search(r"<th scope=\"row\">.*?</tr>", text, re.DOTALL)
    assert row
    cells = [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", row[0], re.DOTALL)]
    assert cells[:2] == ["Web Server, Client Credentials", "Self-authorize"]
    assert cells[2:4] == ["2", "3"]
    assert cells[4].startswith("today, ")
    assert cells[5] == "1"
    assert "to look at" in cells[6]


async def test_apps_are_found_by_name_api_name_and_whole_consumer_key(house: House, setup: Setup) -> None:
    made = [
        (await apps.add(house.desk, house.org, name, {s.LABEL: label})).app
        for name, label in (("Crane_Telemetry", "Crane 100%"), ("Dock_Display", "Dock _ Display"))
    ]

    for words, found in (
        ("crane", ["Crane_Telemetry"]),
        ("100%", ["Crane_Telemetry"]),
        ("dock_display", ["Dock_Display"]),
        ("_ disp", ["Dock_Display"]),
        (made[1].consumer_key, ["Dock_Display"]),
        ("%", ["Crane_Telemetry"]),
        ("' OR 1=1 --", []),
    ):
        page = await setup.browser.get("/setup/apps", {"q": words})
        assert names_on(page.text) == found, words
        assert ("No app is like that" in page.text) is (not found)


async def test_apps_are_narrowed_by_flow_and_state(house: House, setup: Setup) -> None:
    fine: dict[s.AnySetting, Any] = {s.CALLBACK_URL: ("https://a.example/",), s.SCOPES: ("api",)}
    cases: tuple[tuple[str, dict[s.AnySetting, Any]], ...] = (
        ("Fine", fine),
        ("Machine", {s.CLIENT_CREDENTIALS: True, s.RUN_AS: "ada@harbour.example", s.SCOPES: ("api",)}),
        ("Off", fine | {s.OAUTH_ENABLED: False}),
        ("Worrying", fine | {s.SCOPES: ("full",)}),
        ("Blocked", fine),
        ("Pasted", {s.JWKS: s.JWKS.kind.parse(EXAMPLE_KEY_SET), s.SCOPES: ("api",)}),
        ("Published", {s.JWKS_URI: "https://a.example/keys", s.SCOPES: ("api",)}),
    )
    for name, values in cases:
        await apps.add(house.desk, house.org, name, values)
    await apps.block(house.desk, house.org, "Blocked", blocked=True)

    for query, found in (
        ("flow=web_server", ["Blocked", "Fine", "Worrying"]),
        ("flow=client_credentials", ["Machine"]),
        ("flow=jwt_bearer", ["Pasted", "Published"]),
        ("state=attention", ["Worrying"]),
        ("state=blocked", ["Blocked"]),
        ("flow=nonsense&state=nonsense&sort=nonsense&page=-1", sorted(name for name, _ in cases)),
    ):
        assert sorted(names_on((await setup.open(f"/setup/apps?{query}")).text)) == found, query


async def test_apps_that_need_attention_are_counted_like_all_others(house: House, setup: Setup) -> None:
    wide: dict[s.AnySetting, Any] = {s.CALLBACK_URL: ("https://a.example/",), s.SCOPES: ("full",)}
    for number in range(27):
        await apps.add(house.desk, house.org, f"Wide_{number:02}", wide)
    await apps.add(house.desk, house.org, "Fine", wide | {s.SCOPES: ("api",)})

    assert "1 to 25 of 27" in (await setup.open("/setup/apps?state=attention")).text
    assert "26 to 27 of 27" in (await setup.open("/setup/apps?state=attention&page=2")).text

    await apps.change(house.desk, house.org, "Wide_26", {"scopes": "api"})
    await apps.change(house.desk, house.org, "Fine", {"permitted_users": "admin_approved", "profiles": ["Nobodys"]})
    page = await setup.open("/setup/apps?state=attention&page=2")
    assert "26 to 27 of 27" in page.text
    assert names_on((await setup.open("/setup/apps?state=attention&q=fine")).text) == ["Fine"]

    await holders.create(house.desk, holders.PROFILES, house.org_id, "Nobodys", ())
    assert "of 26" in (await setup.open("/setup/apps?state=attention")).text


@pytest.mark.parametrize("sort", ["name", "permitted", "used"])
async def test_a_column_sorts_both_ways_and_says_so(house: House, setup: Setup, sort: str) -> None:
    approved = s.PermittedUsers.ADMIN_APPROVED
    await apps.add(house.desk, house.org, "Aaa", {s.LABEL: "Aaa", s.PERMITTED_USERS: approved})
    await apps.add(house.desk, house.org, "Zzz", {s.LABEL: "Zzz"})

    up = await setup.open(f"/setup/apps?sort={sort}")
    down = await setup.open(f"/setup/apps?sort={sort}&dir=desc")

    assert up.text.count('aria-sort="ascending"') == 1
    assert down.text.count('aria-sort="descending"') == 1
    if sort != "used":
        assert names_on(up.text) == ["Aaa", "Zzz"]
        assert names_on(down.text) == ["Zzz", "Aaa"]


async def test_the_app_used_last_comes_first(house: House, setup: Setup) -> None:
    early, late = await house.app(), await house.app()
    await house.sign_in(early)
    house.clock.advance(ms=60_000)
    await house.sign_in(late)

    page = await setup.open("/setup/apps?sort=used&dir=desc")

    late_app = await apps.find(house.desk, house.org, late.id)
    assert names_on(page.text)[0] == late_app.app.name


async def test_registered_apps_stand_below_their_parent(house: House, setup: Setup) -> None:
    parent = await house.app({s.LABEL: "Shipment Sync"})
    token = await registration_tokens.make(house.desk, house.org, parent.id)
    document = {"redirect_uris": ["https://app.example/cb"], "client_name": "Harbour <Chat>"}
    asked = registering.Asked(door=STANDARDS, token=token.reveal(), document=document)
    client = (await registering.register(house.desk, asked)).app

    every = (await setup.open("/setup/apps")).text
    below = (await setup.open(f"/setup/apps?parent={parent.id}")).text
    found = (await setup.open("/setup/apps?q=harbour")).text

    assert client.app.name not in names_on(every)
    assert f'href="/setup/apps?parent={parent.id}"' in every
    assert "1 registered with it" in every
    assert names_on(below) == names_on(found) == [client.app.name]
    assert "registered with <bdi>" in below
    assert "Harbour &lt;Chat&gt;" in below
    for page in (f"/setup/apps/{client.app.name}", f"/setup/apps/{client.app.name}/keys"):
        assert (await setup.open(page)).status_code == 200
