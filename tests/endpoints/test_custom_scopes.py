"""Custom scopes: an app may ask for those assigned to it; they reach the token and open nothing here."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from grantway import settings as s
from grantway.endpoints.server import Server
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_scopes
from grantway.store.custom_claims import PublicScopes
from grantway.store.statement import Statement
from tests.endpoints.browsing import Browser
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import both_doors

READ, WRITE = "shipments_read", "shipments_write"
BOTH = {s.CUSTOM_SCOPES: (READ, WRITE)}


@pytest.fixture
async def scopes(house: House) -> None:
    """Two custom scopes of the house, one of them public."""
    for name, description, public in ((READ, "See your shipments", True), (WRITE, "Change your shipments", False)):
        asked = custom_scopes.NewScope(name=name, description=description, is_public=public)
        await custom_scopes.create(house.desk, house.org, asked)


def error_of(reply: Reply) -> str:
    """Return the error that is told, at the callback or at once; empty when the request goes on."""
    location = dict(reply.headers).get(b"location", b"").decode()
    told = urlsplit(location).query if location else reply.body.decode()
    return parse_qs(told).get("error", [""])[0]


@pytest.mark.enforces("custom_scopes")
@pytest.mark.usefixtures("scopes")
@both_doors
async def test_only_what_is_assigned_may_be_asked_for(house: House, door: str) -> None:
    app = await house.app({s.CUSTOM_SCOPES: (READ,)})
    pkce = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}

    for scope, error in ((f"api {READ}", ""), (WRITE, "invalid_scope"), ("shipments_sink", "invalid_scope")):
        assert error_of(await house.authorize(app, door=door, scope=scope, **pkce)) == error


@pytest.mark.usefixtures("scopes")
async def test_full_holds_no_custom_scope(house: House) -> None:
    app = await house.app({s.SCOPES: ("full",)})

    assert error_of(await house.authorize(app, scope=f"full {READ}")) == "invalid_scope"


@pytest.mark.usefixtures("scopes")
async def test_the_consent_page_shows_the_description(house: House, browser: Browser) -> None:
    app = await house.app(BOTH)

    text = (await browser.to_consent(app, scope=f"api {READ}")).text

    assert "See your shipments" in text
    assert "Change your shipments" not in text


@pytest.mark.usefixtures("scopes")
async def test_whoever_asks_for_nothing_in_particular_asks_for_all_of_the_apps_scopes(
    house: House, browser: Browser
) -> None:
    answer = await browser.approve(await house.app(BOTH | {s.SCOPES: ("api",)}))

    rows = await house.db.all(Statement("SELECT scopes FROM authorization_code"))

    assert answer["code"]
    assert rows[0][0] == f"api {READ} {WRITE}"


async def scope_of(house: House, app: TestApp, token: str, web: httpx.AsyncClient) -> str:
    """Ask the introspection endpoint."""
    form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    return str((await web.post(f"{SALESFORCE}/introspect", data=form)).json()["scope"])


@pytest.mark.usefixtures("scopes")
async def test_the_token_bears_it_through_refreshes_and_introspection(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app(BOTH)
    held = f"api refresh_token {READ} {WRITE}"
    first = await house.sign_in(app, scopes=held)
    _, second = await house.refresh(app, first["refresh_token"])

    assert first["scope"] == second["scope"] == held
    assert await scope_of(house, app, second["access_token"], web) == held


@pytest.mark.usefixtures("scopes")
async def test_a_refresh_at_the_standards_door_narrows_to_it_and_never_widens(house: House) -> None:
    app = await house.app(BOTH)
    line = await house.sign_in(app, door=STANDARDS, scopes=f"api refresh_token {READ}")

    _, narrowed = await house.refresh(app, line["refresh_token"], door=STANDARDS, scope=READ)
    status, refused = await house.refresh(app, line["refresh_token"], door=STANDARDS, scope=WRITE)

    assert narrowed["scope"] == READ
    assert (status, refused["error"]) == (400, "invalid_scope")


@pytest.mark.usefixtures("scopes")
async def test_client_credentials_bear_the_apps_custom_scopes(house: House) -> None:
    values: dict[s.AnySetting, Any] = {s.CLIENT_CREDENTIALS: True, s.SCOPES: ("api",), s.CUSTOM_SCOPES: (READ,)}
    app = await house.app(values, run_as="ada@harbour.example")
    form = {"grant_type": "client_credentials", "client_id": app.consumer_key, "client_secret": app.consumer_secret}

    assert (await house.token(form))[1]["scope"] == f"api {READ}"
    assert (await house.token(form | {"scope": READ}, door=STANDARDS))[1]["scope"] == READ


@pytest.mark.usefixtures("scopes")
async def test_it_opens_nothing_here(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app(BOTH)
    answer = await house.sign_in(app, scopes=f"{READ} {WRITE}")
    headers = {"authorization": f"Bearer {answer['access_token']}"}

    for path in (f"{SALESFORCE}/userinfo", answer["id"]):
        assert (await web.get(path, headers=headers)).status_code == 403


@pytest.mark.usefixtures("scopes")
async def test_a_scope_that_is_deleted_can_no_longer_be_asked_for(house: House) -> None:
    app = await house.app(BOTH)
    await custom_scopes.delete(house.desk, house.org, READ)

    assert error_of(await house.authorize(app, scope=READ)) == "invalid_scope"
    assert error_of(await house.authorize(app, scope=WRITE)) == ""
    assert (await apps.find(house.desk, house.org, app.id))[s.CUSTOM_SCOPES] == (WRITE,)


@pytest.mark.usefixtures("scopes")
async def test_a_yes_to_one_custom_scope_is_no_yes_to_another(house: House, browser: Browser) -> None:
    app = await house.app(BOTH)
    await browser.approve(app, scope=READ)

    again = await browser.ask(app, scope=READ)
    more = await browser.ask(app, scope=WRITE)

    assert again.headers["location"].startswith(CALLBACK)
    assert not more.headers["location"].startswith(CALLBACK)


@pytest.mark.usefixtures("scopes")
@pytest.mark.parametrize("path", ["/.well-known", f"{STANDARDS}/.well-known"], ids=["salesforce", "standards"])
async def test_discovery_lists_public_scopes_and_no_others(house: House, web: httpx.AsyncClient, path: str) -> None:
    async def listed(server: Server) -> list[str]:
        server.public_scopes.__dict__.update(PublicScopes().__dict__)  # a second has passed
        found: list[str] = (await web.get(f"{path}/openid-configuration")).json()["scopes_supported"]
        return found

    before = await listed(house.server)
    await custom_scopes.change(house.desk, house.org, READ, {"is_public": False})

    assert READ in before
    assert WRITE not in before
    assert READ not in await listed(house.server)
