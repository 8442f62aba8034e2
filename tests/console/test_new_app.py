"""A new app of either kind: who gets the form, and what those are told whose org lets nobody make one."""

import html
import json

import pytest

from grantway.domain.app import AppKind
from grantway.manage.connected_apps import apps
from grantway.manage.server import orgs
from tests.adminapi.client import program_of
from tests.console.app_forms import form_of, post
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House

NEW = "/setup/apps/new"
KIM = "kim@harbour.example"
KEEPER = ("CustomizeApplication", "ManageRemoteAccess")
DEVELOPER = ("CustomizeApplication", "ExternalClientAppDeveloper")
SWITCH = "grantway org set allow_connected_app_creation=true --org"


async def kim(house: House, *permissions: str) -> Setup:
    """Sign in as a user with exactly these permissions."""
    await add_user(house, KIM, *permissions)
    return await sign_in(house, KIM)


async def close(house: House) -> None:
    """Take the creation of connected apps back, as a new org has it."""
    await orgs.change(house.desk, house.org, {"allow_connected_app_creation": "false"})


@pytest.mark.requirement("S37")
async def test_a_developer_of_external_client_apps_gets_their_form_and_makes_one(house: House) -> None:
    setup = await kim(house, *DEVELOPER)

    manager = await setup.open("/setup/apps")
    page = await setup.open(NEW)
    fields = form_of(page, "/new") | {"label": ["Outer"], "contact_email": ["it@harbour.example"]}
    done = await setup.follow(await post(setup, NEW, fields))

    assert "New External Client App</a>" in manager.text
    assert "New Connected App" not in manager.text
    assert "<h1>New External Client App</h1>" in page.text
    assert "may not change the policies of external client apps" in page.text
    assert "Outer was made" in done.text
    assert (await apps.find(house.desk, house.org, "Outer")).kind is AppKind.EXTERNAL_CLIENT_APP
    assert "may not read and change connected apps" in (await setup.open(f"{NEW}?kind=connected_app", 403)).text


@pytest.mark.requirement("S37")
@pytest.mark.parametrize(
    ("permissions", "kind"),
    [(KEEPER, "external_client_app"), (DEVELOPER, "connected_app"), (("CustomizeApplication",), "connected_app")],
    ids=["keeper", "developer", "neither"],
)
async def test_a_form_that_says_another_kind_makes_no_app(
    house: House, permissions: tuple[str, ...], kind: str
) -> None:
    setup = await kim(house, *permissions)
    fields: dict[str, object] = {"kind": kind, "label": "Smuggled", "contact_email": "it@harbour.example"}
    fields |= {"shown": ["label", "contact_email"]}

    reply = await setup.send(NEW, fields)

    assert reply.status_code == 403
    assert "is missing" in reply.text
    assert await apps.all_apps(house.desk, house.org) == ()


async def test_an_administrator_is_offered_both_kinds(house: House, setup: Setup) -> None:
    manager = await setup.open("/setup/apps")

    for kind, words in ((AppKind.CONNECTED_APP, "Connected App"), (AppKind.EXTERNAL_CLIENT_APP, "External Client App")):
        assert f'href="/setup/apps/new?kind={kind.value}">New {words}</a>' in manager.text
        assert f"<h1>New {words}</h1>" in (await setup.open(f"{NEW}?kind={kind.value}")).text


async def test_who_may_only_read_is_offered_no_form(house: House) -> None:
    setup = await kim(house, "CustomizeApplication", "ExternalClientAppViewer")

    assert NEW not in (await setup.open("/setup/apps")).text
    await setup.open(NEW, 403)


async def test_where_creation_is_restricted_the_page_says_why_what_instead_and_who_lifts_it(
    house: House, setup: Setup
) -> None:
    await close(house)

    manager = await setup.open("/setup/apps")
    page = html.unescape((await setup.open(NEW)).text)

    assert "Connected apps cannot be created in Harbour." in manager.text
    assert f'href="{NEW}">Why, what to do instead, and who lifts it' in manager.text
    assert "kind=connected_app" not in manager.text
    assert "is switched off here, as it is in every new org as of Spring '26." in page
    assert 'href="/setup/org#setting-allow_connected_app_creation">Allow creation of connected apps</a>' in page
    assert f'href="{NEW}?kind=external_client_app">New External Client App</a>' in page
    assert f"<code>{SWITCH} Harbour</code>" in page
    assert "<form method=" not in page.partition("<main")[2]


async def test_the_form_that_is_offered_instead_makes_the_app(house: House, setup: Setup) -> None:
    await close(house)
    page = await setup.open(f"{NEW}?kind=external_client_app")
    fields = form_of(page, "/new") | {"label": ["Outer"], "contact_email": ["it@harbour.example"]}

    assert "Outer was made" in (await setup.follow(await post(setup, NEW, fields))).text


async def test_who_may_make_no_external_client_app_either_is_told_what_that_takes(house: House) -> None:
    await close(house)
    setup = await kim(house, *KEEPER)

    page = (await setup.open(NEW)).text

    assert f"{NEW}?kind=external_client_app" not in page
    assert "may not read and change external client apps" in page
    assert SWITCH in page


async def test_nothing_typed_is_lost_when_creation_is_restricted_meanwhile(house: House, setup: Setup) -> None:
    fields = form_of(await setup.open(NEW), "/new") | {"label": ["Typed"], "contact_email": ["it@harbour.example"]}
    await close(house)

    reply = await post(setup, NEW, fields)

    assert reply.status_code == 403
    assert "create an external client app instead" in reply.text.lower()
    assert form_of(reply, "/new")["label"] == ["Typed"]
    assert await apps.all_apps(house.desk, house.org) == ()


async def test_an_edition_without_apps_of_its_own_says_which_have_them_and_that_apps_can_be_installed(
    house: House, setup: Setup
) -> None:
    await orgs.change(house.desk, house.org, {"edition": "Contact Manager"})

    for path in (NEW, f"{NEW}?kind=external_client_app"):
        page = html.unescape((await setup.open(path)).text)
        assert "Contact Manager Edition does not have this, Group, Essentials" in page
        assert "grantway app install KEY --org Harbour" in page
        assert "grantway org set edition=Developer --org Harbour" in page
        assert "Allow creation of connected apps" not in page.partition("<main")[2]


async def test_the_api_says_it_in_the_same_words(house: House) -> None:
    await close(house)
    program = await program_of(house, KIM, "ApiEnabled", *KEEPER)
    setup = await sign_in(house, KIM)
    body = {"name": "New", "settings": {"contact_email": "it@harbour.example"}}

    problem = (await program.ask("POST", "/apps", body, status=403)).json()
    page = html.unescape((await setup.open(NEW)).text)

    for words in (problem["detail"].partition(": ")[2].partition(". ")[0], SWITCH, "Create an external client app"):
        assert words[1:] in page, words
    assert problem["detail"].endswith(f"{SWITCH} Harbour")
    assert "Harbour" in json.dumps(problem)
