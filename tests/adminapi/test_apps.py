"""Connected apps through the admin API: made, read, changed, taken away."""

from typing import Any

from grantway.manage.usage.explain import explain
from grantway.store.statement import Statement
from tests.adminapi.client import Program
from tests.endpoints.house import House


async def test_an_app_is_made_with_its_secret_shown_this_once(program: Program) -> None:
    made = await program.make("Shipment Sync", scopes=["api"])

    assert made["app"]["name"] == "Shipment_Sync"
    assert len(made["consumer_secret"]) == 64
    shown = await program.ask("GET", "/apps/Shipment_Sync")
    assert made["consumer_secret"] not in shown.text
    assert shown.json()["settings"]["scopes"] == ["api"]


async def test_an_app_is_found_by_name_id_and_consumer_key(program: Program) -> None:
    app = (await program.make())["app"]

    for name in ("Sync", app["id"], app["consumer_key"]):
        assert (await program.get(f"/apps/{name}"))["id"] == app["id"]


async def test_a_change_takes_the_settings_that_are_named_and_leaves_the_others(program: Program) -> None:
    before = (await program.make())["app"]

    changed = await program.change(
        "/apps/Sync", {"settings": {"require_pkce": False}, "policies": {"session_timeout": 15}}
    )

    after = changed.json()
    assert after["settings"] == before["settings"] | {"require_pkce": False}
    assert after["policies"] == before["policies"] | {"session_timeout": 15}
    assert changed.headers["etag"] == (await program.ask("GET", "/apps/Sync")).headers["etag"]


async def test_every_wrong_field_is_named_at_once(program: Program) -> None:
    await program.make()

    reply = await program.change(
        "/apps/Sync",
        {"settings": {"require_pkce": "yes", "no_such": 1}, "policies": {"session_timeout": 0}},
        status=422,
    )

    assert reply.headers["content-type"] == "application/problem+json"
    assert {one["field"] for one in reply.json()["errors"]} == {
        "settings.require_pkce",
        "settings.no_such",
        "policies.session_timeout",
    }


async def test_what_no_setting_takes_is_told_at_the_field(program: Program) -> None:
    await program.make()

    reply = await program.change("/apps/Sync", {"settings": {"callback_url": ["http://evil.example/"]}}, status=422)

    (error,) = reply.json()["errors"]
    assert error["field"] == "settings.callback_url"
    assert error["detail"].startswith("line 1")


async def test_a_setting_in_the_wrong_half_is_refused(program: Program) -> None:
    await program.make()

    reply = await program.change("/apps/Sync", {"settings": {"session_timeout": 15}}, status=422)

    assert reply.json()["errors"] == [{"field": "settings.session_timeout", "detail": "there is no such field"}]


async def test_an_app_is_deleted(program: Program) -> None:
    await program.make()
    tag = (await program.ask("GET", "/apps/Sync")).headers["etag"]

    await program.ask("DELETE", "/apps/Sync", status=204, If_Match=tag)

    await program.ask("GET", "/apps/Sync", status=404)


async def test_a_blocked_app_says_so_until_it_is_let_in_again(program: Program) -> None:
    await program.make()

    assert (await program.ask("POST", "/apps/Sync/block")).json()["blocked"] is True
    assert [app["name"] for app in (await program.get("/apps?blocked=true"))["items"]] == ["Sync"]
    assert (await program.ask("POST", "/apps/Sync/unblock")).json()["blocked"] is False


async def test_a_secret_is_revealed_and_the_reveal_is_in_the_audit(program: Program, house: House) -> None:
    made = await program.make()

    shown = (await program.ask("POST", "/apps/Sync/reveal")).json()

    assert shown["consumer_secret"] == made["consumer_secret"]
    kinds = await audit(house)
    assert "admin.app.reveal" in kinds


async def test_an_app_goes_out_as_metadata_and_comes_in_again(program: Program) -> None:
    await program.make()
    file = await program.ask("GET", "/apps/Sync/metadata")
    assert file.headers["content-type"] == "application/xml"
    changed = file.text.replace("<contactEmail>it@", "<contactEmail>new@")

    name = "Sync.connectedApp-meta.xml"
    body: dict[str, Any] = {"files": [{"name": name, "xml": changed}], "dry_run": True}
    (told,) = (await program.ask("POST", "/imports", body)).json()["files"]
    assert (told["done"], [one["setting"] for one in told["changes"]]) == ("updated", ["contact_email"])
    assert (await program.get("/apps/Sync"))["settings"]["contact_email"] == "it@harbour.example"

    await program.ask("POST", "/imports", body | {"dry_run": False})
    assert (await program.get("/apps/Sync"))["settings"]["contact_email"] == "new@harbour.example"


async def test_a_broken_file_among_good_ones_is_told_and_stops_nothing(program: Program) -> None:
    good = '<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@b.example</contactEmail><label>A</label></ConnectedApp>'
    files = [
        {"name": "Bad.connectedApp-meta.xml", "xml": "<!DOCTYPE x><ConnectedApp/>"},
        {"name": "Good.connectedApp-meta.xml", "xml": good},
    ]

    told = (await program.ask("POST", "/imports", {"files": files})).json()["files"]

    assert [one["done"] for one in told] == ["failed", "created"]


async def test_every_refusal_can_be_explained_by_its_id(program: Program, house: House) -> None:
    refused = await program.ask("GET", "/apps/Nowhere", status=404)
    await house.server.refusals.flush()

    request_id = refused.json()["request_id"]
    assert request_id == refused.headers["x-request-id"]
    assert (await explain(house.desk, request_id)).reason == "admin.not_found"
    assert (await program.get(f"/refusals/{request_id}"))["means"] == "there is no app 'Nowhere' in the org Harbour"


async def audit(house: House) -> list[str]:
    """Return the kinds of what the audit holds, oldest first."""
    return [str(row[0]) for row in await house.db.all(Statement("SELECT kind FROM event ORDER BY at, id"))]
