"""Signing keys by the admin API."""

from grantway.manage.server import orgs
from tests.adminapi.client import Program
from tests.endpoints.house import House


async def test_keys_are_listed_and_rotated(program: Program) -> None:
    (before,) = (await program.get("/signing-keys"))["items"]

    rotated = (await program.ask("POST", "/signing-keys/rotate", {"seen": before["kid"]})).json()

    new, old = (await program.get("/signing-keys"))["items"]
    assert (before["state"], before["algorithm"], before["retired_at"]) == ("signs", "RS256", None)
    assert (new["kid"], new["state"]) == (rotated["kid"], "signs")
    assert (old["kid"], old["state"]) == (before["kid"], "published")
    await program.ask("POST", "/signing-keys/rotate", {"seen": before["kid"]}, status=409)


async def test_keys_that_sign_for_other_orgs_too_are_not_rotated_by_a_user(house: House, program: Program) -> None:
    await orgs.create(house.desk, orgs.NewOrg(name="Northwind"))

    await program.ask("POST", "/signing-keys/rotate", {}, status=403)
