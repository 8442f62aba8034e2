"""Schemathesis asks every operation what its own description allows and forbids: no 500, no answer unlike it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.definitions import OPENAPI_31

from grantway.adminapi.openapi import document
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.people import holders
from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from tests.adminapi.client import NORA, ROOT, administrator
from tests.endpoints.house import open_house

_CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # 412, 422 and 428 say what no schema can: a value that is taken, a version that is not the last.
            "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 400, 403, 404, 409, 412, 422]},
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428]},
            "missing_required_header": {"expected-statuses": [400, 404, 422, 428]},
        },
    }
)


@schemathesis.serializer("application/zip")
def as_bytes(_: Any, value: Any) -> bytes:
    """Send whatever was made up as the bytes of a zip."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


SCHEMA = schemathesis.openapi.from_dict(document(), config=_CONFIG)


# Names that stand in the paths: an app is there at each request, whatever the one before did.
THERE = {
    "app": "Sync",
    "user": "ben@harbour.example",
    "permission_set": "Clerk",
    "name": "Minimum",
    "scope": "gate",
    "permission": "Gate",
}


class Running:
    """A served house on a loop of its own, in a thread, so that a plain test can ask it again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))
        self._thread.start()
        assert self._ready.wait(20)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with open_house(self._folder) as house:
            self._house = house
            await administrator(house)
            self._app = await house.app()
            await holders.create(house.desk, holders.PERMISSION_SETS, house.org_id, "Clerk", ())
            dispatch = Dispatch(house.server)
            edge = Edge(dispatch, dispatch.refuse_status, now_us=house.server.clock.now_us)
            self._server = uvicorn.Server(uvicorn.Config(edge, port=0, lifespan="off", log_level="warning"))
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self.port = listener.getsockname()[1]
                asyncio.get_running_loop().call_later(0.2, self._ready.set)
                await self._server.serve(sockets=[listener])

    def token(self) -> str:
        """Return a fresh token of the administrator: whatever was revoked before, this one is good."""
        signing_in = self._house.sign_in(self._app, NORA)
        answer = asyncio.run_coroutine_threadsafe(signing_in, self._loop).result(20)
        return str(answer["access_token"])

    def make_sure(self) -> None:
        """Have the app, the custom scope and the custom permission that the paths name."""
        asyncio.run_coroutine_threadsafe(self._make_sure(), self._loop).result(20)

    async def _make_sure(self) -> None:
        house = self._house
        if await apps.id_of_name(house.desk, house.org, "Sync") is None:
            new = apps.NewApp(name="Sync", values={"contact_email": "it@harbour.example"})
            await apps.create(house.desk, house.org, new)
        if "gate" not in {one.name for one in await custom_scopes.all_of(house.desk, house.org)}:
            scope = custom_scopes.NewScope(name="gate", description="The gate")
            await custom_scopes.create(house.desk, house.org, scope)
        if "Gate" not in {one.name for one in await custom_permissions.all_of(house.desk, house.org)}:
            await custom_permissions.create(house.desk, house.org, custom_permissions.NewPermission(name="Gate"))

    def end(self) -> None:
        """Stop."""
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for all operations of this file."""
    server = Running(tmp_path_factory.mktemp("house"))
    yield server
    server.end()


def test_the_description_is_valid_openapi_3_1() -> None:
    found = document()

    jsonschema_rs.validator_for(OPENAPI_31).validate(found)
    for path in found["paths"].values():
        for operation in path.values():
            for one in (*operation["responses"].values(), operation.get("requestBody", {})):
                for content in one.get("content", {}).values():
                    jsonschema_rs.meta.validate(
                        {"$schema": "https://json-schema.org/draft/2020-12/schema", **content["schema"]}
                    )


@SCHEMA.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_it_is_described(case: schemathesis.Case[Any], running: Running) -> None:
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    if path is not None and path.mode.is_positive and case.path_parameters:
        # Any name is allowed; one that is there lets the request get further.
        case.path_parameters |= {name: THERE[name] for name in case.path_parameters if name in THERE}
        running.make_sure()
    headers = {"Host": "localhost:8400", "Authorization": f"Bearer {running.token()}"}
    case.call_and_validate(base_url=f"http://127.0.0.1:{running.port}{ROOT}", headers=headers)
