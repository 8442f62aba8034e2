"""Who may ask the admin API: tokens only, of either door, with a scope and a user's rights as they are now."""

from typing import Any

import pytest

from grantway import settings as s
from grantway.domain.permissions import ALL
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.people import holders, users
from tests.adminapi.client import APPS, NORA, ROOT, Program, http_of, program_of
from tests.console.setup import sign_in
from tests.endpoints.house import STANDARDS, House

PEOPLE = ("ApiEnabled", "ManageUsers")
SCOPES = ("ApiEnabled", "ManageRemoteAccess")
CUSTOMIZES = ("ApiEnabled", "CustomizeApplication")
USAGE = ("ApiEnabled", "ManageUsers", "ViewSetup")
PROFILES = ("ApiEnabled", "ManageProfilesPermissionsets")
EVERY = tuple(ALL)
XML = '<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@b.example</contactEmail></ConnectedApp>'
NEW_APP = {"name": "New", "settings": {"contact_email": "a@b.example"}}
VALUES = {"contact_email": "a@b.example", "logo_url": "https://sync.example/logo.png"}
ADA = "/users/ada@harbour.example"
# What is asked, with which body, and the smallest set of permissions that allows it.
TABLE: dict[str, tuple[str, str, Any, tuple[str, ...]]] = {
    "list apps": ("GET", "/apps", None, APPS),
    "make an app": ("POST", "/apps", NEW_APP, APPS),
    "show an app": ("GET", "/apps/Sync", None, APPS),
    "change an app": ("PATCH", "/apps/Sync", {"settings": {"require_pkce": False}}, APPS),
    "block an app": ("POST", "/apps/Sync/block", None, APPS),
    "unblock an app": ("POST", "/apps/Sync/unblock", None, APPS),
    "preview a change": ("POST", "/apps/Sync/preview", {"settings": {"require_pkce": False}}, APPS),
    "see what an app has out": ("GET", "/apps/Sync/activity", None, APPS),
    "list refusals": ("GET", "/refusals", None, APPS),
    "see the numbers": ("GET", "/activity", None, APPS),
    "list apps in use": ("GET", "/usage", None, USAGE),
    "list users of an app": ("GET", "/usage/Sync/users", None, USAGE),
    "list uninstalled apps": ("GET", "/uninstalled-apps", None, USAGE),
    "list grants of a user": ("GET", f"{ADA}/grants", None, USAGE),
    "list logins of a user": ("GET", f"{ADA}/logins", None, PEOPLE),
    "see who has a profile": ("GET", "/profiles/Minimum/used-by", None, PROFILES),
    "list apps of a custom scope": ("GET", "/custom-scopes/gate/apps", None, APPS),
    "give an app a custom scope": ("PUT", "/custom-scopes/gate/apps/Sync", None, APPS),
    "take a custom scope from an app": ("DELETE", "/custom-scopes/gate/apps/Sync", None, APPS),
    "export an app": ("GET", "/apps/Sync/metadata", None, APPS),
    "reveal a secret": ("POST", "/apps/Sync/reveal", None, (*APPS, "ClientSecretRotation")),
    "delete an app": ("DELETE", "/apps/Sync", None, APPS),
    "install an app": ("POST", "/apps/elsewhere/install", None, APPS),
    "list custom scopes": ("GET", "/custom-scopes", None, SCOPES),
    "make a custom scope": ("POST", "/custom-scopes", {"name": "dock", "description": "Docks"}, SCOPES),
    "change a custom scope": ("PATCH", "/custom-scopes/gate", {"is_public": True}, SCOPES),
    "delete a custom scope": ("DELETE", "/custom-scopes/gate", None, APPS),
    "list custom permissions": ("GET", "/custom-permissions", None, PROFILES),
    "make a custom permission": ("POST", "/custom-permissions", {"name": "New"}, CUSTOMIZES),
    "delete a custom permission": ("DELETE", "/custom-permissions/Gate", None, CUSTOMIZES),
    "give custom permissions": ("PATCH", "/profiles/Minimum/custom-permissions", {"custom_permissions": []}, PROFILES),
    "list users": ("GET", "/users", None, PEOPLE),
    "show a user": ("GET", ADA, None, PEOPLE),
    "change a user": ("PATCH", ADA, {"phone": "1"}, PEOPLE),
    "freeze a user": ("POST", f"{ADA}/freeze", None, PEOPLE),
    "unfreeze a user": ("POST", f"{ADA}/unfreeze", None, PEOPLE),
    "give a password": ("POST", f"{ADA}/password", {"password": "correct horse"}, PEOPLE),
    "reset a security token": ("POST", f"{ADA}/security-token", None, PEOPLE),
    "see the pictures of an app": ("GET", "/apps/Sync/pictures", None, APPS),
    "fetch the pictures of an app": ("POST", "/apps/Sync/pictures", None, APPS),
    "list profiles": ("GET", "/profiles", None, PROFILES),
    "make a profile": ("POST", "/profiles", {"name": "New"}, PROFILES),
    "change a profile": ("PATCH", "/profiles/Minimum", {"permissions": ["ApiEnabled"]}, PROFILES),
    "list permission sets": ("GET", "/permission-sets", None, PROFILES),
    "make a permission set": ("POST", "/permission-sets", {"name": "New"}, PROFILES),
    "list tokens": ("GET", "/tokens", None, USAGE),
    "read the audit trail": ("GET", "/audit-trail", None, ("ApiEnabled", "ViewSetup")),
    "change the org": (
        "PATCH",
        "/org",
        {"settings": {"org_session_timeout": 30}},
        ("ApiEnabled", "CustomizeApplication"),
    ),
    "give a permission set": ("PUT", f"{ADA}/permission-sets/Clerk", None, ("ApiEnabled", "AssignPermissionSets")),
    "take a permission set back": (
        "DELETE",
        f"{ADA}/permission-sets/Clerk",
        None,
        ("ApiEnabled", "AssignPermissionSets"),
    ),
    "list assets": ("GET", "/assets", None, USAGE),
    "list certificates": ("GET", "/certificates", None, ("ApiEnabled", "ViewSetup")),
    "make a certificate": ("POST", "/certificates", {"name": "Fleet"}, CUSTOMIZES),
    "rotate the key of access tokens": ("POST", "/tokens/rotate-access-key", None, USAGE),
    "revoke tokens": ("POST", "/tokens/revoke", {"user": "ben@harbour.example"}, USAGE),
}


