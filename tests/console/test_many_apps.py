"""Ten thousand apps are no burden to App Manager, on either engine: a page asks as much as a page of a few."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.app import App
from grantway.domain.permissions import ALL
from grantway.manage.server import orgs
from grantway.store.postgres_connection import HeldConnection
from grantway.store.statement import Statement
from tests.console.setup import ADMIN, Setup, add_user, sign_in
from tests.console.test_app_manager import names_on
from tests.endpoints.house import House, open_house

of_postgres = pytest.mark.parametrize("engine", [pytest.param("postgres", marks=pytest.mark.postgres)])
MANY = 10_000
_APP = (*App.__struct_fields__, "metadata")
_OTHERWISE = {
    "id": "'0H4' || CAST(100000000000000 + n.i AS TEXT)",
    "name": "'App_' || substr(CAST(100000 + n.i AS TEXT), 2)",
    "consumer_key": "'key.' || CAST(100000 + n.i AS TEXT)",
    "settings": "REPLACE(settings, 'Sample', 'App ' || substr(CAST(100000 + n.i AS TEXT), 2))",
}
_POLICY = ("org_id", "settings", "run_as", "version", "is_blocked", "not_before", "installed_at")
# With what every app of the house has: a policy, and a use by nobody in particular.
_ADD = (
    f"INSERT INTO app ({', '.join(_APP)}) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
    f" WHERE i < LAST) SELECT {', '.join(_OTHERWISE.get(name, name) for name in _APP)} FROM app, n",
    f"INSERT INTO app_policy (app_id, {', '.join(_POLICY)}) SELECT a.id, {', '.join('p.' + name for name in _POLICY)}"
    " FROM app_policy p, app a WHERE a.name LIKE 'App!_0%' ESCAPE '!' AND a.consumer_key LIKE 'key.%'",
    "INSERT INTO app_use (app_id, org_id, user_id, first_at, last_at, uses)"
    " SELECT id, org_id, '', 1, 1 + version, 1 FROM app WHERE consumer_key LIKE 'key.%'",
)


@pytest.fixture
def number() -> int:
    """How many apps there are."""
    return MANY


@pytest.fixture
async def house(tmp_path: Path, url: str, number: int) -> AsyncIterator[House]:
    """A server on each engine, which nobody has told how large its tables are by now."""
    async with open_house(tmp_path, url) as opened:
        await orgs.change(opened.desk, opened.org, {"allow_connected_app_creation": "true"})
        await opened.app({s.LABEL: "Sample"})
        async with opened.db.transaction() as transaction:
            if opened.db.name == "postgres":  # its triggers run for each row
                await transaction.run(Statement("SET LOCAL session_replication_role = replica"))
            for text in _ADD:
                await transaction.run(Statement(text.replace("LAST", str(number - 2))))
        await add_user(opened, ADMIN, *ALL)
        yield opened


@pytest.fixture
async def setup(house: House) -> Setup:
    """The console, signed in to by a user with every permission."""
    return await sign_in(house, ADMIN)


async def test_ten_thousand_apps_are_paged_through_quickly(setup: Setup) -> None:
    seen: list[str] = []
    times: list[float] = []
    text = ""
    for page in (1, 2, 200, 400):
        began = time.perf_counter()
        text = (await setup.open(f"/setup/apps?page={page}")).text
        times.append(time.perf_counter() - began)
        seen += names_on(text)
    searched = await setup.open("/setup/apps?q=app+09998")
    beyond = await setup.open("/setup/apps?flow=web_server&page=401")

    assert "of 10,000" in text
    assert len(set(seen)) == 100
    assert seen[:2] == ["App_00000", "App_00001"]
    assert seen[50] == "App_04975"
    assert seen[-1] != seen[0]
    assert names_on(searched.text) == ["App_09998"]
    assert names_on(beyond.text) == []
    # The bound is generous, for machines that do much else; a page takes about 30 ms.
    assert min(times) < 0.5


@of_postgres
async def test_a_plan_that_is_kept_stays_good_as_tables_grow(setup: Setup) -> None:
    """After five times PostgreSQL decides how it always does it; what it knows of the tables' sizes may be old."""
    for query in ("sort=name", "sort=used"):
        text, times = "", []
        for _ in range(7):
            began = time.perf_counter()
            text = (await setup.open(f"/setup/apps?{query}")).text
            times.append(time.perf_counter() - began)
        assert "1 to 25 of 10,000" in text
        assert times[-1] < 1, query


@of_postgres
@pytest.mark.parametrize("number", [40])
async def test_a_page_of_many_asks_no_more_often_than_one_of_few(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("row", "rows", "run_together"):
        monkeypatch.setattr(HeldConnection, name, _noted(getattr(HeldConnection, name), asked))

    few = names_on((await setup.open("/setup/apps?q=app+0000")).text)
    asked_for_few = len(asked)
    many = names_on((await setup.open("/setup/apps?q=app")).text)

    assert (len(few), len(many)) == (10, 25)
    assert len(asked) == 2 * asked_for_few
    assert asked_for_few < 25


def _noted(ask: Callable[..., Awaitable[Any]], asked: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noting(self: HeldConnection, statement: Statement, values: Any) -> Any:
        asked.append(statement.postgres)
        return await ask(self, statement, values)

    return noting
