"""Custom scopes and custom permissions through the admin API."""

from tests.adminapi.client import Program

DOCKS = {"name": "docks", "description": "See the docks"}


async def test_a_custom_scope_is_made_changed_given_to_an_app_and_deleted(program: Program) -> None:
    made = (await program.ask("POST", "/custom-scopes", DOCKS, status=201)).json()
    assert made["label"] == "docks"

    changed = (await program.change("/custom-scopes/docks", {"is_public": True})).json()
    assert changed == made | {"is_public": True}
    assert (await program.get("/custom-scopes"))["items"] == [changed]
    assert await program.get(f"/custom-scopes/{made['id']}") == changed

    await program.make(custom_scopes=["docks"])
    assert (await program.get("/apps/Sync"))["settings"]["custom_scopes"] == ["docks"]
    tag = (await program.ask("GET", "/custom-scopes/docks")).headers["etag"]
    await program.ask("DELETE", "/custom-scopes/docks", status=204, If_Match=tag)
    assert (await program.get("/apps/Sync"))["settings"]["custom_scopes"] == []


async def test_a_wrong_field_of_a_scope_is_named_where_it_stands(program: Program) -> None:
    refused = await program.ask("POST", "/custom-scopes", DOCKS | {"description": "no <tags>"}, status=422)

    assert [one["field"] for one in refused.json()["errors"]] == ["description"]


async def test_a_custom_permission_is_made_given_and_deleted(program: Program) -> None:
    await program.make()
    body = {"name": "Open_Gate", "label": "Open the gate", "app": "Sync"}
    made = (await program.ask("POST", "/custom-permissions", body, status=201)).json()
    assert (made["label"], made["app"]) == ("Open the gate", "Sync")
    assert (await program.get("/custom-permissions"))["items"] == [made]

    await program.ask("POST", "/permission-sets", {"name": "Clerk"}, status=201)
    for path in ("/profiles/Standard", "/permission-sets/Clerk"):
        given = await program.change(f"{path}/custom-permissions", {"custom_permissions": ["open_gate"]})
        assert given.json() == {"custom_permissions": ["Open_Gate"]}
        assert await program.get(f"{path}/custom-permissions") == given.json()

    await program.ask("DELETE", "/custom-permissions/Open_Gate", status=204, If_Match="*")
    assert await program.get("/permission-sets/Clerk/custom-permissions") == {"custom_permissions": []}


async def test_a_custom_permission_that_is_not_there_is_not_given(program: Program) -> None:
    await program.change("/profiles/Standard/custom-permissions", {"custom_permissions": ["Nothing"]}, status=404)
    assert await program.get("/profiles/Standard/custom-permissions") == {"custom_permissions": []}


async def test_a_custom_permission_is_changed_and_its_use_told(program: Program) -> None:
    await program.ask("POST", "/custom-permissions", {"name": "See_Gate"}, status=201)
    await program.ask("POST", "/custom-permissions", {"name": "Open_Gate"}, status=201)

    changed = await program.change("/custom-permissions/Open_Gate", {"label": "Open", "required": ["see_gate"]})
    await program.change("/profiles/Standard/custom-permissions", {"custom_permissions": ["See_Gate"]})

    assert changed.json() == await program.get("/custom-permissions/Open_Gate")
    assert (changed.json()["label"], changed.json()["required"], changed.json()["licensed"]) == (
        "Open",
        ["See_Gate"],
        False,
    )
    assert await program.get("/custom-permissions/See_Gate/use") == {
        "profiles": ["Standard"],
        "permission_sets": [],
        "required_by": ["Open_Gate"],
        "formulas": [],
    }


async def test_an_app_is_assigned_to_a_profile_and_taken_back_from_its_side(program: Program) -> None:
    await program.make()
    await program.change("/apps/Sync", {"policies": {"permitted_users": "admin_approved"}})

    await program.ask("PUT", "/profiles/Standard/apps/Sync", status=204)
    assert await program.get("/profiles/Standard/apps") == {"apps": ["Sync"]}
    assert (await program.get("/apps/Sync"))["policies"]["profiles"] == ["Standard"]
    await program.ask("DELETE", "/profiles/Standard/apps/Sync", status=204)
    assert await program.get("/profiles/Standard/apps") == {"apps": []}
