"""Key and secret in the console: shown after the password only, rotated on a page that says what ends."""

import html
import re

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.kit.clock import MINUTE_MS
from grantway.manage.audit import audit_trail
from grantway.manage.consumer_keys import rotation
from grantway.manage.registration import registration_tokens
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.endpoints.browsing import PASSWORD
from tests.endpoints.house import House, TestApp


@pytest.fixture
async def app(house: House) -> TestApp:
    """An app of the house."""
    return await house.app({s.LABEL: "Shipment Sync"})


def page_of(app: TestApp) -> str:
    """Return the path of an app's keys."""
    return f"/setup/apps/{app.id}/keys"


async def verify(setup: Setup, to: str, password: str = PASSWORD) -> int:
    """Enter the password again; return the status."""
    way = f"/setup/verify?to={to}"
    return (await setup.send(way, {"password": password}, page=way)).status_code


async def test_the_secret_is_shown_after_the_password_only_and_leaves_a_record(
    house: House, setup: Setup, app: TestApp
) -> None:
    path = page_of(app)
    before = await setup.open(path)
    asked = await setup.send(path, {"action": "reveal"}, page=path)
    assert "/setup/verify?to=" in asked.headers["location"]
    assert await verify(setup, path) == 303
    waiting = await setup.open(path)
    house.clock.advance(ms=1)
    shown = await setup.send(path, {"action": "reveal"}, page=path)

    assert app.consumer_secret not in before.text + waiting.text
    assert app.consumer_secret in shown.text
    assert "no-store" in shown.headers["cache-control"]
    newest = (await audit_trail(house.desk, house.org, limit=1)).entries[0]
    assert (newest.action, newest.username) == ("revealApplicationConsumerDetails", ADMIN)


async def test_a_verification_holds_five_minutes(house: House, setup: Setup, app: TestApp) -> None:
    path = page_of(app)
    assert await verify(setup, path) == 303
    house.clock.advance(ms=5 * MINUTE_MS)

    reply = await setup.send(path, {"action": "reveal"}, page=path)

    assert reply.status_code == 303
    assert "/setup/verify" in reply.headers["location"]


async def test_a_wrong_password_verifies_nothing_and_guessing_is_slowed(
    house: House, setup: Setup, app: TestApp
) -> None:
    path = page_of(app)

    tried = [await verify(setup, path, "wrong") for _ in range(8)]

    assert tried[0] == 400
    assert tried[-1] == 429
    reply = await setup.send(path, {"action": "reveal"}, page=path)
    assert "/setup/verify" in reply.headers["location"]
    assert app.consumer_secret not in reply.text


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/setup/", "/services/oauth2/authorize", ""])
async def test_verifying_leads_back_into_the_console_only(setup: Setup, to: str) -> None:
    way = f"/setup/verify?to={to}"
    reply = await setup.send(way, {"password": PASSWORD}, page=way)

    assert reply.headers["location"] == "http://localhost:8400/setup/"


async def test_a_pair_is_generated_shown_reviewed_and_applied(house: House, setup: Setup, app: TestApp) -> None:
    path = page_of(app)
    await house.sign_in(app)
    await house.sign_in(app, "ben", scopes="api")
    await verify(setup, path)
    assert (await setup.send(path, {"action": "stage"}, page=path)).status_code == 303
    shown = await setup.send(path, {"action": "reveal_staged"}, page=path)
    (secret,) = map(html.unescape, re.findall(r'id="staged-secret">([^<]+)<', shown.text))
    review = await setup.open(f"{path}/apply")
    fields = dict(re.findall(r'name="(seen|grants|tokens)" value="([^"]*)"', review.text))
    assert (fields["grants"], fields["tokens"]) == ("1", "1")

    unticked = await setup.send(f"{path}/apply", fields, page=f"{path}/apply")
    assert unticked.status_code == 400
    await house.sign_in(app)
    grown = await setup.send(f"{path}/apply", {**fields, "agree": "1"}, page=f"{path}/apply")
    assert grown.status_code == 409
    fields = dict(re.findall(r'name="(seen|grants|tokens)" value="([^"]*)"', grown.text))
    applied = await setup.send(f"{path}/apply", {**fields, "agree": "1"}, page=f"{path}/apply")

    assert applied.status_code == 303
    assert "2 grants and 1 single access token ended" in (await setup.follow(applied)).text
    new = TestApp(app.id, fields["seen"], secret)
    assert (await house.redeem(new, await house.code(new)))[0] == 200


