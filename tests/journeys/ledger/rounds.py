"""Rounds of load and crash on one database: a server starts, is checked, works for sixteen clients, and is killed."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event, Lock
from typing import Final

import httpx

from tests.journeys import crashing
from tests.journeys.caller import Caller, InDoubt
from tests.journeys.engines import Engine
from tests.journeys.ledger.book import App, Book, Broken
from tests.journeys.ledger.editor import Editor
from tests.journeys.ledger.halves import halves
from tests.journeys.ledger.machine import Machine
from tests.journeys.ledger.visitor import Visitor
from tests.journeys.served import GRANTWAY, Served, kill, kill_a_worker, start, wait_until_dead, walk

AT_ANY_MOMENT: Final = "at any moment"
ONE_WORKER: Final = "one of two workers, at any moment"
_ENDINGS: Final = (AT_ANY_MOMENT, crashing.BEFORE_COMMIT, ONE_WORKER, crashing.AFTER_COMMIT)
_MACHINES: Final = 6
_ANSWERS: Final = (10, 60)
"""A server is killed after so many answers, and at a random moment then."""
Client = Visitor | Machine | Editor


# In each fifth round the kill waits for the edit. Five, so that every ending has its turn.
_EDIT_WAITED_FOR: Final = 5


@dataclass(frozen=True)
class Round:
    """How many workers serve, and what is killed when."""

    workers: int
    ending: str


def plan(number: int, engine: str) -> Round:
    """Return what a round is like: every second one ends at a commit; SQLite is served by one worker and by two."""
    workers = 1 + number // len(_ENDINGS) % 2 if engine == "sqlite" else 2
    ending = _ENDINGS[number % len(_ENDINGS)]
    return Round(workers, AT_ANY_MOMENT if ending == ONE_WORKER and workers == 1 else ending)


class Ledger:
    """Sixteen clients, one database, and what came of all rounds so far."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.broken: list[str] = []
        self.rounds = 0
        self._engine: Final = engine
        self._random: Final = Random(seed)
        self._switch: Final = engine.folder / "switch"
        self._workers: list[Visitor | Machine] = []
        self._editor: Editor | None = None

    @property
    def told(self) -> Counter[str]:
        """How many things clients were told, by kind."""
        return self._sum(lambda book: book.told)

    @property
    def doubts(self) -> Counter[str]:
        """How many things were asked and not answered, by kind."""
        return self._sum(lambda book: book.doubts)

    def round(self, planned: Round) -> None:
        """Start a server, hold all notes against it, let the clients work, and kill it, workers and all."""
        self.rounds += 1
        self._switch.unlink(missing_ok=True)
        watched = (sys.executable, crashing.__file__, str(self._switch))
        at_a_commit = planned.ending in {crashing.BEFORE_COMMIT, crashing.AFTER_COMMIT}
        served = self._start(planned.workers, watched if at_a_commit else GRANTWAY)
        try:
            if not self._workers:
                self._set_up(served)
            self._check(served, edit=True)
            self._work(served, planned.ending)
            if planned.ending == ONE_WORKER:
                self._engine.wait_until_quiet()
                self._check(served)
        finally:
            kill(served, signal.SIGKILL)

    def finish(self) -> None:
        """Start a server once more, and look at everything that is remembered."""
        self._switch.unlink(missing_ok=True)
        served = self._start(2, GRANTWAY)
        try:
            self._check(served)
            self._check_in_the_end(served)
        finally:
            kill(served)

    def _start(self, workers: int, launcher: tuple[str, ...]) -> Served:
        self._engine.wait_until_quiet()
        served = start(self._engine.folder, *self._engine.options, "--workers", str(workers), launcher=launcher)
        served.options = self._engine.options
        return served

    def _set_up(self, served: Served) -> None:
        """Log three people in, let each allow each of the demo apps, and engage everybody."""
        strict, single_token, overlapping = (
            App(one["consumer_key"], one["consumer_secret"], one["callback_url"], one["name"] == "Single_Page_App")
            for one in served.demo["apps"]
        )
        # Of a public app on a person's device each code needs a new yes; these are to give codes without a page.
        confidential = "require_secret_for_web_server_flow=true"
        for name, *values in (
            ("Demo_App", "introspect_all=true"),
            ("PlatformCLI", confidential),
            ("Single_Page_App", confidential, "rotation_overlap=300"),
        ):
            assert served.cli("app", "set", name, *values).returncode == 0

        def book() -> Book:
            return Book(strict, Random(self._random.random()))

        for user in (served.demo["admin"], *served.demo["users"][:2]):
            with httpx.Client(headers={"accept": "text/html"}, timeout=30) as browser:
                for app in (strict, single_token, overlapping):
                    asked = {"client_id": app.client_id, "redirect_uri": app.callback, "scope": "api refresh_token"}
                    walk(served, browser, user=user, **asked)
                cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
            self._workers += [Visitor(app, cookie, book()) for app in (strict, single_token, overlapping)]
        self._workers += [Machine(strict, book()) for _ in range(_MACHINES)]
        command = [*GRANTWAY, "--data", str(served.folder), *served.options, "app", "set", "Demo_App"]
        self._editor = Editor(strict, command, book())

    def _check(self, served: Served, *, edit: bool = False) -> None:
        def check(client: Client) -> None:
            with Caller(served.base) as http:
                client.check(http)
            if edit and isinstance(client, Editor):
                client.begin()

        self._all_at_once(check)
        self.broken += [f"round {self.rounds}: in the database: {what}" for what in halves(self._engine.url)]

    def _check_in_the_end(self, served: Served) -> None:
        def check(client: Client) -> None:
            if not isinstance(client, Editor):
                with Caller(served.base) as http:
                    client.check_in_the_end(http)

        self._all_at_once(check)

    def _work(self, served: Served, ending: str) -> None:
        enough, edited, ended, lock = Event(), Event(), Event(), Lock()
        if self.rounds % _EDIT_WAITED_FOR:
            edited.set()  # otherwise the edit is killed as well, if it takes longer
        left = self._random.randint(*_ANSWERS)
        moment_s = self._random.uniform(0, 0.02)

        def load(client: Visitor | Machine) -> None:
            nonlocal left
            try:
                with Caller(served.base) as http:
                    # A worker that lives goes on answering, so its clients stop by themselves; others get no answer.
                    while not (ending == ONE_WORKER and ended.is_set()):
                        client.work(http)
                        with lock:
                            left -= 1
                        if left <= 0:
                            enough.set()
            except InDoubt as problem:
                if not ended.is_set():
                    raise Broken(f"no answer from a server that runs: {problem}") from problem

        def work(client: Client) -> None:
            try:
                if isinstance(client, Editor):
                    client.finish()
                else:
                    load(client)
            finally:
                (edited if isinstance(client, Editor) else enough).set()

        def end() -> None:
            enough.wait()
            edited.wait()
            time.sleep(moment_s)  # not to wait for anything: the moment is random
            ended.set()
            if ending == AT_ANY_MOMENT:
                kill(served, signal.SIGKILL)
            elif ending == ONE_WORKER:
                kill_a_worker(served)
            else:
                _turn(self._switch, ending)
                wait_until_dead(served)
            assert self._editor is not None
            self._editor.kill()

        with ThreadPoolExecutor(1) as reaper:
            reaped = reaper.submit(end)
            self._all_at_once(work)
            reaped.result()

    def _all_at_once(self, act: Callable[[Client], None]) -> None:
        assert self._editor is not None
        everybody = [*self._workers, self._editor]

        def safely(client: Client) -> None:
            try:
                act(client)
            except (Broken, InDoubt) as problem:
                client.book.broken.append(f"round {self.rounds}: {type(client).__name__}: {problem}")

        with ThreadPoolExecutor(len(everybody)) as pool:
            list(pool.map(safely, everybody))
        for client in everybody:
            self.broken += client.book.broken
            client.book.broken.clear()

    def _sum(self, part: Callable[[Book], Counter[str]]) -> Counter[str]:
        clients = [*self._workers, *([self._editor] if self._editor else [])]
        return sum((part(client.book) for client in clients), Counter[str]())


def _turn(switch: Path, point: str) -> None:
    """Turn the switch of `crashing`: whole or not at all, for it is read at every commit."""
    being_made = switch.with_suffix(".new")
    being_made.write_text(point)
    being_made.replace(switch)
