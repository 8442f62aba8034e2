"""Clients that an app's initial access token let in: bound to that app, which is their parent."""

import json
from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import Policy
from grantway.endpoints.introspect import introspect
from grantway.manage.connected_apps import apps, install
from grantway.manage.problem import ManageProblem
from grantway.manage.registration import registration_tokens
from grantway.manage.server import backup
from grantway.manage.usage import tokens
from grantway.store.statement import Statement
from tests.endpoints.browsing import CONSENT, Browser, goes_to, told
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.registrant import ASKED, at_home, error, joined, known, sent, token_of
from tests.endpoints.signer import signer
from tests.endpoints.test_assertions_explained import explained
from tests.endpoints.wire import both_doors


@both_doors
async def test_scopes_never_go_beyond_the_parents_also_when_these_shrink(house: House, door: str) -> None:
    parent = await house.app({s.SCOPES: ("openid", "api", "id")})
    client = await joined(house, await token_of(house, parent), door=door, scope="openid api web full offline_access")
    words = client["scopes"] if door == SALESFORCE else client["scope"].split()
    assert words == ["openid", "api"]

    await apps.change(house.desk, house.org, parent.id, {"scopes": ["openid"]})

    assert (await apps.find(house.desk, house.org, client["client_id"]))[s.SCOPES] == ("openid",)
    shown = json.loads((await at_home(house, client)).body)
    assert (shown["scopes"] if door == SALESFORCE else shown["scope"].split()) == ["openid"]
    nothing = await sent(house, ASKED | {"scope": "web"}, await token_of(house, parent), door=door)
    assert error(nothing) == (400, "invalid_client_metadata")


async def test_where_the_parent_comes_to_require_pkce_its_children_do(house: House) -> None:
    parent = await house.app()
    client = await joined(house, await token_of(house, parent))
    assert not (await apps.find(house.desk, house.org, client["client_id"]))[s.REQUIRE_PKCE]

    await apps.change(house.desk, house.org, parent.id, {"require_pkce": True})

    assert (await apps.find(house.desk, house.org, client["client_id"]))[s.REQUIRE_PKCE]


async def test_a_child_does_not_look_like_its_parent_nor_speak_to_its_audiences(house: House) -> None:
    own: dict[s.AnySetting, Any] = {
        s.LOGO_URL: "https://app.example/logo.png",
        s.DESCRIPTION: "the real one",
        s.ID_TOKEN_AUDIENCES: ("https://other.example",),
        s.INTROSPECT_ALL: True,
        s.CLIENT_CREDENTIALS: True,
        s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
        s.JWT_ACCESS_TOKENS: True,
    }
    parent = await house.app(own, run_as="ada@harbour.example")
    client = await joined(house, await token_of(house, parent))

    held = await apps.find(house.desk, house.org, client["client_id"])

    assert [one.name for one in own if held[one] == own[one]] == ["jwt_access_tokens"]


async def _block(house: House, parent: TestApp) -> None:
    await apps.block(house.desk, house.org, parent.id, blocked=True)


async def _switch_off(house: House, parent: TestApp) -> None:
    await apps.change(house.desk, house.org, parent.id, {"oauth_enabled": False})


async def _delete(house: House, parent: TestApp) -> None:
    await apps.delete(house.desk, house.org, parent.id)


@pytest.mark.requirement("S30")
@pytest.mark.parametrize("end", [_block, _switch_off, _delete], ids=["blocked", "switched off", "deleted"])
async def test_what_ends_the_parent_ends_its_children(house: House, end: Any) -> None:
    parent = await house.app()
    token = await token_of(house, parent)
    client = await joined(house, token)
    app = await known(house, client)
    answer = await house.sign_in(app, door=STANDARDS)

    await end(house, parent)

    assert (await house.refresh(app, answer["refresh_token"], door=STANDARDS))[0] in (400, 401)
    assert not await house.is_active(app, answer["access_token"])
    assert (await at_home(house, client)).status in (401, 403)
    assert (await sent(house, ASKED, token)).status in (401, 403)