async def ask(program: Program, method: str, path: str, body: Any) -> int:
    headers = {"if-match": "*"} if method in ("PATCH", "DELETE") else {}
    return (await program.http.request(method, ROOT + path, json=body, headers=headers)).status_code


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("case", TABLE)
async def test_each_operation_takes_its_permissions_and_no_fewer(house: House, case: str) -> None:
    method, path, body, needs = TABLE[case]
    await apps.create(house.desk, house.org, apps.NewApp(name="Sync", values=VALUES))
    await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())
    await custom_scopes.create(house.desk, house.org, custom_scopes.NewScope(name="gate", description="The gate"))
    # To delete a scope that an app has is to change the app.
    await apps.change(house.desk, house.org, "Sync", {"custom_scopes": "gate"})
    await custom_permissions.create(house.desk, house.org, custom_permissions.NewPermission(name="Gate"))
    other = await (await house.elsewhere()).app()
    path = path.replace("elsewhere", other.id)

    for missing in needs[1:]:
        fewer = await program_of(house, f"without.{missing}@x.example", *(one for one in needs if one != missing))
        assert await ask(fewer, method, path, body) == 403, missing
    exactly = await program_of(house, "exactly@x.example", *needs)
    assert await ask(exactly, method, path, body) in (200, 201, 204)


@pytest.mark.parametrize("token", ["", "junk", "00D" + "x" * 109])
async def test_without_a_good_token_nothing_is_answered(house: House, token: str) -> None:
    reply = await http_of(house, token).get(f"{ROOT}/apps")

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith('Bearer realm="grantway"')
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


async def test_a_token_without_the_scope_api_is_refused(house: House) -> None:
    program = await program_of(house, NORA, *EVERY, scopes="openid")

    refused = await program.ask("GET", "/apps", status=403)

    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


async def test_the_scope_full_is_as_good_as_api(house: House) -> None:
    await (await program_of(house, NORA, *EVERY, scopes="full")).ask("GET", "/apps")


async def test_tokens_of_the_standards_door_are_good_too(house: House, program: Program) -> None:
    app = await house.app({s.SCOPES: ("api", "openid")})
    token = (await house.sign_in(app, NORA, door=STANDARDS, scopes="api"))["access_token"]

    assert (await http_of(house, token).get(f"{ROOT}/apps")).status_code == 200


async def test_a_user_without_api_enabled_is_refused(house: House) -> None:
    program = await program_of(house, NORA, *(one for one in EVERY if one != "ApiEnabled"))

    await program.ask("GET", "/apps", status=403)


@pytest.mark.requirement("S41")
async def test_a_right_that_is_taken_away_counts_from_the_next_request(house: House) -> None:
    other = await program_of(house, "clerk@harbour.example", *APPS)
    await other.ask("GET", "/apps")
    await users.change(house.desk, house.org, "clerk@harbour.example", {"profile": "Standard"})
    await other.ask("GET", "/apps", status=403)


async def test_a_frozen_users_token_is_dead(house: House) -> None:
    program = await program_of(house, "clerk@harbour.example", *APPS)
    await users.freeze(house.desk, house.org, "clerk@harbour.example", frozen=True)

    await program.ask("GET", "/apps", status=401)


@pytest.mark.requirement("S41")
async def test_a_cookie_of_the_console_is_no_credential_here(house: House, program: Program) -> None:
    setup = await sign_in(house, NORA)

    reply = await setup.browser.client.get(f"{ROOT}/apps")

    assert reply.status_code == 401


@pytest.mark.requirement("S6")
async def test_no_page_of_another_origin_reads_the_api(program: Program) -> None:
    preflight = await program.http.options(f"{ROOT}/apps", headers={"origin": "https://evil.example"})
    reply = await program.ask("GET", "/apps", origin="https://evil.example")

    assert preflight.status_code == 405
    assert not [name for name in (*preflight.headers, *reply.headers) if name.startswith("access-control")]


async def test_another_orgs_apps_are_not_there(house: House, program: Program) -> None:
    elsewhere = await house.elsewhere()
    app = await elsewhere.app()

    await program.ask("GET", f"/apps/{app.id}", status=404)
    assert app.id not in (await program.ask("GET", "/apps?limit=200")).text


async def test_a_token_in_the_url_is_none(house: House, program: Program) -> None:
    reply = await http_of(house).get(f"{ROOT}/me?access_token={program.token}")

    assert reply.status_code == 401


async def test_the_description_is_open_to_all(house: House) -> None:
    assert (await http_of(house).get("/setup/api/openapi.json")).status_code == 200
