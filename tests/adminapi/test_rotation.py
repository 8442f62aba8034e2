"""Rotating a consumer key and secret, and reading what was done, through the admin API."""

from tests.adminapi.client import Program


async def test_a_staged_pair_becomes_the_apps_own(program: Program) -> None:
    made = await program.make()

    staged = (await program.ask("POST", "/apps/Sync/rotation/stage", status=201)).json()
    new = staged["staged"]["consumer_key"]
    assert staged["consumer_secret"] not in (await program.ask("GET", "/apps/Sync/rotation")).text
    applied = (await program.ask("POST", "/apps/Sync/rotation/apply", {"consumer_key": new})).json()

    assert applied["consumer_key"] == new != made["app"]["consumer_key"]
    assert (await program.get("/apps/Sync"))["consumer_key"] == new
    assert (await program.get("/apps/Sync/rotation"))["previous"]["consumer_key"] == made["app"]["consumer_key"]


async def test_another_staged_pair_than_was_seen_is_not_applied(program: Program) -> None:
    await program.make()
    first = (await program.ask("POST", "/apps/Sync/rotation/stage", status=201)).json()
    await program.ask("POST", "/apps/Sync/rotation/stage", status=201)

    await program.ask(
        "POST", "/apps/Sync/rotation/apply", {"consumer_key": first["staged"]["consumer_key"]}, status=409
    )


async def test_a_staged_pair_is_dropped(program: Program) -> None:
    await program.make()
    await program.ask("POST", "/apps/Sync/rotation/stage", status=201)
    tag = (await program.ask("GET", "/apps/Sync/rotation")).headers["etag"]

    await program.ask("DELETE", "/apps/Sync/rotation", status=204, If_Match=tag)

    assert (await program.get("/apps/Sync/rotation"))["staged"] is None


async def test_what_was_done_is_read_piece_by_piece(program: Program) -> None:
    made = await program.make()
    await program.ask("POST", "/apps/Sync/block")

    piece = await program.get("/audit-trail?limit=1&app=Sync")
    rest = await program.get(piece["next"])

    assert [one["app_name"] for one in piece["items"] + rest["items"]] == ["Sync"] * (1 + len(rest["items"]))
    assert piece["items"][0]["username"] == "nora@harbour.example"
    assert piece["items"][0]["request_id"]
    assert made["consumer_secret"] not in str((piece, rest))


async def test_the_sets_of_an_external_client_app_are_told_rotated_and_deleted(program: Program) -> None:
    made = await program.make("Sync", "external_client_app")
    staged = (await program.ask("POST", "/apps/Sync/rotation/stage", status=201)).json()
    (active,) = staged["sets"]
    assert (active["state"], active["answers"], active["created_by"]) == ("Active", True, "nora@harbour.example")
    assert staged["applying_ends"] == {"grants": 0, "access_tokens": 0}
    await program.ask("POST", "/apps/Sync/rotation/stage", status=422)

    await program.ask("POST", "/apps/Sync/rotation/apply", {"consumer_key": active["consumer_key"]})
    (rotated,) = (await program.get("/apps/Sync/rotation"))["sets"]
    assert (rotated["state"], rotated["consumer_key"]) == ("Rotated", made["app"]["consumer_key"])
    path = f"/apps/Sync/rotation/sets/{rotated['id']}"
    shown = (await program.ask("POST", f"{path}/reveal")).json()
    assert shown["consumer_secret"] == made["consumer_secret"]
    looked = await program.ask("GET", path)
    assert made["consumer_secret"] not in looked.text
    await program.ask("DELETE", path, status=428)
    await program.ask("DELETE", path, status=204, If_Match=looked.headers["etag"])

    assert (await program.get("/apps/Sync/rotation"))["sets"] == []
    await program.ask("GET", path, status=404)


async def test_an_initial_access_token_is_made_told_of_and_taken_away(program: Program) -> None:
    await program.make()
    path = "/apps/Sync/registration-token"
    before = await program.get(path)
    assert (before["has_token"], before["registered_apps"]) == (False, 0)

    made = (await program.ask("POST", path, status=201)).json()
    state = await program.ask("GET", path)

    assert made["initial_access_token"] not in state.text
    assert state.json()["created_by"] == "nora@harbour.example"
    await program.ask("DELETE", path, status=204, If_Match=state.headers["etag"])
    assert (await program.get(path))["has_token"] is False


async def test_registered_apps_are_told_with_their_parent(program: Program) -> None:
    await program.make(scopes=["openid"])
    token = (await program.ask("POST", "/apps/Sync/registration-token", status=201)).json()["initial_access_token"]
    asked = {"redirect_uris": ["https://app.example/cb"], "client_name": "Harbour Chat"}
    program.http.headers["authorization"], held = f"Bearer {token}", program.http.headers["authorization"]
    made = await program.http.post("/oidc/register", json=asked)
    program.http.headers["authorization"] = held
    assert made.status_code == 201

    app = await program.get(f"/apps/{made.json()['client_id']}")

    assert (app["registered"], app["parent"], app["label"]) == (True, "Sync", "Harbour Chat")
    assert (await program.get("/apps/Sync/registration-token"))["registered_apps"] == 1
    refused = await program.ask("PATCH", f"/apps/{app['id']}", {"settings": {"scopes": ["api"]}}, status=428)
    assert "If-Match" in refused.text
