"""A request whose COMMIT lost its answer, and could not be looked up: refused without a claim that nothing was done."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from grantway.app import open_server
from grantway.kit.config import ServeConfig
from grantway.kit.http import Call, new_request_id
from grantway.kit.keyfile import new_key_line
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.server.demo import make_demo
from grantway.manage.usage.explain import explain
from grantway.web.dispatch import Dispatch
from tests.store.cutting_proxy import cutting_proxy

_BASE = "http://localhost:8400"


@pytest.mark.postgres
@pytest.mark.requirement("R2")
async def test_an_unknown_outcome_is_503_and_explained_as_such(postgres_url: str, tmp_path: Path) -> None:
    key_file = tmp_path / "named.key"
    key_file.write_text(new_key_line())
    async with (
        cutting_proxy(postgres_url) as (proxy, url),
        open_server(ServeConfig(database=url, key_file=str(key_file), base_url=_BASE)) as server,
    ):
        desk = Desk(db=server.db, clock=server.clock, ring=server.ring, caller=OPERATOR)
        made = await make_demo(desk, _BASE)
        assert made is not None
        app = made["apps"][0]
        form = {
            "grant_type": "client_credentials",
            "client_id": app["consumer_key"],
            "client_secret": app["consumer_secret"],
        }
        call = Call(
            method="POST",
            path="/services/oauth2/token",
            headers=((b"content-type", b"application/x-www-form-urlencoded"),),
            body=urlencode(form).encode(),
            host="localhost:8400",
            request_id=new_request_id(),
        )

        proxy.cut_after, proxy.refusing = b"COMMIT", True
        reply = await Dispatch(server)(call)
        proxy.refusing = False

        assert reply.status == 503
        assert (b"retry-after", b"1") in reply.headers
        await server.refusals.flush()
        assert (await explain(desk, call.request_id)).reason == "server.outcome_unknown"
