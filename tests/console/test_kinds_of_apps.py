"""Who may read one kind of app sees that kind on every page, and nothing of the other."""

import re

import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House

CONNECTED, EXTERNAL = AppKind.CONNECTED_APP, AppKind.EXTERNAL_CLIENT_APP
READERS = {
    "viewer": (EXTERNAL, ("CustomizeApplication", "ExternalClientAppViewer")),
    "admin": (EXTERNAL, ("CustomizeApplication", "ExternalClientAppAdmin")),
    "developer": (EXTERNAL, ("CustomizeApplication", "ExternalClientAppDeveloper")),
    "connected": (CONNECTED, ("CustomizeApplication", "ManageRemoteAccess")),
}
LABELS = {CONNECTED: "Inner Robot", EXTERNAL: "Outer Robot"}
READER = "reader@harbour.example"
each_reader = pytest.mark.parametrize(("sees", "permissions"), READERS.values(), ids=READERS)
one_of_each = pytest.mark.parametrize(
    ("sees", "permissions"), [READERS["viewer"], READERS["connected"]], ids=["viewer", "connected"]
)


async def open_as(house: House, permissions: tuple[str, ...]) -> Setup:
    """Sign in as a user with these permissions, in an org with an app of each kind that was used and refused."""
    for kind, label in LABELS.items():
        app = await house.app({s.LABEL: label}, kind=kind)
        for _ in range(1 if kind is CONNECTED else 2):
            await house.sign_in(app)
            await house.refresh(app, "wrong")
    await house.server.refusals.flush()
    await add_user(house, READER, *permissions)
    return await sign_in(house, READER)


def other(kind: AppKind) -> AppKind:
    return CONNECTED if kind is EXTERNAL else EXTERNAL


@pytest.mark.requirement("S37")
@each_reader
async def test_lists_and_search_show_the_kind_that_may_be_read(
    house: House, sees: AppKind, permissions: tuple[str, ...]
) -> None:
    setup = await open_as(house, permissions)

    for path in ("/setup/apps", "/setup/apps?state=attention", "/setup/apps?sort=used", "/setup/traces"):
        page = await setup.open(path)
        assert LABELS[other(sees)] not in page.text, path
        assert path == "/setup/traces" or LABELS[sees] in page.text, path
    assert "of 1<" in (await setup.open("/setup/apps")).text
    found = await setup.open("/setup/search?q=robot")
    assert LABELS[sees] in found.text
    assert LABELS[other(sees)] not in found.text


@pytest.mark.requirement("S37")
@one_of_each
async def test_the_first_page_counts_the_kind_that_may_be_read(
    house: House, sees: AppKind, permissions: tuple[str, ...]
) -> None:
    setup = await open_as(house, permissions)
    number = 1 if sees is CONNECTED else 2

    page = (await setup.open("/setup/")).text

    for label in ("Tokens issued, 24 hours", "Refused, 24 hours", "Live grants"):
        assert f"<span>{label}</span><b>{number}</b>" in page, label
    assert "<span>Apps</span><b>1</b>" in page
    assert LABELS[other(sees)] not in page


@pytest.mark.requirement("S37")
@one_of_each
async def test_refusals_are_shown_and_explained_of_the_kind_that_may_be_read(
    house: House, setup: Setup, sees: AppKind, permissions: tuple[str, ...]
) -> None:
    reader = await open_as(house, permissions)
    every = {
        kind: set(re.findall(r'href="/setup/traces/([-\w]+)"', (await setup.open(f"/setup/traces?app={name}")).text))
        for kind, name in [(kind, await _name(setup, label)) for kind, label in LABELS.items()]
    }

    shown = set(re.findall(r'href="/setup/traces/([-\w]+)"', (await reader.open("/setup/traces")).text))

    assert shown == every[sees]
    assert len(every[other(sees)]) == 1 + (sees is CONNECTED)
    for request_id in every[other(sees)]:
        page = await reader.open(f"/setup/traces/{request_id}", 400)
        assert f"no refused request {request_id} is known" in page.text
        assert "Nothing found" in (await reader.open(f"/setup/search?q={request_id}")).text


@pytest.mark.requirement("S37")
@each_reader
async def test_the_page_of_an_app_opens_by_its_kind(
    house: House, setup: Setup, sees: AppKind, permissions: tuple[str, ...]
) -> None:
    reader = await open_as(house, permissions)

    page = await reader.open(f"/setup/apps/{await _name(setup, LABELS[sees])}")
    refused = await reader.open(f"/setup/apps/{await _name(setup, LABELS[other(sees)])}", 403)

    assert LABELS[sees] in page.text
    assert "refresh.unknown" in page.text or "refresh token" in page.text.lower()
    assert LABELS[other(sees)] not in refused.text


async def test_who_reads_both_kinds_sees_the_sum(house: House, setup: Setup) -> None:
    await open_as(house, ())

    page = (await setup.open("/setup/")).text

    assert "<span>Tokens issued, 24 hours</span><b>3</b>" in page
    assert "<span>Live grants</span><b>3</b>" in page
    assert "<span>Apps</span><b>2</b>" in page


async def _name(setup: Setup, label: str) -> str:
    """Return the API name of an app, as its administrator finds it."""
    found = await setup.open(f"/setup/search?q={label.replace(' ', '+')}", 303)
    return str(found.headers["location"]).rpartition("/")[2]
