"""Trying a token at a handler: what is said is what an app would meet, and nothing comes of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from grantway import settings as s
from grantway.endpoints.audiences import salesforce_audiences
from grantway.manage.exchange import token_handlers
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.trials import A_MINUTE, Trial, try_token
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, House, TestApp
from tests.endpoints.issuer import Provider, believing, exchanging_app, handler_for, open_provider, outside_token
from tests.endpoints.test_guests import GUEST, guests_app, let_in
from tests.endpoints.test_token_exchange import creating, exchange

ADA = "ada@harbour.example"


@pytest.fixture
async def provider(house: House) -> AsyncIterator[Provider]:
    """Another identity provider, which the house's server may ask."""
    async with open_provider(house) as opened:
        yield opened


async def tried(house: House, app: TestApp, token: str, kind: str = "jwt") -> Trial:
    """Try a token as the console does."""
    names = salesforce_audiences(house.server.urls, BASE)
    handlers = house.server.token_handlers
    return await try_token(house.desk, house.org, "Harbour_IdP", app.id, token, kind, handlers=handlers, names=names)


async def counts(house: House) -> dict[str, Any]:
    """Count what an exchange writes, and the users."""
    tables = ("access_token", "token_family", "refresh_token", "person", "refusal")
    return {one: (await house.db.all(Statement(f"SELECT COUNT(*) FROM {one}")))[0][0] for one in tables}


@pytest.mark.parametrize(
    ("values", "fields", "claims", "kind"),
    [
        ({}, {}, {}, "jwt"),
        ({}, {}, {}, "id_token"),
        ({}, {}, {}, "saml2"),
        ({}, {"enabled": False}, {}, "jwt"),
        ({}, {"issuer": ""}, {}, "jwt"),
        ({}, {}, {"iss": "https://other.example"}, "jwt"),
        ({}, {}, {"exp": 1}, "jwt"),
        ({}, {}, {"number": 1}, "jwt"),
        ({}, {}, {"sub": None}, "jwt"),
        ({}, {}, {"sub": "nobody@harbour.example"}, "jwt"),
        ({s.TOKEN_EXCHANGE: False}, {}, {}, "jwt"),
        ({s.TOKEN_EXCHANGE_ALLOWED: False}, {}, {}, "jwt"),
        ({s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE}, {}, {}, "jwt"),
        ({s.PROFILES: ()}, {}, {}, "jwt"),
        ({s.OAUTH_ENABLED: False}, {}, {}, "jwt"),
    ],
)
async def test_what_a_trial_says_is_what_an_app_meets(
    house: House,
    provider: Provider,
    values: dict[s.AnySetting, Any],
    fields: dict[str, Any],
    claims: dict[str, Any],
    kind: str,
) -> None:
    app = await exchanging_app(house, values)
    await handler_for(house, app, believing(provider) | fields)
    token = outside_token(house, **claims)
    trial = await tried(house, app, token, kind)
    status, answer = await exchange(house, app, token, kind=kind)

    assert [trial.reason] * (not trial.would_work) == await house.reasons()
    assert trial.would_work == (status == 200)
    if trial.would_work:
        assert (trial.user, " ".join(trial.scopes)) == (ADA, answer["scope"])
        assert trial.has_refresh_token == ("refresh_token" in answer)
        assert {"Signature", "Issuer", "Audience", "Time"} <= {one.check for one in trial.findings}
    else:
        assert trial.told is not None
        assert (trial.told.error, trial.told.says) == (answer["error"], answer["error_description"])
        assert trial.findings[-1].refusal is not None
        assert all(one.refusal is None for one in trial.findings[:-1])
        assert "?" not in trial.means


async def test_nothing_comes_of_a_trial_but_the_audit_that_there_was_one(house: House, provider: Provider) -> None:
    app = await creating(house, provider)
    token = outside_token(house, sub="new@harbour.example", email="new@harbour.example")
    before = await counts(house)
    trial = await tried(house, app, token)

    assert (trial.would_work, trial.is_new, trial.user) == (True, True, "new@harbour.example")
    assert trial.profile == "Standard"
    assert await counts(house) == before
    rows = await house.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.handler.try'"))
    assert len(rows) == 1
    assert token not in str(rows)
    with pytest.raises(ManageProblem):
        await users.find(house.desk, house.org, "new@harbour.example")


async def test_a_user_who_could_not_be_made_is_not_said_to_be(house: House, provider: Provider) -> None:
    app = await creating(house, provider)
    trial = await tried(house, app, outside_token(house, sub="no address", email="new@harbour.example"))

    assert (trial.reason, trial.user) == ("exchange.not_created", "")


@pytest.mark.parametrize(
    ("token", "kind", "says"),
    [("", "jwt", "token: "), ("x", "cookie", "token_type: "), ("x" * 40_001, "jwt", "at most 40,000")],
)
async def test_what_cannot_be_tried_is_told_without_asking_anybody(
    house: House, provider: Provider, token: str, kind: str, says: str
) -> None:
    app = await exchanging_app(house)
    await handler_for(house, app, believing(provider))

    with pytest.raises(ManageProblem, match=says):
        await tried(house, app, token, kind)
    assert provider.asked == []


async def test_no_more_tokens_are_tried_than_so_many_a_minute(house: House) -> None:
    app = await exchanging_app(house)
    await token_handlers.create(house.desk, house.org, "Harbour_IdP", {})
    for _ in range(A_MINUTE):
        assert (await tried(house, app, "x")).reason == "exchange.handler_not_for_app"

    with pytest.raises(ManageProblem, match="wait a little"):
        await tried(house, app, "x")
    house.clock.advance(minutes=1, ms=1)
    assert not (await tried(house, app, "x")).would_work


async def test_a_guest_is_said_to_be_one(house: House, provider: Provider) -> None:
    asked = users.NewUser(username=GUEST, email="shop@harbour.example", profile="Standard", guest=True)
    await users.create(house.desk, house.org, asked)
    app = await guests_app(house)
    await let_in(house, provider, app)
    trial = await tried(house, app, outside_token(house, sub="somebody@elsewhere.example"))

    assert trial.would_work
    assert (trial.user, bool(trial.visitor), trial.has_refresh_token) == (GUEST, True, False)
