"""Several processes that do the same work: started together, started anew when one dies, ended together."""

import contextlib
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Semaphore
from types import FrameType
from typing import Final

# What Ctrl+C becomes for a worker. A terminal sends SIGINT to every process of its group, and so to the workers twice:
# once by itself, and once from the process that started them.
AT_ONCE: Final = signal.SIGUSR1
_LOOK_S: Final = 1.0
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_log: Final = logging.getLogger("grantway")
Begun = Callable[[], None]


class Supervisor:
    """So many processes at one work, from the first to the last. Must be used on the main thread."""

    def __init__(self, count: int, work: Callable[[Begun], None]) -> None:
        """Start nothing yet.

        Parameters:
            work: what each process does; it is told how to say that it has begun. SIGTERM asks it to end; `AT_ONCE`
                asks for the same, soon, and when it comes again means now.
        """
        context = multiprocessing.get_context("spawn")
        self._count: Final = count
        self._begun: Final = context.Semaphore(0)
        self._process: Final = partial(context.Process, target=_be_worker, args=(work, self._begun))
        self._workers: Final[list[BaseProcess]] = []
        self._asked_to_end = False

    def run(self, ready: Callable[[], None]) -> None:
        """Keep the processes at work until SIGTERM or SIGINT, and pass it on; `ready` is called when all have begun."""
        for number in _STOP_SIGNALS:
            signal.signal(number, self._end)
        for index in range(self._count):
            self._start(index)
        told = 0
        while not self._asked_to_end:
            if told < self._count and self._begun.acquire(timeout=_LOOK_S / 4):
                told += 1
                if told == self._count:
                    ready()
            self._start_anew()
            if told >= self._count:
                with contextlib.suppress(ProcessLookupError):
                    multiprocessing.connection.wait([worker.sentinel for worker in self._workers], timeout=_LOOK_S)

    def wait(self, patience_s: float) -> None:
        """Return when all have ended; after so many seconds each is killed."""
        for worker in self._workers:
            worker.join(patience_s)
            if worker.is_alive():
                worker.kill()

    def _start(self, index: int) -> None:
        # No signal comes between: each worker is told to end, or never started.
        with _without_stop_signals():
            if not self._asked_to_end:
                process = self._process()
                process.start()
                self._workers[index : index + 1] = [process]

    def _start_anew(self) -> None:
        for index, worker in enumerate(self._workers):
            if not worker.is_alive() and not self._asked_to_end:
                _log.error("worker %s ended with status %s; starting another", worker.pid, worker.exitcode)
                self._start(index)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_end = True
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, AT_ONCE if number == signal.SIGINT else number)


@contextlib.contextmanager
def _without_stop_signals() -> Iterator[None]:
    """Keep the signals that end everything for later. What is started meanwhile never sees a Ctrl+C of its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be_worker(work: Callable[[Begun], None], begun: Semaphore) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    work(begun.release)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
