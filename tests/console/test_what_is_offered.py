"""Pages offer what the reader may do, and no button or link that leads to a refusal."""

from dataclasses import replace

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.manage.caller import Caller
from grantway.manage.connected_apps import apps, install
from grantway.manage.problem import NotAllowed
from tests.console.app_forms import edited, post
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House

LOOKS = ("CustomizeApplication", "ExternalClientAppViewer")
SETS_POLICIES = ("CustomizeApplication", "ExternalClientAppAdmin")
DEVELOPS = ("CustomizeApplication", "ExternalClientAppDeveloper")
EVERYTHING = frozenset({"edit", "keys", "block", "delete"})


async def seen_by(house: House, *permissions: str) -> Setup:
    await add_user(house, "reader@harbour.example", *permissions)
    return await sign_in(house, "reader@harbour.example")


@pytest.mark.requirement("S37")
@pytest.mark.parametrize(
    ("permissions", "offered"),
    [
        (LOOKS, set()),
        (SETS_POLICIES, {"edit", "block"}),
        (DEVELOPS, {"edit", "delete"}),
        ((*DEVELOPS, "ExternalClientAppAdmin", "ViewClientSecret"), EVERYTHING),
    ],
    ids=["looks", "sets policies", "develops", "both"],
)
async def test_an_app_has_the_buttons_that_its_reader_may_press(
    house: House, permissions: tuple[str, ...], offered: set[str]
) -> None:
    app = await house.app({s.LABEL: "Outer Robot"}, kind=AppKind.EXTERNAL_CLIENT_APP)
    name = (await apps.find(house.desk, house.org, app.id)).app.name
    path = f"/setup/apps/{name}"
    setup = await seen_by(house, *permissions)

    page, listed = await setup.open(path), await setup.open("/setup/apps")

    assert {one for one in EVERYTHING if f'href="{path}/{one}"' in page.text} == offered
    assert (f'href="{path}/edit"' in listed.text) == ("edit" in offered)
    for one in offered:
        assert (await setup.browser.get(f"{path}/{one}")).status_code == 200
    for one in EVERYTHING - offered - {"edit", "keys"}:
        refused = await setup.send(f"{path}/{one}", {"sure": "1", "name": name, "confirm": name})
        assert refused.status_code == 403


async def test_who_may_set_policies_alone_saves_the_form_as_it_is(house: House) -> None:
    """Saving what is there already asks for no right to the settings beside the policies."""
    app = await house.app(kind=AppKind.EXTERNAL_CLIENT_APP)
    setup = await seen_by(house, *SETS_POLICIES)

    saved = await post(setup, f"/setup/apps/{app.id}/edit", await edited(setup, app.id, {}))

    assert saved.status_code in (200, 303), saved.text
    looker = Caller(user_id="005", username="x", org_id=house.org_id, permissions=frozenset(LOOKS))
    async with house.desk.changing() as changing:
        with pytest.raises(NotAllowed):
            await apps.change(replace(changing, caller=looker), house.org, app.id, {})


@pytest.mark.parametrize("is_installed", [False, True])
async def test_an_app_of_another_org_that_needs_attention_is_linked_where_it_has_a_page(
    house: House, setup: Setup, is_installed: bool
) -> None:
    there = await house.elsewhere()
    app = await there.app({s.LABEL: "Theirs"})
    if is_installed:
        await install.install(house.desk, house.org, app.consumer_key)
    name = (await apps.find(there.desk, there.org, app.id)).app.name
    for number in range(10):
        await house.change(
            "INSERT INTO refusal (request_id, at, endpoint, reason, error, facts, checks, address, app_id, org_id,"
            " user_id) VALUES (:request_id, :at, '/token', 'refresh.unknown', 'invalid_grant', '{}', '[]', '', :app_id,"
            " :org_id, '')",
            f"0000-0000-000{number}",
            house.clock.now_ms() - 1000,
            app.id,
            house.org_id,
        )

    page = await setup.open("/setup/")

    assert "10 requests refused in 24 hours: refresh.unknown" in page.text
    assert f"/setup/apps/{name}" not in page.text
    assert (f'href="/setup/apps/{app.id}"' in page.text) == is_installed
    assert ("not installed here" in page.text) != is_installed
