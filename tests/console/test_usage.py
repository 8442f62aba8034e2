"""/setup/usage: every app that has or asks for access, its users, and taking back what is out."""

import re
from typing import Any

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.manage.connected_apps import apps, install
from grantway.pages import near_text
from grantway.store.statement import Statement
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.browsing import Browser
from tests.endpoints.house import House, TestApp

_AUDITED = Statement("SELECT detail FROM event WHERE kind = 'admin.tokens.revoke'")


async def path_of(house: House, app: TestApp) -> str:
    return f"/setup/usage/{(await apps.find(house.desk, house.org, app.id)).app.name}"


async def test_apps_with_something_out_are_listed_and_others_are_not(house: House, setup: Setup) -> None:
    used = await house.app({s.LABEL: "Used"})
    await house.app({s.LABEL: "Idle"})
    await house.sign_in(used)
    await house.sign_in(used, "ben")

    page = await setup.open("/setup/usage")

    assert 'aria-label="2 users of Used"' in page.text
    assert "Idle" not in page.text


async def test_an_app_of_another_org_is_listed_as_not_installed_and_can_be_taken_back(
    house: House, setup: Setup
) -> None:
    elsewhere = await house.elsewhere()
    app = await elsewhere.app({s.LABEL: "Rate Desk"})
    answer = await house.sign_in(app) if await _let_in(house) else {}

    page = await setup.open("/setup/usage")
    users = await setup.open(f"/setup/usage/{app.id}")
    done = await setup.follow(await setup.send(f"/setup/usage/{app.id}/revoke", {"sure": "1"}))

    assert "1 app is used or asked for without being installed" in page.text
    assert "ada@harbour.example" in users.text
    assert "Ended: 1 grant or access token of Rate Desk" in done.text
    assert (await elsewhere.refresh(app, answer["refresh_token"]))[0] == 400


async def _let_in(house: House) -> bool:
    """Give ada the right to use what nobody installed."""
    await house.change(
        "UPDATE profile SET permissions = :permissions WHERE name = 'Standard'",
        '["ApiEnabled","CanApproveUninstalledApps"]',
    )
    return True


async def test_an_app_of_another_org_without_anything_here_is_as_if_unknown(house: House, setup: Setup) -> None:
    app = await (await house.elsewhere()).app({s.LABEL: "Rate Desk"})

    page = await setup.open(f"/setup/usage/{app.id}", 404)

    assert "Rate Desk" not in page.text


async def test_revoke_ends_what_one_user_gave_and_leaves_the_others(house: House, setup: Setup) -> None:
    app = await house.app()
    of_ada, of_ben = await house.sign_in(app), await house.sign_in(app, "ben")

    path = await path_of(house, app)
    done = await setup.send(f"{path}/revoke", {"sure": "1", "user": house.user_ids["ada"]})

    assert done.status_code == 303
    assert not await house.is_active(app, of_ada["access_token"])
    assert await house.is_active(app, of_ben["access_token"])


async def test_revoke_all_says_the_number_asks_for_a_tick_and_leaves_a_record(house: House, setup: Setup) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    path = await path_of(house, app)

    review = await setup.open(f"{path}/revoke")
    unticked = await setup.send(f"{path}/revoke", {})
    assert await house.is_active(app, answer["access_token"])
    await setup.send(f"{path}/revoke", {"sure": "1"})

    assert "Revoke all 1" in review.text
    assert unticked.status_code == 400
    assert not await house.is_active(app, answer["access_token"])
    assert len(await house.db.all(_AUDITED)) == 1


async def test_access_tokens_without_a_person_are_counted_too(house: House, setup: Setup) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True, s.LABEL: "Robot"}, run_as="ada@harbour.example")
    form = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    assert (await house.token({"grant_type": "client_credentials", **form}))[0] == 200

    page = await setup.open(await path_of(house, app))

    assert "ada@harbour.example" in page.text
    assert "Robot" in (await setup.open("/setup/usage")).text


async def test_what_is_out_no_longer_is_not_counted(house: House, setup: Setup) -> None:
    app = await house.app(
        {s.REFRESH_TOKEN_POLICY: s.RefreshTokenPolicy(form="specific_lifetime", number=1, unit="DAYS")}
    )
    await house.sign_in(app)
    path = await path_of(house, app)
    house.clock.advance(days=1)
    other = await sign_in(house, "nora@harbour.example")

    assert "0 users with 0 live grants." in (await other.open(path)).text


