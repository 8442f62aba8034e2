"""A server killed at a named point of one request: before its commit nothing was done, after it everything was."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.journeys import crashing
from tests.journeys.engines import Engine
from tests.journeys.ledger.halves import halves
from tests.journeys.served import (
    Served,
    SignedIn,
    kill,
    redeem,
    refresh,
    serving,
    start,
    wait_until_dead,
    walk,
)

pytestmark = [
    pytest.mark.requirement("R1"),
    pytest.mark.requirement("R3"),
    pytest.mark.requirement("R4"),
]


@dataclass
class Crashed:
    """A server that runs again, after it was killed at one point of a redemption, a rotation and a revocation."""

    served: Served
    done: bool
    """Whether the commit was made before the kill."""
    code: SignedIn
    rotated: dict[str, str]
    revoked: dict[str, str]
    edit: str
    """The description that the app was given on a command line that was killed."""

    def works(self, client: httpx.Client, tokens: dict[str, str]) -> bool:
        """Tell whether an access token opens the userinfo endpoint."""
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        return client.get(f"{self.served.base}/services/oauth2/userinfo", headers=bearer).status_code == 200


@pytest.fixture(scope="module", params=[crashing.BEFORE_COMMIT, crashing.AFTER_COMMIT])
def crashed(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Crashed]:
    """Let each kind of change meet the crash, one after the other, then start an ordinary server."""
    switch = engine.folder / "switch"
    watched = (sys.executable, crashing.__file__, str(switch))

    def begin() -> Served:
        switch.unlink(missing_ok=True)
        engine.wait_until_quiet()
        return start(engine.folder, *engine.options, launcher=watched)

    def crash(served: Served, work: Callable[[], object]) -> None:
        try:
            switch.write_text(request.param)
            with pytest.raises(httpx.TransportError):
                work()
            wait_until_dead(served)
        finally:
            kill(served, signal.SIGKILL)

    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as client:
        served = begin()
        rotated, revoked = (redeem(served, client, walk(served, client)).json() for _ in range(2))
        code = walk(served, client)
        crash(served, lambda: redeem(served, client, code))
        served = begin()
        crash(served, lambda: refresh(served, client, rotated["refresh_token"]))
        served = begin()
        form = {"token": revoked["refresh_token"]}
        crash(served, lambda: client.post(f"{served.base}/services/oauth2/revoke", data=form))
        command = [*watched, "--data", str(engine.folder), *engine.options, "app", "set", served.app["name"]]
        edited = subprocess.run([*command, f"description={request.param}"], timeout=60, check=False)
        assert edited.returncode == -signal.SIGKILL
    switch.unlink()
    engine.wait_until_quiet()
    with serving(engine.folder, *engine.options) as again:
        again.options = engine.options
        yield Crashed(again, request.param == crashing.AFTER_COMMIT, code, rotated, revoked, request.param)


def test_a_code_counts_as_redeemed_from_the_commit_on(crashed: Crashed, client: httpx.Client) -> None:
    reply = redeem(crashed.served, client, crashed.code)

    assert reply.status_code == (400 if crashed.done else 200)
    assert (reply.json().get("error") == "invalid_grant") is crashed.done


def test_a_refresh_token_counts_as_spent_from_the_commit_on(crashed: Crashed, client: httpx.Client) -> None:
    assert crashed.works(client, crashed.rotated)

    assert refresh(crashed.served, client, crashed.rotated["refresh_token"]).status_code == (
        400 if crashed.done else 200
    )


def test_a_revoked_line_is_dead_whole_from_the_commit_on(crashed: Crashed, client: httpx.Client) -> None:
    assert crashed.works(client, crashed.revoked) is not crashed.done
    assert refresh(crashed.served, client, crashed.revoked["refresh_token"]).status_code == (
        400 if crashed.done else 200
    )


def test_an_edit_on_the_command_line_holds_from_the_commit_on(crashed: Crashed) -> None:
    shown = crashed.served.cli("app", "show", crashed.served.app["name"], "--json")

    assert (json.loads(shown.stdout)["settings"]["description"] == crashed.edit) is crashed.done


@pytest.mark.usefixtures("crashed")
def test_no_write_is_there_by_halves(engine: Engine) -> None:
    assert halves(engine.url) == []