async def test_who_may_not_rotate_sees_no_keys(house: House, app: TestApp) -> None:
    await add_user(house, "rae@harbour.example", "CustomizeApplication", "ManageRemoteAccess")
    reader = await sign_in(house, "rae@harbour.example")

    page = await reader.open(page_of(app), 403)

    assert "Allow consumer key and secret rotation" in page.text


@pytest.fixture
async def external(house: House) -> TestApp:
    """An external client app of the house."""
    return await house.app({s.LABEL: "Tide Table"}, kind=AppKind.EXTERNAL_CLIENT_APP)


def set_ids(text: str) -> list[str]:
    """Return the ids of the sets on a page, from the top."""
    return re.findall(r'<h2 id="(0cT\w+)"', text)


async def test_a_set_of_an_external_client_app_is_staged_shown_rotated_and_deleted(
    house: House, setup: Setup, external: TestApp
) -> None:
    path = page_of(external)
    kept = await house.sign_in(external)
    assert "/setup/verify" in (await setup.send(path, {"action": "stage"}, page=path)).headers["location"]
    await verify(setup, path)
    staged = await setup.follow(await setup.send(path, {"action": "stage"}, page=path))
    (made,) = set_ids(staged.text)
    assert ">Active<" in staged.text
    assert f"by <bdi>{ADMIN}</bdi>" in staged.text
    shown = await setup.send(path, {"action": "reveal_staged", "set": made}, page=path)
    (secret,) = re.findall(rf'id="{made}-secret">([^<]+)<', shown.text)
    review = await setup.open(f"{path}/apply")
    assert "No token ends" in review.text
    fields = {**dict(re.findall(r'name="(seen|grants|tokens)" value="([^"]*)"', review.text)), "agree": "1"}

    rotated = await setup.follow(await setup.send(f"{path}/apply", fields, page=f"{path}/apply"))

    new = TestApp(external.id, fields["seen"], secret)
    for one in (external, new):
        assert (await house.redeem(one, await house.code(new)))[0] == 200
        assert await house.is_active(one, kept["access_token"])
    (old,) = set_ids(rotated.text)
    assert ">Rotated<" in rotated.text
    deleted = await setup.follow(await setup.send(path, {"action": "cancel", "set": old}, page=path))
    assert f"Deleted the set {old}: it is refused from now on." in html.unescape(deleted.text)
    assert (await house.redeem(external, await house.code(new)))[0] == 400


async def test_the_page_of_sets_says_what_has_expired_and_offers_another(
    house: House, setup: Setup, external: TestApp
) -> None:
    await rotation.stage(house.desk, house.org, external.id)
    before = await setup.open(page_of(external))
    house.clock.advance(ms=rotation.SET_MS)
    later = await sign_in(house, ADMIN)

    after = await later.open(page_of(external))

    assert "Rotate or delete it before you stage another" in before.text
    assert "by <bdi>the operator</bdi>" in before.text
    assert ">Expired<" in after.text
    assert 'value="stage"' in after.text
    assert "Review and rotate" not in after.text


@pytest.mark.parametrize("kind", AppKind)
async def test_an_initial_access_token_is_shown_once_and_deleted(house: House, setup: Setup, kind: AppKind) -> None:
    app = await house.app(kind=kind)
    path = page_of(app)
    assert "no app can register with this one" in (await setup.open(path)).text
    asked = await setup.send(path, {"action": "registration_token"}, page=path)
    assert "/setup/verify" in asked.headers["location"]
    await verify(setup, path)

    shown = await setup.send(path, {"action": "registration_token"}, page=path)
    (token,) = re.findall(r'id="registration-token">([^<]+)<', shown.text)

    assert (await registration_tokens.look(house.desk, house.org, app.id)).has_token
    later = (await setup.open(path)).text
    assert token not in later
    assert "no app has registered with it yet" in later
    assert (await setup.send(path, {"action": "registration_token_revoke"}, page=path)).status_code == 303
    assert not (await registration_tokens.look(house.desk, house.org, app.id)).has_token