async def test_the_list_is_filtered_by_words_and_state_and_paged(house: House, setup: Setup) -> None:
    for number in range(27):
        await house.sign_in(await house.app({s.LABEL: f"App {number:02}"}))

    first = await setup.open("/setup/usage")
    second = await setup.open("/setup/usage?page=2")
    one = await setup.open("/setup/usage?q=app+26")
    blocked = await setup.open("/setup/usage?state=blocked")
    odd = await setup.open("/setup/usage?page=-1&state=odd&q=%25")

    assert "1 to 25 of 27" in first.text
    assert "26 to 27 of 27" in second.text
    assert "1 to 1 of 1" in one.text
    assert "No app fits" in blocked.text
    assert "No app fits" in odd.text


async def test_who_may_not_manage_users_sees_no_usage(house: House, setup: Setup) -> None:
    await add_user(house, "kim@harbour.example", "CustomizeApplication", "ModifyAllData")

    await (await sign_in(house, "kim@harbour.example")).open("/setup/usage", 403)


async def test_who_asks_for_an_app_that_is_not_installed_is_counted(house: House, setup: Setup) -> None:
    app = await (await house.elsewhere()).app({s.LABEL: "Rate Desk"})
    ada = Browser(house)
    await ada.log_in(await ada.to_login(app))
    await house.server.refusals.flush()

    page = await setup.open("/setup/usage")

    assert "Asked, and refused because not installed" in page.text


async def test_what_nobody_installed_is_installed_by_a_button_and_uninstalled_after_a_review(
    house: House, setup: Setup
) -> None:
    app = await (await house.elsewhere()).app({s.LABEL: "Rate Desk"})
    await _let_in(house)
    answer = await house.sign_in(app)

    assert 'aria-label="Install Rate Desk"' in (await setup.open("/setup/usage")).text
    installed = await setup.follow(await setup.send(f"/setup/usage/{app.id}/install", {}))
    review = await setup.open(f"/setup/apps/{app.id}/uninstall")
    unticked = await setup.send(f"/setup/apps/{app.id}/uninstall", {})
    still = await setup.open(f"/setup/apps/{app.id}")
    done = await setup.follow(await setup.send(f"/setup/apps/{app.id}/uninstall", {"sure": "1"}))

    assert "Rate Desk is installed." in installed.text
    assert "1 grant of 1 user stay, without your rules" in review.text
    assert unticked.status_code == 400
    assert f'href="/setup/apps/{app.id}/uninstall"' in still.text
    assert "Rate Desk is uninstalled." in done.text
    assert 'aria-label="Install Rate Desk"' in (await setup.open("/setup/usage")).text
    assert await house.is_active(app, answer["access_token"])


async def test_an_external_client_app_of_another_org_has_users_too_and_is_revoked(house: House, setup: Setup) -> None:
    packaged: dict[s.AnySetting, Any] = {s.LABEL: "Rate Desk", s.DISTRIBUTION_STATE: s.Distribution.PACKAGED}
    app = await (await house.elsewhere()).app(packaged, kind=AppKind.EXTERNAL_CLIENT_APP)
    await install.install(house.desk, house.org, app.consumer_key)
    answer = await house.sign_in(app)

    users = await setup.open(f"/setup/usage/{app.id}")
    done = await setup.follow(await setup.send(f"/setup/usage/{app.id}/revoke", {"sure": "1"}))

    assert "ada@harbour.example" in users.text
    assert "Ended: 1 grant or access token" in done.text
    assert (await house.refresh(app, answer["refresh_token"]))[0] == 400


async def test_an_own_app_cannot_be_uninstalled(house: House, setup: Setup) -> None:
    app = await house.app()

    reply = await setup.send(f"{(await path_of(house, app)).replace('usage', 'apps')}/uninstall", {"sure": "1"})

    assert reply.status_code in (400, 409)
    assert "only deleted" in reply.text


async def test_first_use_last_use_and_number_of_uses_stand_beside_each_user(house: House, setup: Setup) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    line = await house.sign_in(app)
    for _ in range(2):
        house.clock.advance(minutes=10)
        await house.refresh(app, line["refresh_token"])
    robot = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    for _ in range(3):
        assert (await house.token({"grant_type": "client_credentials", **robot}))[0] == 200

    page = await setup.open(await path_of(house, app))

    assert '<th scope="col" class="num">Times used</th>' in page.text
    assert re.search(r'<td class="num">6</td><td class="num">1</td><td class="num">3</td>', page.text)
    assert near_text(house.clock.now_ms(), house.clock.now_ms()) in page.text


async def test_the_list_of_apps_says_when_one_without_a_person_was_used_last(house: House, setup: Setup) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True, s.LABEL: "Robot"}, run_as="ada@harbour.example")
    robot = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.token({"grant_type": "client_credentials", **robot})
    given = house.clock.now_ms()
    house.clock.advance(days=1)  # the token itself was swept long ago
    await house.sweep()
    other = await sign_in(house, "nora@harbour.example")

    page = await other.open("/setup/apps?sort=used&dir=desc")

    assert f'<td class="nowrap">{near_text(given, house.clock.now_ms())}</td>' in page.text
