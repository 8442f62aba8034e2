"""/setup/token-handlers: handlers are made, changed, enabled for apps and deleted in the console."""

import pytest

from grantway import settings as s
from grantway.domain.token_handler import TokenHandler
from grantway.manage.exchange import token_handlers
from grantway.settings import token_handlers as f
from tests.console.setup import ADMIN, Setup, field_of, sign_in
from tests.endpoints.house import House
from tests.endpoints.issuer import believing, exchanging_app, handler_for, open_provider, outside_token

PATH = "/setup/token-handlers"
FORM = {
    "label": "Harbour",
    "enabled": "true",
    "subject_token_types": ["jwt", "id_token"],
    "issuer": "https://id.harbour.example",
    "audiences": "https://a.example\r\nhttps://b.example",
    "jwks_url": "https://id.harbour.example/keys",
}


@pytest.fixture
async def handler(house: House) -> TokenHandler:
    """A handler that no app may use yet."""
    return await token_handlers.create(house.desk, house.org, "Harbour_IdP", {"introspection_secret": "hidden words"})


async def test_one_is_made_and_listed(house: House, setup: Setup) -> None:
    assert "None yet" in (await setup.open(PATH)).text
    page = await setup.follow(await setup.send(f"{PATH}/new", {"name": "Harbour_IdP", **FORM}))
    made = await token_handlers.find(house.desk, house.org, "Harbour_IdP")

    assert "Harbour_IdP is made. Enable it for an app." in page.text
    assert made[f.AUDIENCES] == ("https://a.example", "https://b.example")
    assert made[f.TOKEN_TYPES] == ("id_token", "jwt")
    assert "https://id.harbour.example" in (await setup.open(PATH)).text


async def test_a_form_with_a_mistake_comes_back_with_what_was_typed_but_the_secret(setup: Setup) -> None:
    wrong = {"jwks_url": "nowhere", "introspection_secret": "hidden words", "description": "Typed words"}
    page = await setup.send(f"{PATH}/new", {"name": "Harbour_IdP", **FORM, **wrong})

    assert page.status_code == 400
    assert 'href="#jwks_url"' in page.text
    assert 'aria-describedby="jwks_url-help jwks_url-err" aria-invalid="true"' in page.text
    assert 'value="Typed words"' in page.text
    assert "hidden words" not in page.text


async def test_one_is_changed_and_its_secret_stays_unseen(house: House, setup: Setup, handler: TokenHandler) -> None:
    page = await setup.open(f"{PATH}/{handler.id}")
    assert "It believes nothing yet" in page.text
    assert "hidden words" not in page.text
    form = {**FORM, "seen": field_of(page, "seen"), "introspection_secret": ""}
    page = await setup.follow(await setup.send(f"{PATH}/{handler.id}", form))
    changed = await token_handlers.find(house.desk, house.org, "Harbour_IdP")

    assert "Saved: Harbour_IdP" in page.text
    assert "It believes nothing yet" not in page.text
    assert changed.box(f.INTROSPECTION_SECRET)
    stale = await setup.send(f"{PATH}/{handler.id}", form)
    assert stale.status_code == 409
    assert "was changed by somebody else" in stale.text


async def test_apps_are_enabled_and_removed(house: House, setup: Setup, handler: TokenHandler) -> None:
    app = await house.app({s.LABEL: "Tide Tables"})
    form = {"app": app.id, "run_as": "ada@harbour.example", "is_default": "true"}
    page = await setup.follow(await setup.send(f"{PATH}/{handler.id}/enable", form))
    (enabled,) = await token_handlers.enabled_apps(house.desk, house.org, handler)

    assert "ada@harbour.example" in page.text
    assert (enabled.app_id, enabled.is_default) == (app.id, True)
    wrong = await setup.send(f"{PATH}/{handler.id}/enable", {**form, "run_as": "nobody"})
    assert wrong.status_code == 400
    assert 'href="#run_as"' in wrong.text
    await setup.follow(await setup.send(f"{PATH}/{handler.id}/disable", {"app": app.id}))
    assert await token_handlers.enabled_apps(house.desk, house.org, handler) == ()


async def test_one_is_deleted_after_it_was_said_what_ends(house: House, setup: Setup, handler: TokenHandler) -> None:
    asked = await setup.open(f"{PATH}/{handler.id}/delete")
    page = await setup.follow(await setup.send(f"{PATH}/{handler.id}/delete", {}))

    assert "No app uses it" in asked.text
    assert "Harbour_IdP is deleted" in page.text
    assert await token_handlers.all_of(house.desk, house.org) == ()


async def test_a_token_is_tried_and_stands_nowhere_afterwards(house: House, setup: Setup) -> None:
    async with open_provider(house) as provider:
        setup = await sign_in(house, ADMIN)  # at the server that may ask the provider
        app = await exchanging_app(house)
        await handler_for(house, app, believing(provider))
        handler = await token_handlers.find(house.desk, house.org, "Harbour_IdP")
        path = f"{PATH}/{handler.id}/try"
        assert f'href="{path}"' in (await setup.open(f"{PATH}/{handler.id}")).text
        asked = await setup.open(path)
        token = outside_token(house)
        page = await setup.send(path, {"app": app.id, "token_type": "jwt", "token": token})
        late = outside_token(house, exp=1)
        refused = await setup.send(path, {"app": app.id, "token_type": "jwt", "token": late})

    assert "Nothing is issued" in asked.text
    assert "It would be exchanged" in page.text
    assert "ada@harbour.example" in page.text
    assert refused.status_code == 200
    assert "It would be refused" in refused.text
    assert "exchange.ended" in refused.text
    assert "Not reached: " in refused.text
    for sent, shown in ((token, page), (late, refused)):
        assert not any(part in shown.text for part in sent.split("."))
    wrong = await setup.send(path, {"app": app.id, "token_type": "jwt", "token": ""})
    assert wrong.status_code == 400
    assert 'href="#token"' in wrong.text
    assert 'aria-describedby="token-help token-err"' in wrong.text
