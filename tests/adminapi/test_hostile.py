"""Whatever comes, the API answers with a problem that says what is wrong: never an accident, never a secret."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grantway.store.statement import Unavailable
from tests.adminapi.client import ROOT, Program
from tests.endpoints.house import House

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)
WRITES = [
    ("POST", "/apps"),
    ("PATCH", "/apps/Sync"),
    ("POST", "/users"),
    ("PATCH", "/users/ada@harbour.example"),
    ("POST", "/profiles"),
    ("PATCH", "/org"),
    ("POST", "/tokens/revoke"),
    ("POST", "/imports"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(body=JSON | st.dictionaries(st.sampled_from(["name", "settings", "policies", "files", "email", "token"]), JSON))
async def test_any_json_is_answered(program: Program, method: str, path: str, body: object) -> None:
    headers = {"content-type": "application/json", "if-match": "*"}

    reply = await program.http.request(method, ROOT + path, content=json.dumps(body), headers=headers)

    assert reply.status_code in (400, 404, 422)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.requirement("S49")
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 60_000, 400),
        (b'{"name":"\\ud800","settings":{}}', 400),
        (b'{"name":"a\\u0000b","settings":{"contact_email":"a@b.example"}}', 422),
        (b'{"name":1e999}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"name":"' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_a_body_that_is_no_good_is_told_as_a_problem(program: Program, content: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}

    reply = await program.http.post(f"{ROOT}/apps", content=content, headers=headers)

    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_only_json_is_taken(program: Program, media_type: str) -> None:
    reply = await program.http.post(f"{ROOT}/apps", content=b"{}", headers={"content-type": media_type})

    assert (reply.status_code, reply.json()["type"].rpartition("/")[2]) == (415, "request.media_type")


@pytest.mark.requirement("S39")
async def test_unknown_fields_and_parameters_are_refused(program: Program) -> None:
    body = {"name": "Sync", "settings": {"contact_email": "a@b.example"}, "org_id": "00D", "version": 7}

    refused = await program.ask("POST", "/apps", body, status=422)

    assert {one["field"] for one in refused.json()["errors"]} == {"org_id", "version"}
    await program.ask("GET", "/apps?fields=secret_box", status=400)
    await program.ask("GET", "/apps?sort=secret_box", status=400)
    await program.ask("GET", "/apps?limit=1&limit=2", status=400)


@pytest.mark.parametrize("path", ["/nothing", "/apps/Sync/nothing", "/apps/", "//", "/apps/%00", "/apps/a%2Fb", "/%ff"])
async def test_what_is_not_there_is_a_problem_too(program: Program, path: str) -> None:
    reply = await program.http.get(ROOT + path)

    assert reply.status_code in (400, 404)
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_method_that_a_path_does_not_take_names_those_it_does(program: Program) -> None:
    refused = await program.ask("DELETE", "/apps", status=405)

    assert refused.headers["allow"] == "GET, HEAD, POST"


async def test_no_list_holds_a_secret(program: Program) -> None:
    made = await program.make()

    for path in ("/apps", "/apps/Sync", "/apps/Sync/metadata", "/tokens", "/users", "/settings", "/org", "/me"):
        text = (await program.ask("GET", path)).text
        assert made["consumer_secret"] not in text
        assert program.token not in text


@pytest.mark.parametrize("unknown", [False, True])
async def test_a_database_that_is_away_is_a_problem_to_come_back_with(
    program: Program, house: House, monkeypatch: pytest.MonkeyPatch, unknown: bool
) -> None:
    def away() -> None:
        raise Unavailable("gone", unknown=unknown)

    monkeypatch.setattr(house.server.db, "transaction", away)

    refused = await program.ask("POST", "/apps/Sync/block", status=503)

    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"].endswith("server.outcome_unknown" if unknown else "server.unavailable")


def test_the_document_names_every_path_that_the_description_has() -> None:
    """docs/admin-api.md lists the operations: each of them, and none that is not there."""
    from grantway.adminapi.routes import ROUTES

    page = (Path(__file__).parents[2] / "docs" / "admin-api.md").read_text()
    assert [route for route in ROUTES if f"`{route.method} {route.path}`" not in page] == []
