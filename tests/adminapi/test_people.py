"""Users, profiles, permission sets, tokens and the org through the admin API."""

import pytest

from tests.adminapi.client import NORA, Program, http_of, program_of
from tests.console.setup import add_user
from tests.endpoints.house import SALESFORCE, STANDARDS, House

ADA = "/users/ada@harbour.example"


async def test_a_user_is_made_changed_and_given_a_permission_set(program: Program) -> None:
    new = {"username": "cy@harbour.example", "email": "cy@harbour.example", "profile": "Standard"}
    made = await program.ask("POST", "/users", new, status=201)
    path = f"/users/{made.json()['id']}"
    await program.ask("POST", "/permission-sets", {"name": "Clerk", "permissions": ["ManageUsers"]}, status=201)

    await program.change(path, {"phone": "+1 555", "last_name": "Twombly"})
    await program.ask("PUT", f"{path}/permission-sets/Clerk", status=204)

    user = await program.get(path)
    assert (user["phone"], user["last_name"], user["permission_sets"]) == ("+1 555", "Twombly", ["Clerk"])
    await program.ask("DELETE", f"{path}/permission-sets/Clerk", status=204)
    assert (await program.get(path))["permission_sets"] == []


async def test_passwords_come_back_in_no_answer(program: Program) -> None:
    body = {"username": "cy@harbour.example", "email": "c@h.example", "profile": "Standard", "password": "hush hush"}

    made = await program.ask("POST", "/users", body, status=201)

    assert "hush" not in made.text
    assert "hash" not in made.text


async def test_nobody_gives_more_than_they_hold(house: House) -> None:
    clerk = await program_of(house, "clerk@harbour.example", "ApiEnabled", "ManageProfilesPermissionsets")

    refused = await clerk.ask("POST", "/profiles", {"name": "Boss", "permissions": ["ModifyAllData"]}, status=403)

    assert "Modify All Data" in refused.json()["detail"]


async def test_an_unknown_user_permission_is_named(program: Program) -> None:
    refused = await program.change("/profiles/Minimum", {"permissions": ["Nope"]}, status=422)

    assert refused.json()["errors"][0]["field"] == "permissions[0]"


async def test_a_users_tokens_are_listed_and_taken_back(program: Program, house: House) -> None:
    app = await house.app()
    await house.sign_in(app, "ada")
    (line,) = (await program.get("/tokens?user=ada@harbour.example"))["items"]
    assert line["scopes"] == ["api", "id", "openid", "refresh_token"]

    assert (await program.ask("POST", "/tokens/revoke", {"token": line["id"]})).json() == {"ended": 1}

    assert (await program.get("/tokens?user=ada@harbour.example"))["items"] == []


async def test_jwts_are_taken_back_one_by_one_and_all_at_once(program: Program, house: House) -> None:
    answers = [await house.sign_in(await house.jwt_app(), "ada") for _ in range(2)]

    asked = {"token": answers[0]["access_token"]}
    assert (await program.ask("POST", "/tokens/revoke", asked)).json() == {"ended": 1}
    done = (await program.ask("POST", "/tokens/rotate-access-key")).json()

    assert done["ended"] == 1
    assert done["kid"].startswith(f"CORE_ATJWT.{house.org_id[:15]}.")
    await program.ask("GET", "/me")


@pytest.mark.parametrize("door", [SALESFORCE, STANDARDS])
async def test_a_jwt_is_good_for_the_admin_api_until_its_key_is_rotated_out(house: House, door: str) -> None:
    house.user_ids[NORA] = await add_user(house, NORA, "ApiEnabled", "ViewSetup", "ManageUsers")
    token = (await house.sign_in(await house.jwt_app(), NORA, door=door))["access_token"]
    program = Program(house, http_of(house, token), token)

    assert (await program.get("/me"))["username"] == NORA
    await program.ask("POST", "/tokens/rotate-access-key")

    await program.ask("GET", "/me", status=401)


async def test_all_of_the_org_ends_only_when_that_is_said(program: Program) -> None:
    await program.ask("POST", "/tokens/revoke", {}, status=422)
    await program.ask("POST", "/tokens/revoke", {"everything": False}, status=422)
    await program.ask("POST", "/tokens/revoke", {"everything": True, "user": NORA}, status=422)
    await program.ask("POST", "/tokens/revoke", {"everything": True})
    await program.ask("GET", "/me", status=401)


async def test_a_program_can_ask_who_it_is(program: Program, house: House) -> None:
    me = await program.get("/me")

    assert (me["username"], me["org"]) == (NORA, house.org_id)
    assert "ManageUsers" in me["permissions"]


async def test_the_catalogue_says_what_each_setting_is(program: Program) -> None:
    every = (await program.get("/settings"))["items"]
    one = await program.get("/settings/require_pkce")

    assert one in every
    assert one["schema"] == {"type": "boolean"}
    await program.ask("GET", "/settings/nope", status=404)
