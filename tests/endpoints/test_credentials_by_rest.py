"""Keys and secrets of external client apps by Salesforce's REST resource (connected-apps.md 2.5, 2.8)."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.domain.app import AppKind
from grantway.manage.audit import audit_trail
from grantway.manage.server import orgs
from tests.adminapi.client import Program, program_of
from tests.endpoints.house import House, TestApp
from tests.endpoints.wire import machine

DEVELOPER = ("ApiEnabled", "CustomizeApplication", "ExternalClientAppDeveloper", "ViewClientSecret")
VERSION = "/services/data/v65.0"
MISSING = "0cT000000000001AAA"


@dataclass
class Rest:
    """A program that works on one external client app."""

    house: House
    app: TestApp
    program: Program

    @property
    def root(self) -> str:
        """The address of the app's consumers."""
        return f"{VERSION}/apps/oauth/credentials/{self.app.id}"

    async def ask(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Ask the data API."""
        return await self.program.http.request(method, path, json=json)

    async def consumer(self) -> dict[str, Any]:
        """Return the app's only consumer."""
        (found,) = (await self.ask("GET", self.root)).json()["consumers"]
        return dict(found)

    async def staged(self) -> dict[str, Any]:
        """Stage a set."""
        reply = await self.ask("POST", (await self.consumer())["stagedCredentialsUrl"])
        assert reply.status_code == 201, reply.text
        return dict(reply.json())


async def switch_on(house: House) -> None:
    """Let programs of the house's org read consumer secrets."""
    await orgs.change(house.desk, house.org, {s.CONSUMER_SECRETS_BY_REST.name: True})


async def rest_of(house: House, *permissions: str) -> Rest:
    """Return a program of a user with these permissions, and an external client app of the house."""
    return Rest(
        house,
        await house.app(kind=AppKind.EXTERNAL_CLIENT_APP),
        await program_of(house, "dev@harbour.example", *permissions),
    )


@pytest.fixture
async def rest(house: House) -> Rest:
    await switch_on(house)
    return await rest_of(house, *DEVELOPER)


def told(reply: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and message of a refusal."""
    (only,) = reply.json()
    return reply.status_code, only["errorCode"], only["message"]


@pytest.mark.enforces("consumer_secrets_by_rest")
async def test_without_the_switch_nothing_is_given_and_the_switch_is_named(house: House) -> None:
    rest = await rest_of(house, *DEVELOPER)

    for path in (rest.root, f"{rest.root}/888000000000001AAA/staged"):
        status, code, message = told(await rest.ask("GET", path))
        assert (status, code) == (403, "FUNCTIONALITY_NOT_ENABLED")
        assert "not currently enabled: Allow access to External Client App consumer secrets via REST API" in message
    await switch_on(house)

    assert (await rest.ask("GET", rest.root)).status_code == 200


async def test_the_consumers_of_an_app_are_listed_without_secrets(rest: Rest) -> None:
    listed = (await rest.ask("GET", rest.root)).json()

    (only,) = listed["consumers"]
    assert set(listed) == {"consumers", "currentPageUrl", "nextPageUrl"}
    assert set(only) == {"id", "key", "name", "url", "stagedCredentialsUrl"}
    assert only["key"] == rest.app.consumer_key
    assert only["url"] == f"{rest.root}/{only['id']}"


@pytest.mark.parametrize(
    ("part", "has"), [("", {"key"}), ("key", {"key"}), ("secret", {"secret"}), ("keyandsecret", {"key", "secret"})]
)
async def test_a_part_of_key_and_secret_is_given_and_a_look_at_the_secret_is_on_record(
    rest: Rest, part: str, has: set[str]
) -> None:
    url = (await rest.consumer())["url"] + (f"?part={part}" if part else "")

    found = (await rest.ask("GET", url)).json()

    assert {"key", "secret"} & set(found) == has
    assert {found[name] for name in has} <= {rest.app.consumer_key, rest.app.consumer_secret}
    newest = (await audit_trail(rest.house.desk, rest.house.org, limit=1)).entries[0]
    assert (newest.action == "revealApplicationConsumerDetails") == ("secret" in has)


async def test_a_set_is_staged_found_rotated_and_deleted(rest: Rest) -> None:
    house = rest.house
    made = await rest.staged()
    assert set(made) - {"stagedCredentials"} == {
        *("id", "key", "secret", "state", "createdBy", "createdDate", "expirationDate", "url", "stagedCredentialsUrl")
    }
    (listed,) = made["stagedCredentials"]
    assert (made["state"], listed["url"]) == ("Active", made["url"])
    assert made["createdBy"] == house.user_ids["dev@harbour.example"]
    assert made["createdDate"][:10] < made["expirationDate"][:10]
    assert (await rest.ask("GET", made["url"])).json() == listed
    assert (await rest.ask("GET", made["stagedCredentialsUrl"])).json()["stagedCredentials"] == [listed]
    new = TestApp(rest.app.id, made["key"], made["secret"])

    rotated = (await rest.ask("PATCH", made["url"], {"command": "rotate"})).json()

    assert (rotated["state"], rotated["key"]) == ("Rotated", rest.app.consumer_key)
    assert (await rest.consumer())["key"] == made["key"]
    for one in (rest.app, new):
        assert (await house.redeem(one, await house.code(new)))[0] == 200
    assert (await rest.ask("DELETE", rotated["url"])).status_code == 204
    assert (await house.redeem(rest.app, await house.code(new)))[0] == 400
    assert (await rest.ask("GET", made["stagedCredentialsUrl"])).json()["stagedCredentials"] == []
    assert told(await rest.ask("DELETE", rotated["url"]))[:2] == (404, "NOT_FOUND")


async def test_a_second_set_is_refused_while_one_is_staged(rest: Rest) -> None:
    made = await rest.staged()

    status, code, message = told(await rest.ask("POST", made["stagedCredentialsUrl"]))

    assert (status, code) == (400, "INVALID_INPUT")
    assert made["id"] in message


@pytest.mark.parametrize("lacking", DEVELOPER[1:])
async def test_it_takes_the_developers_permissions_and_the_one_for_secrets(house: House, lacking: str) -> None:
    await switch_on(house)
    developer = await rest_of(house, *DEVELOPER)
    consumer, staged = await developer.consumer(), await developer.staged()
    program = await program_of(house, "less@harbour.example", *(one for one in DEVELOPER if one != lacking))
    rest = Rest(house, developer.app, program)

    for method, path, body in (
        ("GET", rest.root, None),
        ("GET", consumer["url"] + "?part=secret", None),
        ("GET", consumer["stagedCredentialsUrl"], None),
        ("POST", consumer["stagedCredentialsUrl"], None),
        ("GET", staged["url"], None),
        ("PATCH", staged["url"], {"command": "rotate"}),
        ("DELETE", staged["url"], None),
    ):
        status, code, message = told(await rest.ask(method, path, body))
        assert (status, code) == (403, "INSUFFICIENT_ACCESS"), (method, path)
        assert "may not" in message
    assert (await developer.ask("GET", staged["url"])).json()["state"] == "Active"


async def test_apps_of_another_kind_or_org_are_not_there(rest: Rest) -> None:
    connected = await rest.house.app()
    foreign = await (await rest.house.elsewhere()).app(kind=AppKind.EXTERNAL_CLIENT_APP)

    for app_id in (connected.id, foreign.id, "0xI000000000001AAA", "Sync", rest.app.consumer_key):
        reply = await rest.ask("GET", f"{VERSION}/apps/oauth/credentials/{app_id}")
        assert told(reply)[:2] == (404, "NOT_FOUND")


async def test_short_ids_are_ids_too(rest: Rest) -> None:
    found = await rest.consumer()
    short = f"{VERSION}/apps/oauth/credentials/{rest.app.id[:15]}/{found['id'][:15]}"

    assert (await rest.ask("GET", short)).json()["id"] == found["id"]
    assert (await rest.ask("GET", f"{rest.root}/888000000000001")).status_code == 404


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ({"command": "turn"}, (400, "INVALID_INPUT")),
        ({"command": "rotate", "more": 1}, (400, "INVALID_INPUT")),
        (["rotate"], (400, "JSON_PARSER_ERROR")),
        (None, (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
async def test_a_body_that_does_not_say_rotate_changes_nothing(rest: Rest, json: Any, expected: Any) -> None:
    made = await rest.staged()

    assert told(await rest.ask("PATCH", made["url"], json))[:2] == expected
    assert (await rest.ask("GET", made["url"])).json()["state"] == "Active"


async def test_addresses_that_are_not_there_and_methods_not_taken_are_said_so(rest: Rest) -> None:
    consumer = await rest.consumer()
    staged = consumer["stagedCredentialsUrl"]

    assert told(await rest.ask("GET", f"{staged}/{MISSING}"))[:2] == (404, "NOT_FOUND")
    assert told(await rest.ask("GET", f"{consumer['url']}?part=all"))[:2] == (400, "INVALID_INPUT")
    assert told(await rest.ask("GET", staged.replace("v65.0", "v64.0")))[:2] == (404, "NOT_FOUND")
    assert told(await rest.ask("GET", f"{staged}/{MISSING}/more"))[:2] == (404, "NOT_FOUND")
    wrong = await rest.ask("PUT", staged)
    assert (told(wrong)[:2], wrong.headers["allow"]) == ((405, "METHOD_NOT_ALLOWED"), "GET, POST")


async def test_it_takes_a_token_with_api(rest: Rest) -> None:
    token = (await rest.house.token({"grant_type": "client_credentials", **_of(await machine(rest.house))}))[1]
    no_scope = await rest.house.sign_in(await rest.house.app(), "dev@harbour.example", scopes="id openid")
    del rest.program.http.headers["authorization"]

    assert told(await rest.ask("GET", rest.root))[:2] == (401, "INVALID_SESSION_ID")
    rest.program.http.headers["authorization"] = f"Bearer {no_scope['access_token']}"
    assert told(await rest.ask("GET", rest.root))[:2] == (401, "INVALID_SESSION_ID")
    rest.program.http.headers["authorization"] = f"Bearer {token['access_token']}"
    assert told(await rest.ask("GET", rest.root))[:2] == (403, "INSUFFICIENT_ACCESS")


def _of(app: TestApp) -> dict[str, str]:
    return {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
