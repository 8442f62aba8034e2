"""What was answered is there after any crash."""

import signal

import httpx
import pytest

from tests.journeys.engines import Engine
from tests.journeys.served import kill, redeem, refresh, serving, start, walk

pytestmark = pytest.mark.xdist_group("ledger")


@pytest.mark.requirement("R4")
def test_after_kill_nothing_acknowledged_is_lost_and_nothing_spent_returns(
    engine: Engine, client: httpx.Client
) -> None:
    server = start(engine.folder, *engine.options)
    try:
        answer = redeem(server, client, walk(server, client)).json()
        rotated = refresh(server, client, answer["refresh_token"]).json()
        gone = redeem(server, client, walk(server, client, prompt="consent")).json()
        revoked = client.post(f"{server.base}/services/oauth2/revoke", data={"token": gone["refresh_token"]})
        assert revoked.status_code == 200
    finally:
        kill(server, signal.SIGKILL)

    with serving(engine.folder, *engine.options) as again:
        bearer = {"authorization": f"Bearer {rotated['access_token']}"}
        dead = {"authorization": f"Bearer {gone['access_token']}"}
        assert client.get(f"{again.base}/services/oauth2/userinfo", headers=bearer).status_code == 200
        assert client.get(f"{again.base}/services/oauth2/userinfo", headers=dead).status_code == 403
        assert refresh(again, client, gone["refresh_token"]).status_code == 400
        assert refresh(again, client, rotated["refresh_token"]).status_code == 200
        assert refresh(again, client, answer["refresh_token"]).status_code == 400
