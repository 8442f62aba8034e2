"""Changes over what was read (ETag), requests that come twice (Idempotency-Key), lists in pieces (cursors)."""

import asyncio
from typing import Any

import pytest

from grantway.manage.people import users
from grantway.store.statement import Statement
from tests.adminapi.client import APPS, ROOT, Program, program_of
from tests.endpoints.house import House

NEW = {"name": "Sync", "settings": {"contact_email": "it@harbour.example"}}


async def test_what_is_unchanged_is_not_sent_again(program: Program) -> None:
    tag = (await program.ask("GET", "/org")).headers["etag"]

    assert (await program.ask("GET", "/org", status=304, If_None_Match=tag)).content == b""


@pytest.mark.requirement("S42")
async def test_a_change_over_what_somebody_else_changed_is_refused_and_changes_nothing(program: Program) -> None:
    await program.make()
    seen = (await program.ask("GET", "/apps/Sync")).headers["etag"]
    await program.change("/apps/Sync", {"settings": {"description": "first"}})

    refused = await program.ask("PATCH", "/apps/Sync", {"settings": {"description": "x"}}, status=412, If_Match=seen)

    assert refused.json()["title"] == "Changed since it was read"
    assert (await program.get("/apps/Sync"))["settings"]["description"] == "first"


@pytest.mark.parametrize("path", ["/apps/Sync", "/users/ada@harbour.example", "/profiles/Minimum", "/org"])
async def test_a_change_must_say_what_it_saw(program: Program, path: str) -> None:
    await program.make()
    bodies: dict[str, dict[str, Any]] = {
        "/apps/Sync": {"settings": {"description": "x"}},
        "/users/ada@harbour.example": {"phone": "1"},
        "/profiles/Minimum": {"permissions": []},
        "/org": {"settings": {"org_session_timeout": 30}},
    }

    await program.ask("PATCH", path, bodies[path], status=428)


async def test_the_same_key_and_request_give_the_same_answer_and_are_done_once(program: Program, house: House) -> None:
    first = await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")
    again = await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")

    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    made = await house.db.all(
        Statement("SELECT id FROM event WHERE kind = 'admin.app.create' AND app_id = :id"), first.json()["app"]["id"]
    )
    assert len(made) == 1


async def test_two_requests_with_one_key_at_once_are_done_once(program: Program) -> None:
    both = await asyncio.gather(
        *(program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1") for _ in range(2))
    )

    assert both[0].json() == both[1].json()


async def test_a_key_for_another_request_is_refused(program: Program) -> None:
    await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")

    refused = await program.ask("POST", "/apps", NEW | {"name": "Other"}, status=422, Idempotency_Key="k1")

    assert "Idempotency-Key" in refused.json()["detail"]


async def test_a_request_that_failed_may_be_mended_under_its_key(program: Program) -> None:
    await program.ask("POST", "/apps", {"name": "Sync", "settings": {}}, status=422, Idempotency_Key="k1")
    await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")


async def test_keys_of_two_users_do_not_meet(program: Program, house: House) -> None:
    await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")
    other = await program_of(house, "clerk@harbour.example", *APPS)

    await other.ask("POST", "/apps", NEW | {"name": "Other"}, status=201, Idempotency_Key="k1")


async def test_an_answer_is_not_given_again_to_somebody_who_lost_a_right(house: House) -> None:
    clerk = await program_of(house, "clerk@harbour.example", *APPS)
    await clerk.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")

    await users.change(house.desk, house.org, "clerk@harbour.example", {"profile": "Standard"})

    refused = await clerk.ask("POST", "/apps", NEW, status=403, Idempotency_Key="k1")
    assert "consumer_secret" not in refused.text


async def test_a_kept_answer_holds_no_secret_in_clear_and_is_swept_after_a_day(program: Program, house: House) -> None:
    made = (await program.ask("POST", "/apps", NEW, status=201, Idempotency_Key="k1")).json()
    kept = Statement("SELECT id, request, answer FROM idempotent_answer")
    (row,) = await house.db.all(kept)
    assert isinstance(row[2], bytes)
    assert made["consumer_secret"].encode() not in row[2]

    house.clock.advance(minutes=25 * 60)
    await house.sweep()

    assert await house.db.all(kept) == []


async def test_a_reveal_takes_no_key_for_it_is_never_kept(program: Program) -> None:
    await program.make()

    refused = await program.ask("POST", "/apps/Sync/reveal", status=400, Idempotency_Key="k1")

    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
async def test_a_list_is_walked_piece_by_piece_without_a_gap(program: Program, house: House, sort: str) -> None:
    names = []
    for number in range(7):
        names.append((await program.make(f"Walk {number}"))["app"]["name"])
        house.clock.advance(ms=number % 2)
    seen: list[str] = []

    where: str | None = f"{ROOT}/apps?search=walk&limit=3&sort={sort}"
    while where:
        piece = await program.get(where)
        seen += [app["name"] for app in piece["items"]]
        where = piece["next"]

    assert sorted(seen) == names
    if sort.endswith("name"):
        assert seen == sorted(names, reverse=sort.startswith("-"))


async def test_users_are_walked_too(program: Program) -> None:
    piece = await program.get("/users?limit=2")
    rest = await program.get(piece["next"])

    assert [one["username"].split("@")[0] for one in piece["items"] + rest["items"]] == ["ada", "ben", "nora"]
    assert rest["next"] is None


@pytest.mark.requirement("S40")
async def test_a_cursor_is_good_for_its_own_list_and_filters_only(program: Program) -> None:
    for number in range(3):
        await program.make(f"Walk {number}")
    following = (await program.get("/apps?limit=1"))["next"]
    cursor = following.partition("cursor=")[2]

    await program.ask("GET", f"/apps?limit=2&cursor={cursor}")
    for path in (
        f"/apps?search=walk&cursor={cursor}",
        f"/users?cursor={cursor}",
        f"/apps?cursor={'A' if cursor[0] != 'A' else 'B'}{cursor[1:]}",
        "/apps?cursor=AAAA",
        "/apps?cursor=" + "A" * 100,
    ):
        await program.ask("GET", path, status=400)


@pytest.mark.requirement("S40")
@pytest.mark.parametrize("limit", ["0", "-1", "201", "9223372036854775808", "1e3", "x", ""])
async def test_limits_out_of_range_are_refused(program: Program, limit: str) -> None:
    refused = await program.ask("GET", f"/apps?limit={limit}", status=400)

    assert refused.json()["errors"][0]["field"] == "limit"
