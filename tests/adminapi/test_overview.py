"""What happens in the org, through the admin API: refusals, usage, numbers, what a change would meet, search."""

import pytest

from grantway import settings as s
from grantway.manage.people import users
from tests.adminapi.client import NORA, Program
from tests.endpoints.house import BASE, House
from tests.endpoints.signer import GRANT_TYPE, signer

SECRET = "correct horse battery staple"


async def refuse(house: House, program: Program, times: int = 1) -> str:
    """Have an app refused some times, and return its API name."""
    app = await house.app({s.LABEL: "Dock Desk"})
    for _ in range(times):
        await house.refresh(app, "none")
    shown = await program.get(f"/apps/{app.id}")
    return str(shown["name"])


async def test_refusals_are_listed_in_pieces_and_narrowed(house: House, program: Program) -> None:
    name = await refuse(house, program, 3)

    first = await program.get(f"/refusals?app={name}&limit=2")
    second = await program.get(first["next"])
    (one,) = second["items"]

    assert [len(first["items"]), second["next"]] == [2, None]
    assert len({line["request_id"] for line in (*first["items"], one)}) == 3
    assert one["app"] == name
    assert (await program.get(f"/refusals/{one['request_id']}"))["reason"] == one["reason"]
    assert len((await program.get(f"/refusals?reason={one['reason']}&since={one['at']}"))["items"]) == 3
    assert (await program.get(f"/refusals?app={name}&user={NORA}"))["items"] == []
    assert (await program.get("/refusals?until=2001-01-01T00:00:00Z"))["items"] == []


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-25", "2026-11-25T06:30:00", "2026-13-25T06:30:00Z", "²"])
async def test_a_moment_that_is_none_is_told_at_its_parameter(program: Program, moment: str) -> None:
    refused = await program.ask("GET", f"/refusals?since={moment}", status=400)

    assert [one["field"] for one in refused.json()["errors"]] == ["since"]


async def test_apps_in_use_and_their_users_are_listed_in_pieces(house: House, program: Program) -> None:
    app = await house.app({s.LABEL: "Dock Desk"})
    for user in ("ada", "ben"):
        await house.sign_in(app, user)
        house.clock.advance(seconds=1)

    first = await program.get("/usage?limit=1")
    second = await program.get(first["next"])
    (one,) = (await program.get("/usage?search=dock&state=installed"))["items"]
    newest = await program.get(f"/usage/{one['name']}/users?limit=1")
    older = await program.get(newest["next"])

    assert {first["items"][0]["id"], second["items"][0]["id"]} >= {app.id}
    assert one["users"] == {"number": 2, "or_more": False}
    assert [line["username"] for line in (*newest["items"], *older["items"])] == [
        "ben@harbour.example",
        "ada@harbour.example",
    ]
    assert older["next"] is None
    assert (await program.get(f"/apps/{one['name']}/activity"))["grants"]["number"] == 2


async def test_the_numbers_of_the_dashboard_are_there(house: House, program: Program) -> None:
    await refuse(house, program, 2)
    await house.sign_in(await house.app())

    found = await program.get("/activity")

    assert sum(found["refusals_by_reason"].values()) == 2
    assert found["tokens_by_flow"] == {"Web Server": 2}
    assert found["live_grants"]["number"] == 1
    assert found["hours"][-1]["refusals_by_reason"] == found["refusals_by_reason"]


async def test_what_is_called_alike_is_found(house: House, program: Program) -> None:
    await house.app({s.LABEL: "Dock Desk"})
    (app,) = (await program.get("/search?q=dock%20d"))["items"]

    assert (app["kind"], app["label"]) == ("app", "Dock Desk")
    assert (await program.get("/search?q=nora"))["items"][0]["name"] == NORA
    assert (await program.get("/search?q=require_pkce"))["items"][0]["is_exact"]
    await program.ask("GET", "/search", status=400)


async def test_what_a_change_would_meet_is_told_and_nothing_is_changed(house: House, program: Program) -> None:
    app = await house.app()
    await house.sign_in(app)
    tag = (await program.ask("GET", f"/apps/{app.id}")).headers["etag"]

    asked = {"policies": {"permitted_users": "admin_approved"}}
    met = (await program.ask("POST", f"/apps/{app.id}/preview", asked)).json()

    assert met["grants"] == {"there_are": 1, "stay": 0, "end": 1, "end_later": 0, "stop": 0}
    assert [(one["setting"], one["weight"]) for one in met["effects"]] == [("permitted_users", "bad")]
    assert [one["username"] for one in met["holders"]] == ["ada@harbour.example"]
    assert (await program.ask("GET", f"/apps/{app.id}")).headers["etag"] == tag
    wrong = await program.ask("POST", f"/apps/{app.id}/preview", {"settings": {"callback_url": ["x"]}}, status=422)
    assert [one["field"] for one in wrong.json()["errors"]] == ["settings.callback_url"]


async def test_apps_are_found_by_label_and_flow_and_sorted_by_label(house: House, program: Program) -> None:
    await house.app({s.LABEL: "Zephyr Dock"})
    await house.app({s.LABEL: "Anchor Dock", s.CALLBACK_URL: ()})

    async def labels(query: str) -> list[str]:
        return [one["label"] for one in (await program.get(f"/apps?{query}"))["items"]]

    assert await labels("search=dock&sort=-label") == ["Zephyr Dock", "Anchor Dock"]
    assert "Anchor Dock" not in await labels("flow=web_server&search=dock")
    first = await program.get("/apps?search=dock&sort=label&limit=1")
    assert (await program.get(first["next"]))["items"][0]["label"] == "Zephyr Dock"


