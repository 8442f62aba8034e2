"""Custom permissions: an app is told which of its org's own permissions the user holds (salesforce-oauth.md 1.6)."""

from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.domain.permissions import APPROVE_UNINSTALLED
from grantway.manage.custom import custom_permissions
from grantway.manage.people import holders, users
from tests.endpoints.house import SALESFORCE, House, TestApp
from tests.endpoints.test_statement_counts import REVISION, Counted, who_is
from tests.endpoints.wire import bearer, both_doors, read_id_token

SCOPES = ("api", "id", "openid", "custom_permissions")
HELD = " ".join(SCOPES)


async def permission(house: House, name: str = "Approve", *, app: str = "", by_set: bool = False) -> None:
    """Make a custom permission that ada holds, by her profile or by a permission set."""
    desk, org = house.desk, house.org
    await custom_permissions.create(desk, org, custom_permissions.NewPermission(name=name, app=app))
    if by_set:
        await holders.create(desk, holders.PERMISSION_SETS, org.id, "Clerk", ())
        await users.assign(desk, org, "ada@harbour.example", "Clerk")
        await custom_permissions.give(desk, org, holders.PERMISSION_SETS, "Clerk", (name,))
    else:
        given = await custom_permissions.given_by(desk, org, holders.PROFILES, "Standard")
        await custom_permissions.give(desk, org, holders.PROFILES, "Standard", (*given, name))


async def told(web: httpx.AsyncClient, answer: dict[str, Any]) -> Any:
    """Return what identity URL and userinfo both say."""
    here = (await web.get(answer["id"], headers=bearer(answer))).json().get("custom_permissions")
    there = (await web.get(f"{SALESFORCE}/userinfo", headers=bearer(answer))).json().get("custom_permissions")
    assert here == there
    return here


async def app_with_scope(house: House, **more: Any) -> TestApp:
    """Make an app that may ask for custom permissions."""
    return await house.app({s.SCOPES: SCOPES, **{s.BY_NAME[name]: value for name, value in more.items()}})


@pytest.mark.parametrize("by_set", [False, True], ids=["profile", "permission set"])
async def test_what_the_user_holds_is_told_by_name(house: House, web: httpx.AsyncClient, by_set: bool) -> None:
    await permission(house, by_set=by_set)
    app = await app_with_scope(house)

    assert await told(web, await house.sign_in(app, scopes=HELD)) == {"Approve": True}
    assert await told(web, await house.sign_in(app, "ben", scopes=HELD)) is None


async def test_without_the_scope_nothing_is_told(house: House, web: httpx.AsyncClient) -> None:
    await permission(house)
    app = await app_with_scope(house)

    assert await told(web, await house.sign_in(app, scopes="api id openid")) is None


async def test_full_holds_the_scope(house: House, web: httpx.AsyncClient) -> None:
    await permission(house)

    assert await told(web, await house.sign_in(await house.app({s.SCOPES: ("full",)}), scopes="full")) == {
        "Approve": True
    }


async def test_an_app_that_is_not_installed_is_told_nothing(house: House, web: httpx.AsyncClient) -> None:
    await permission(house)
    answer = await house.sign_in(await app_with_scope(house), scopes=HELD)
    await house.change("UPDATE profile SET permissions = :permissions", f'["{APPROVE_UNINSTALLED.name}"]')
    await house.change("DELETE FROM app_policy")

    assert await told(web, answer) is None


async def test_a_permission_of_one_app_is_told_to_that_app_alone(house: House, web: httpx.AsyncClient) -> None:
    mine, other = await app_with_scope(house), await app_with_scope(house)
    await permission(house, "Mine", app=mine.id)
    await permission(house, "Everybodys")

    assert await told(web, await house.sign_in(mine, scopes=HELD)) == {"Everybodys": True, "Mine": True}
    assert await told(web, await house.sign_in(other, scopes=HELD)) == {"Everybodys": True}


async def test_giving_and_taking_is_seen_by_tokens_that_are_out(house: House, web: httpx.AsyncClient) -> None:
    answer = await house.sign_in(await app_with_scope(house), scopes=HELD)
    assert await told(web, answer) is None
    await permission(house)
    assert await told(web, answer) == {"Approve": True}

    await custom_permissions.delete(house.desk, house.org, "approve")

    assert await told(web, answer) is None


@pytest.mark.enforces("id_token_custom_permissions")
@both_doors
async def test_the_id_token_holds_them_only_where_the_app_wants_it(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    await permission(house)
    for wanted in (True, False):
        app = await app_with_scope(house, id_token_custom_permissions=wanted)
        answer = await house.sign_in(app, door=door, scopes=HELD)
        _, claims = await read_id_token(web, answer["id_token"], door)

        assert claims.get("custom_permissions") == ({"Approve": True} if wanted else None)


async def test_a_formula_asks_whether_the_user_holds_one(house: House, web: httpx.AsyncClient) -> None:
    await permission(house)
    app = await house.app({s.CUSTOM_ATTRIBUTES: s.CUSTOM_ATTRIBUTES.kind.parse("may=$Permission.Approve")})

    for user, value in (("ada", "true"), ("ben", "false")):
        answer = await house.sign_in(app, user)
        assert (await web.get(answer["id"], headers=bearer(answer))).json()["custom_attributes"] == {"may": value}


async def test_each_engine_knows_who_holds_them(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await app_with_scope(house)
    await permission(house)
    await permission(house, "Ship", by_set=True)

    async def held(user: str) -> frozenset[str]:
        found = await house.server.directory.app_user(app.id, house.org_id, house.user_ids[user])
        assert found is not None
        return found.custom_permissions

    assert await held("ada") == {"Approve", "Ship"}
    assert await held("ben") == frozenset()
    await custom_permissions.delete(house.desk, house.org, "Ship")
    assert await held("ada") == {"Approve"}


async def test_telling_them_costs_no_statement(house: House) -> None:
    await permission(house)
    token = (await house.sign_in(await app_with_scope(house), scopes=HELD))["access_token"]

    assert await Counted(house).during(lambda: who_is(house, token)) == [
        "SELECT access_token",
        "BEGIN",
        REVISION,
        "COMMIT",
    ]
