"""GET /setup/apps/{name}: one app in one view, and what is asked before it is blocked."""

from grantway import settings as s
from grantway.manage.connected_apps import apps
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House, TestApp


async def named(house: House, app: TestApp) -> str:
    return (await apps.find(house.desk, house.org, app.id)).app.name


async def test_the_page_shows_key_policies_usage_and_never_the_secret(house: House, setup: Setup) -> None:
    app = await house.app({s.LABEL: "Shipment Sync"})
    await house.sign_in(app)

    page = await setup.open(f"/setup/apps/{await named(house, app)}")

    assert "<h1>Shipment Sync</h1>" in page.text
    assert app.consumer_key in page.text
    assert app.consumer_secret not in page.text
    assert "<span>Live grants</span><b>1</b>" in page.text
    assert "<span>Tokens issued</span><b>1</b>" in page.text


async def test_a_refusal_stands_there_with_what_refused_it_and_a_way_to_the_setting(house: House, setup: Setup) -> None:
    app = await house.app()
    await house.token({"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": "x"})
    right = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token({"grant_type": "client_credentials", **right})
    await house.server.refusals.flush()

    page = await setup.open(f"/setup/apps/{await named(house, app)}")

    assert "/edit#setting-client_credentials" in page.text
    assert page.text.count('href="/setup/traces/') == 2
    form = await setup.open(f"/setup/apps/{await named(house, app)}/edit")
    assert 'id="setting-client_credentials"' in form.text


async def test_a_weakness_is_named_by_the_labels_of_the_page_with_a_way_to_the_field(
    house: House, setup: Setup
) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True})

    page = await setup.open(f"/setup/apps/{await named(house, app)}")

    assert "Client Credentials Flow is on, but no" in page.text
    assert "/edit#setting-client_credentials" in page.text


async def test_an_app_is_blocked_after_the_number_was_ticked_and_let_in_again(house: House, setup: Setup) -> None:
    app = await house.app()
    await house.sign_in(app)
    path = f"/setup/apps/{await named(house, app)}"
    review = await setup.open(f"{path}/block")

    unticked = await setup.send(f"{path}/block", {})
    blocked = await setup.follow(await setup.send(f"{path}/block", {"sure": "1"}))

    assert "1 grant of 1 user." in review.text
    assert unticked.status_code == 400
    assert "Nothing was done yet" in unticked.text
    assert "is blocked from this moment on" in blocked.text
    again = await setup.follow(await setup.send(f"{path}/unblock", {}))
    assert '<span class="badge ok">Installed</span>' in again.text


async def test_a_user_without_the_right_to_apps_sees_none(house: House, setup: Setup) -> None:
    app = await house.app()
    await add_user(house, "mia@harbour.example", "ManageUsers")

    page = await (await sign_in(house, "mia@harbour.example")).open(f"/setup/apps/{await named(house, app)}", 403)

    assert app.consumer_key not in page.text


async def test_hostile_texts_of_an_app_are_shown_as_text(house: House, setup: Setup) -> None:
    hostile = '"><script>alert(1)</script>'
    app = await house.app({s.LABEL: hostile, s.DESCRIPTION: hostile, s.PROFILES: (hostile,)})

    page = await setup.open(f"/setup/apps/{await named(house, app)}")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
