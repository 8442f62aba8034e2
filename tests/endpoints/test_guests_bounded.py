"""What a guest's token and the guest user are not good for, and who may let guests in (S15, S38)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid5

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.endpoints.people import identity
from grantway.manage.caller import caller_named
from grantway.manage.exchange import token_handlers
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.manage.usage.explain import explain
from grantway.store.statement import Statement
from tests.adminapi.client import ROOT, http_of
from tests.endpoints.house import BASE, House
from tests.endpoints.issuer import Provider, believing, handler_for, open_provider, outside_token
from tests.endpoints.test_guests import GUEST, STRANGER, claims_of, guests_app, let_in
from tests.endpoints.test_token_exchange import FAILED, exchange

ADMINISTRATION = ("ApiEnabled", "CustomizeApplication", "ModifyAllData", "ManageUsers", "ManageRemoteAccess")


@pytest.fixture
async def provider(house: House) -> AsyncIterator[Provider]:
    """Another identity provider, which the house's server may ask."""
    async with open_provider(house) as opened:
        yield opened


@pytest.fixture
async def guest(house: House) -> str:
    """The guest user of the house's org, pre-authorized by its profile."""
    return await guest_user(house)


async def guest_user(house: House, *, email: str = "shop@harbour.example", profile: str = "Standard") -> str:
    asked = users.NewUser(username=GUEST, email=email, profile=profile, guest=True)
    return (await users.create(house.desk, house.org, asked)).id


async def guests_token(house: House, provider: Provider, **values: Any) -> str:
    """Return the access token of a visitor."""
    app = await guests_app(house, values.pop("settings", None))
    await let_in(house, provider, app, **values)
    status, answer = await exchange(house, app, outside_token(house, sub=STRANGER))
    assert status == 200, answer
    return str(answer["access_token"])


async def explained(house: House) -> tuple[str, str]:
    """Return what is told of the one refusal: what it means and what to do."""
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    told = await explain(house.desk, str(request_id))
    return told.means, told.remedy


@pytest.mark.parametrize("whose", ["ada", "guest"])
async def test_a_guest_reads_nobody_at_the_identity_url(
    house: House, provider: Provider, guest: str, whose: str
) -> None:
    """Whoever has api may ask who a user of the org is; a visitor is none of the org's."""
    token = await guests_token(house, provider)
    bearer = (b"authorization", f"Bearer {token}".encode())
    user_id = guest if whose == "guest" else house.user_ids[whose]
    call = house.call(f"/id/{house.org_id}/{user_id}", method="GET", headers=(bearer,))
    reply = await identity(call, house.server, BASE)

    assert (reply.status, reply.body) == (403, b"Bad_OAuth_Token")
    assert await house.reasons() == ["bearer.not_for_guests"]
    assert "guest" in (await explained(house))[0]


async def test_a_guest_administers_nothing_whatever_the_guest_user_holds(house: House, provider: Provider) -> None:
    await holders.create(house.desk, holders.PROFILES, house.org_id, "Mighty", ADMINISTRATION)
    await guest_user(house, profile="Mighty")
    token = await guests_token(house, provider, settings={s.PROFILES: ("Mighty",)})
    async with http_of(house, token) as http:
        reply = await http.get(f"{ROOT}/users")
        assert (reply.status_code, await house.reasons()) == (403, ["bearer.not_for_guests"])
        assert (await http.get("/services/data/v65.0/")).status_code == 200  # the data API is for guests too


async def test_a_guest_reads_no_consumer_secret(house: House, provider: Provider) -> None:
    held = ("ApiEnabled", "CustomizeApplication", "ExternalClientAppDeveloper", "ViewClientSecret")
    await holders.create(house.desk, holders.PROFILES, house.org_id, "Mighty", held)
    await orgs.change(house.desk, house.org, {s.CONSUMER_SECRETS_BY_REST.name: True})
    await guest_user(house, profile="Mighty")
    token = await guests_token(house, provider, settings={s.PROFILES: ("Mighty",)})
    app = await house.app(kind=AppKind.EXTERNAL_CLIENT_APP)
    async with http_of(house, token) as http:
        reply = await http.get(f"/services/data/v65.0/apps/oauth/credentials/{app.id}")

    assert reply.status_code == 403
    assert await house.reasons() == ["bearer.not_for_guests"]