@pytest.mark.parametrize("path", ["/profiles", "/permission-sets", "/custom-scopes", "/tokens"])
async def test_every_list_comes_in_pieces(house: House, program: Program, path: str) -> None:
    for name in ("Two", "Three"):
        if path == "/tokens":
            await house.sign_in(await house.app())
        else:
            more = {"description": name} if path == "/custom-scopes" else {}
            await program.ask("POST", path, {"name": name, **more}, status=201)
    whole = (await program.get(path))["items"]

    found, following = [], f"{path}?limit=1"
    while following:
        piece = await program.get(following)
        found += piece["items"]
        following = piece["next"]

    assert found == whole
    assert len(whole) > 1


async def test_a_secret_is_revealed_for_minutes_after_the_login_and_for_the_password_later(
    house: House, program: Program
) -> None:
    secret = (await program.make())["consumer_secret"]
    await users.set_password(house.desk, house.org, NORA, SECRET)
    house.clock.advance(seconds=1)
    app = await house.app({s.SCOPES: ("api",)})
    program.http.headers["authorization"] = "Bearer " + (await house.sign_in(app, NORA, scopes="api"))["access_token"]
    assert (await program.ask("POST", "/apps/Sync/reveal")).json()["consumer_secret"] == secret

    house.clock.advance(minutes=6)
    for body in (None, {"password": "wrong"}):
        refused = await program.ask("POST", "/apps/Sync/reveal", body, status=403)
        assert [one["field"] for one in refused.json()["errors"]] == ["password"]
        assert secret not in refused.text
    shown = await program.ask("POST", "/apps/Sync/reveal", {"password": SECRET})

    assert shown.json()["consumer_secret"] == secret
    trail = await program.ask("GET", "/audit-trail")
    assert SECRET not in trail.text


async def test_who_was_not_there_when_the_token_was_made_gives_the_password(house: House, program: Program) -> None:
    """An assertion stands for somebody absent; a run-as user is a program, which is there as long as its secret."""
    await program.make()
    certificate = s.CERTIFICATE.kind.parse(signer().certificate)
    app = await house.app({s.SCOPES: ("api", "refresh_token"), s.CERTIFICATE: certificate})
    await house.sign_in(app, NORA, scopes="api refresh_token")
    said = {"iss": app.consumer_key, "sub": NORA, "aud": BASE, "exp": house.clock.now_ms() // 1000 + 180}
    _, asserted = await house.token({"grant_type": GRANT_TYPE, "assertion": signer().sign(said)})
    machine = await house.app({s.CLIENT_CREDENTIALS: True, s.SCOPES: ("api",)}, run_as=NORA)
    form = {"grant_type": "client_credentials", "client_id": machine.consumer_key}
    _, alone = await house.token({**form, "client_secret": machine.consumer_secret})

    program.http.headers["authorization"] = "Bearer " + alone["access_token"]
    await program.ask("POST", "/apps/Sync/reveal")
    program.http.headers["authorization"] = "Bearer " + asserted["access_token"]
    await program.ask("POST", "/apps/Sync/reveal", status=403)


async def test_a_users_grants_and_logins_are_listed_and_a_login_is_ended(house: House, program: Program) -> None:
    app = await house.app({s.LABEL: "Dock Desk"})
    await house.sign_in(app)

    (grant,) = (await program.get("/users/ada@harbour.example/grants"))["items"]
    logins = (await program.get("/users/ada@harbour.example/logins"))["items"]

    assert grant["label"] == "Dock Desk"
    for one in logins:
        await program.ask("DELETE", f"/users/ada@harbour.example/logins/{one['id']}", status=204)
    assert (await program.get("/users/ada@harbour.example/logins"))["items"] == []
    await program.ask("DELETE", "/users/ada@harbour.example/logins/none", status=404)


async def test_a_profile_tells_its_users_and_apps(house: House, program: Program) -> None:
    app = await house.app()
    await program.change(f"/apps/{app.id}", {"policies": {"profiles": ["Standard"]}})

    used = await program.get("/profiles/Standard/used-by")

    assert used["users"] > 0
    assert len(used["apps"]) == 1


async def test_a_staged_secret_too_takes_the_password_some_minutes_after_the_login(
    house: House, program: Program
) -> None:
    await program.make()
    (staged,) = (await program.ask("POST", "/apps/Sync/rotation/stage", status=201)).json()["sets"]
    path = f"/apps/Sync/rotation/sets/{staged['id']}/reveal"
    await program.ask("POST", path)

    house.clock.advance(minutes=6)

    await program.ask("POST", path, status=403)


async def test_a_custom_scope_is_given_to_an_app_and_taken_back(program: Program) -> None:
    await program.make()
    await program.ask("POST", "/custom-scopes", {"name": "dock", "description": "Docks"}, status=201)

    await program.ask("PUT", "/custom-scopes/dock/apps/Sync", status=204)
    assert [one["name"] for one in (await program.get("/custom-scopes/dock/apps"))["items"]] == ["Sync"]
    await program.ask("DELETE", "/custom-scopes/dock/apps/Sync", status=204)
    assert (await program.get("/custom-scopes/dock/apps"))["items"] == []
