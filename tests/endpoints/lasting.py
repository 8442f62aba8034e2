"""One house for many examples of a property, which are no coroutines: on an event loop of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.endpoints.house import House, open_house

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@contextmanager
def lasting_house(folder: Path, url: str = "") -> Iterator[tuple[House, Run[Any]]]:
    """Open a house for a block; gives it with what runs a coroutine on its loop."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        opening = open_house(folder, url)
        house = runner.run(opening.__aenter__())
        try:
            yield house, runner.run
        finally:
            runner.run(opening.__aexit__(None, None, None))