async def test_nothing_is_administered_as_a_guest_user(house: House, guest: str) -> None:
    with pytest.raises(ManageProblem, match="no active user"):
        await caller_named(house.db, GUEST)


@pytest.mark.parametrize("scope", ["lightning", "content", "visualforce", "id", "profile"])
async def test_no_scope_for_a_browser_or_about_somebody_is_for_guests(
    house: House, provider: Provider, guest: str, scope: str
) -> None:
    app = await guests_app(house, {s.SCOPES: ("api", "id", "web", "visualforce", "lightning", "content")})
    await let_in(house, provider, app)
    _, answer = await exchange(house, app, outside_token(house, sub=STRANGER))
    refused, _ = await exchange(house, app, outside_token(house, sub=STRANGER), scope=f"api {scope}")

    assert (answer["scope"], refused) == ("api", 400)


async def test_a_scope_that_is_not_for_guests_is_explained_as_that(
    house: House, provider: Provider, guest: str
) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    await exchange(house, app, outside_token(house, sub=STRANGER), scope="api openid")

    assert await house.reasons() == ["exchange.not_for_guests"]
    means, remedy = await explained(house)
    assert "openid" in means
    assert remedy == "Ask for no scope, or for some of these: api."


async def test_no_visitor_takes_the_id_that_was_made_for_another(house: House, provider: Provider, guest: str) -> None:
    """Who may choose what the issuer calls them could choose the id that is made of handler and another's name."""
    app = await guests_app(house)
    await let_in(house, provider, app)
    _, hers = await exchange(house, app, outside_token(house, sub=STRANGER))
    made = claims_of(hers["access_token"])["uvid"]
    _, his = await exchange(house, app, outside_token(house, sub=made))

    assert claims_of(his["access_token"])["uvid"] != made
    assert UUID(claims_of(his["access_token"])["uvid"]).version == 5


async def test_a_uuid_is_kept_whatever_its_version_but_the_one_that_is_made_here(
    house: House, provider: Provider, guest: str
) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    kept = []
    random, of_time = "3f2c1f9e-5d1c-4c0a-9b7e-2f60d6a9c1aa", "019ab8f0-8d7c-7cc3-98c4-dc0c0c07398f"
    for sub in (random, of_time, str(uuid5(UUID(random), "x"))):
        _, answer = await exchange(house, app, outside_token(house, sub=sub))
        kept.append(claims_of(answer["access_token"])["uvid"] == sub)

    assert kept == [True, True, False]


async def test_the_guest_users_email_does_not_hide_whose_email_it_is(house: House, provider: Provider) -> None:
    await guest_user(house, email="ada@harbour.example")
    app = await guests_app(house)
    await let_in(house, provider, app, matches="email", user_claim="email")
    said = {"email": "ada@harbour.example", "email_verified": True}
    status, answer = await exchange(house, app, outside_token(house, sub="7", **said))

    assert (status, answer.get("id", "")[-18:]) == (200, house.user_ids["ada"])


async def test_the_guest_user_of_a_handler_may_be_named_by_its_id(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await handler_for(house, app, believing(provider, guest_user=guest))

    assert (await exchange(house, app, outside_token(house, sub=STRANGER)))[0] == 200


async def test_the_guest_user_of_a_handler_may_be_named_in_any_case(
    house: House, provider: Provider, guest: str
) -> None:
    app = await guests_app(house)
    await handler_for(house, app, believing(provider, guest_user=GUEST.upper()))
    handler = await token_handlers.find(house.desk, house.org, "Harbour_IdP")

    assert (await exchange(house, app, outside_token(house, sub=STRANGER)))[0] == 200
    assert token_handlers.fields_of(handler)["guest_user"] == GUEST


async def test_where_nobody_is_named_nobody_is_a_guest(house: House, provider: Provider, guest: str) -> None:
    app = await guests_app(house)
    await let_in(house, provider, app)
    for sub in ("", "  "):
        status, answer = await exchange(house, app, outside_token(house, sub=sub))
        assert (status, answer) == (400, FAILED)
    assert set(await house.reasons()) == {"exchange.nobody_named"}
