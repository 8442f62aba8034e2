"""Several orgs on one host: nothing of one means anything in another (S57, S18)."""

import httpx
import pytest

from grantway import settings as s
from grantway.store.statement import Statement
from tests.endpoints.house import SALESFORCE, House, TestApp
from tests.endpoints.wire import DOOR_NAME, MACHINE, bearer, both_doors, in_body, machine


async def install(house: House, app: TestApp, settings: str = "{}") -> None:
    """Install an app of another org here."""
    await house.change(
        "INSERT INTO app_policy (org_id, app_id, settings, run_as, version, is_blocked, not_before, installed_at)"
        f" VALUES ('{house.org_id}', '{app.id}', '{settings}', '', 1, 0, 0, 0)"
    )


@both_doors
@pytest.mark.requirement("S57")
async def test_an_app_of_another_org_is_met_through_this_orgs_policy_for_it(house: House, door: str) -> None:
    """Not installed here: no token. Installed: this org's policy has the say, not its home org's."""
    elsewhere = await house.elsewhere()
    app = await elsewhere.app({s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED})

    first, second = [await house.code(app, door=DOOR_NAME[door]) for _ in range(2)]

    status, refused = await house.redeem(app, first, door=door)
    await install(house, app)

    assert (status, await house.reasons()) == (400, ["app.not_installed"])
    assert refused["error"] == ("invalid_client" if door == SALESFORCE else "unauthorized_client")
    assert (await house.redeem(app, second, door=door))[0] == 200


@pytest.mark.requirement("S57")
async def test_the_run_as_user_is_one_of_the_apps_own_org(house: House) -> None:
    """No user of another org is acted as, whatever the policy names."""
    elsewhere = await house.elsewhere()
    app = await elsewhere.app({s.CLIENT_CREDENTIALS: True})
    await house.change(f"UPDATE app_policy SET run_as = 'ada@harbour.example' WHERE app_id = '{app.id}'")

    refused = await house.token({**MACHINE, **in_body(app)})

    assert refused == (400, {"error": "invalid_grant", "error_description": "no client credentials user enabled"})


@pytest.mark.requirement("S57")
async def test_a_token_is_found_by_its_row_and_must_name_the_rows_org(house: House, web: httpx.AsyncClient) -> None:
    """Decision 20: neither another org in the text nor another org in the row will do, the app being known in both."""
    elsewhere = await house.elsewhere()
    app = await house.app()
    await install(elsewhere, app)
    answer = await house.sign_in(app)
    moved = elsewhere.org_id[:15] + answer["access_token"][15:]
    path = f"{SALESFORCE}/userinfo"

    assert (await web.get(path, headers=bearer({"access_token": moved}))).status_code == 403
    await house.change(f"UPDATE access_token SET org_id = '{elsewhere.org_id}'")
    assert (await web.get(path, headers=bearer(answer))).status_code == 403


@pytest.mark.requirement("S57")
async def test_another_orgs_identity_url_is_wrong_org_whether_it_is_there_or_not(
    house: House, web: httpx.AsyncClient
) -> None:
    elsewhere = await house.elsewhere()
    answer = await house.sign_in(await house.app())

    for org_id in (elsewhere.org_id, "00D000000000001EAA"):
        refused = await web.get(f"/id/{org_id}/{house.user_ids['ada']}", headers=bearer(answer))
        assert (refused.status_code, refused.text) == (403, "Wrong_Org")


@both_doors
@pytest.mark.requirement("S18")
async def test_a_machines_token_names_the_user_it_acts_as_beside_the_client(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await machine(house)
    answer = (await web.post(f"{door}/token", data={**MACHINE, **in_body(app)})).json()
    said = (await web.post(f"{door}/introspect", data={**in_body(app), "token": answer["access_token"]})).json()

    assert said["username"] == "ada@harbour.example"
    assert said["sub"].endswith(house.user_ids["ada"])
    assert said["client_id"] == app.consumer_key


@both_doors
@pytest.mark.requirement("S18")
@pytest.mark.parametrize("name", ["id", "name", "username", "user id"])
async def test_a_client_is_known_by_its_consumer_key_alone(
    house: House, web: httpx.AsyncClient, door: str, name: str
) -> None:
    """No fallback from one identifier to another."""
    app = await machine(house)
    client_id = {
        "id": app.id,
        "name": str((await house.db.all(Statement("SELECT name FROM app")))[0][0]),
        "username": "ada@harbour.example",
        "user id": house.user_ids["ada"],
    }[name]
    refused = await web.post(
        f"{door}/token", data={**MACHINE, "client_id": client_id, "client_secret": app.consumer_secret}
    )

    assert refused.json()["error"] == ("invalid_client_id" if door == SALESFORCE else "invalid_client")