@pytest.mark.parametrize("end", [_block, _switch_off], ids=["blocked", "switched off"])
async def test_explain_names_the_parent_where_the_parent_ended_it(house: House, end: Any) -> None:
    """Nobody can unblock or change a registered app by itself."""
    parent = await house.app()
    app = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(app, door=STANDARDS)
    await end(house, parent)
    await house.refresh(app, answer["refresh_token"], door=STANDARDS)
    told = await explained(house)
    name = (await apps.find(house.desk, house.org, parent.id)).app.name

    assert name in told.means
    assert name in told.remedy + told.change


async def test_revoking_the_parents_tokens_ends_the_childrens(house: House) -> None:
    parent = await house.app()
    app = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(app, door=STANDARDS)
    house.clock.advance(ms=1)

    await tokens.revoke(house.desk, house.org, app=parent.id)

    assert (await house.refresh(app, answer["refresh_token"], door=STANDARDS))[1]["error"] == "invalid_grant"
    assert not await tokens.lines(house.desk, house.org)


async def test_a_child_is_in_another_org_where_its_parent_is_installed(house: House) -> None:
    parent = await house.app()
    client = await joined(house, await token_of(house, parent))
    there = await house.elsewhere()

    async def policy() -> Policy | None:
        met = await apps.met(there.desk, there.org, client["client_id"])
        assert met is not None
        return met.policy

    assert await policy() is None
    with pytest.raises(ManageProblem, match="is installed wherever"):
        await install.install(there.desk, there.org, client["client_id"])
    await install.install(there.desk, there.org, parent.consumer_key)
    assert await policy() is not None
    with pytest.raises(ManageProblem, match="is installed wherever"):
        await install.uninstall(there.desk, there.org, client["client_id"])
    await install.uninstall(there.desk, there.org, parent.consumer_key)
    assert await policy() is None


async def test_the_parents_pre_authorized_users_are_asked_about_its_children(house: House, browser: Browser) -> None:
    """Nobody looked at an app that registered: what an administrator approved is its parent."""
    parent = await house.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED, s.PROFILES: ("Standard",)})
    app = await known(house, await joined(house, await token_of(house, parent)))

    assert "code" in told(await browser.log_in(await browser.to_login(parent, door=STANDARDS)))
    asking = await browser.ask(app, door=STANDARDS)
    assert goes_to(asking, CONSENT)
    assert "code" in told(await browser.answer(await browser.follow(asking)))


@pytest.mark.requirement("S17")
async def test_a_parent_may_introspect_its_childrens_tokens_and_no_stranger_may(house: House) -> None:
    parent, stranger = await house.app(), await house.app()
    child = await known(house, await joined(house, await token_of(house, parent)))
    sibling = await known(house, await joined(house, await token_of(house, parent)))
    answer = await house.sign_in(child, door=STANDARDS)

    for token in (answer["access_token"], answer["refresh_token"]):
        assert await house.is_active(parent, token)
        assert not await house.is_active(stranger, token)
        form = {"token": token, "client_id": sibling.consumer_key, "client_secret": sibling.consumer_secret}
        reply = await introspect(house.call("/oidc/introspect", form), house.server, BASE)
        assert reply.body == b'{"active":false}'


async def test_a_new_initial_access_token_ends_the_one_before(house: House) -> None:
    parent = await house.app()
    first = await token_of(house, parent)
    second = await token_of(house, parent)

    assert (await sent(house, ASKED, first)).status == 401
    assert (await sent(house, ASKED, second)).status == 201
    await registration_tokens.revoke(house.desk, house.org, parent.id)
    assert (await sent(house, ASKED, second)).status == 401


async def test_a_restored_database_brings_no_initial_access_token_back(house: House) -> None:
    token = await token_of(house, await house.app())

    await backup.mark_restored(house.desk)

    assert (await sent(house, ASKED, token)).status == 401


async def test_registration_tokens_are_kept_as_hashes_and_never_recorded(house: House) -> None:
    parent = await house.app()
    token = await token_of(house, parent)
    client = await joined(house, token)
    await at_home(house, client, "PUT", client | {"client_name": "Renamed"})

    for table in ("initial_access_token", "registered_client", "event", "app"):
        rows = str(await house.db.all(Statement(f"SELECT * FROM {table}")))
        assert token not in rows
        assert client["registration_access_token"] not in rows
        assert client["client_secret"] not in rows
