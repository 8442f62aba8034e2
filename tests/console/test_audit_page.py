"""The Setup Audit Trail as a page and as a file for spreadsheets."""

import csv
import io

import pytest

from grantway.console.audit import neutral
from grantway.manage.connected_apps import apps
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.endpoints.house import House


async def make_app(house: House, label: str) -> None:
    """Make an app as the operator, and change it once."""
    await apps.create(house.desk, house.org, apps.NewApp(name=label, values={"contact_email": "a@b.example"}))


async def test_the_trail_says_who_did_what_the_newest_first(house: House, setup: Setup) -> None:
    await make_app(house, "Shipment Sync")
    house.clock.advance(ms=1)
    await make_app(house, "Rate Desk")

    page = await setup.open("/setup/audit")

    assert "operator" in page.text
    assert page.text.index("Rate_Desk") < page.text.index("Shipment_Sync")


@pytest.mark.parametrize(
    ("query", "found"), [("text=rate", True), ("who=nobody@x.example", False), ("since=2099-01-01", False)]
)
async def test_the_trail_is_narrowed(house: House, setup: Setup, query: str, found: bool) -> None:
    await make_app(house, "Rate Desk")

    assert ("Rate_Desk" in (await setup.open(f"/setup/audit?{query}")).text) is found


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-13-01", "app=Nowhere", "before=forged", "since=1000-01-01"]
)
async def test_what_cannot_be_looked_for_is_said_with_what_was_typed(setup: Setup, query: str) -> None:
    page = await setup.open(f"/setup/audit?{query}", 400)

    assert 'role="alert"' in page.text


@pytest.mark.requirement("S39")
async def test_no_cell_of_the_download_is_a_formula(house: House, setup: Setup) -> None:
    await make_app(house, "Rate Desk")
    await apps.change(house.desk, house.org, "Rate_Desk", {"label": "=HYPERLINK(1)"})

    reply = await setup.open("/setup/audit.csv")

    assert reply.headers["content-type"].startswith("text/csv")
    assert "attachment" in reply.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(reply.text)))
    assert rows[0][0] == "time"
    assert "'=HYPERLINK(1)" in [cell for row in rows for cell in row]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_cell_that_begins_like_a_formula_is_made_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert neutral("plain") == "plain"


async def test_reading_the_trail_takes_view_setup(house: House, setup: Setup) -> None:
    await add_user(house, "plain@harbour.example", "ApiEnabled", "CustomizeApplication")
    plain = await sign_in(house, "plain@harbour.example")
    await add_user(house, "auditor@harbour.example", "ViewSetup")
    auditor = await sign_in(house, "auditor@harbour.example")

    assert "View Setup and Configuration" in (await plain.open("/setup/audit", 403)).text
    assert ADMIN in (await auditor.open("/setup/audit?text=nora")).text
    assert ADMIN in (await setup.open("/setup/audit?text=nora")).text
