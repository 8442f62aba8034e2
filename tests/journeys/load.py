"""Clients that get and revoke tokens without pause, and write down what they were told."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tests.journeys.served import Served

# Longer than any request may take: a request that outlives it fails the test.
_PATIENCE_S: Final = 12
_CLIENTS: Final = 4
# In the end each token is asked for: no more of them than that takes little time.
_PAUSE_S: Final = 0.01


class Load:
    """Runs for the length of a block; what goes wrong in a client is raised when the block ends.

    - `alive`, `revoked`: tokens whose issue, and whose revocation, was acknowledged.
    - `refused`: every answer that was not a yes.
    """

    def __init__(self, *served: Served) -> None:
        """Take the server, or several that share a database: each client asks all of them in turn."""
        self._served: Final = served
        self._pool: Final = ThreadPoolExecutor(_CLIENTS)
        self._running: list[Future[None]] = []
        self._stopping: Final = threading.Event()
        self._news: Final = threading.Condition()
        self.alive: Final[set[str]] = set()
        self.revoked: Final[set[str]] = set()
        self.refused: Final[list[httpx.Response]] = []
        self._yes = 0

    def __enter__(self) -> Self:
        self._running = [self._pool.submit(self._client) for _ in range(_CLIENTS)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._pool.shutdown()
        if error is None:
            for client in self._running:
                client.result()

    def until_acknowledged(self, more: int) -> None:
        """Wait until so many more requests were acknowledged."""
        self._wait(lambda: self._yes, more)

    def until_refused(self, more: int) -> None:
        """Wait until so many more requests were refused."""
        self._wait(lambda: len(self.refused), more)

    def _wait(self, count: Any, more: int) -> None:
        with self._news:
            goal = count() + more
            while count() < goal:
                heard = self._news.wait(timeout=30)
                assert heard, f"no news from the clients; {self._yes} yes, {len(self.refused)} no"
                for client in self._running:
                    if client.done():
                        client.result()

    def _client(self) -> None:
        with httpx.Client(timeout=_PATIENCE_S) as client:
            number = 0
            while not self._stopping.wait(_PAUSE_S):
                served = self._served[number % len(self._served)]
                number += 1
                token = self._get_token(served, client)
                if token and number % 2:
                    self._revoke(served, client, token)

    def _get_token(self, served: Served, client: httpx.Client) -> str:
        reply = ask(served, client, "token", grant_type="client_credentials")
        token = str(reply.json()["access_token"]) if reply.status_code == 200 else ""
        with self._news:
            if token:
                self.alive.add(token)
            self._note(reply)
        return token

    def _revoke(self, served: Served, client: httpx.Client, token: str) -> None:
        with self._news:
            self.alive.discard(token)  # from here on either may be true
        reply = ask(served, client, "revoke", token=token)
        with self._news:
            if reply.status_code == 200:
                self.revoked.add(token)
            self._note(reply)

    def _note(self, reply: httpx.Response) -> None:
        if reply.status_code == 200:
            self._yes += 1
        else:
            self.refused.append(reply)
        self._news.notify_all()


def ask(served: Served, client: httpx.Client, endpoint: str, **form: str) -> httpx.Response:
    """Ask an OAuth endpoint as the first demo app."""
    credentials = {"client_id": served.app["consumer_key"], "client_secret": served.app["consumer_secret"]}
    return client.post(f"{served.base}/services/oauth2/{endpoint}", data=credentials | form)


def is_active(served: Served, client: httpx.Client, token: str) -> bool:
    """Introspect a token."""
    reply = ask(served, client, "introspect", token=token, token_type_hint="access_token")
    assert reply.status_code == 200, reply.text
    return bool(reply.json()["active"])


def assert_kept(served: Served, load: Load) -> None:
    """Nothing that was acknowledged is lost, nothing that was revoked is back."""
    assert load.alive
    assert load.revoked
    with httpx.Client(timeout=_PATIENCE_S) as client:
        assert [token for token in load.alive if not is_active(served, client, token)] == []
        assert [token for token in load.revoked if is_active(served, client, token)] == []


def assert_clear(refused: list[httpx.Response]) -> None:
    """Each refusal says in its endpoint's dialect that the client may come again, and when."""
    for reply in refused:
        assert reply.status_code == 503, reply.text
        assert reply.json() == {"error": "temporarily_unavailable", "error_description": "retry your request"}
        assert reply.headers["retry-after"] == "1"
        assert reply.headers["cache-control"].endswith("private")
