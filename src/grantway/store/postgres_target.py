"""Where PostgreSQL is: the hosts of a URL, tried in turn until one of them is the primary."""

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from grantway.store.statement import Unavailable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_URL: Final = re.compile(r"(?P<before>[a-z]+://(?:[^/?#]*@)?)(?P<hosts>[^/?#]*)(?P<after>.*)", re.DOTALL)


class Target:
    """A database and how long an operation on it may take; shared by all connections, and so is what they find out."""

    def __init__(self, *, url: str, deadline_s: float) -> None:
        self.deadline_s: Final = deadline_s
        self.doubts = 0
        """How often an open connection was given up because it did not answer: whoever is older must be opened anew."""
        self._urls = _one_host_each(url)

    async def connect(self, settings: Mapping[str, str]) -> "Connection":
        """Connect to the primary. A host that hangs has its share of the time only, and is asked last from then on.

        Raises:
            Unavailable: no host is reachable and a primary.
            ValueError: the URL cannot be read.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.deadline_s
        urls = list(self._urls)
        problems = []
        for tried, url in enumerate(urls):
            try:
                return await asyncpg.connect(
                    url,
                    timeout=(until - loop.time()) / (len(urls) - tried),
                    statement_cache_size=0,  # ours live as long as the connection
                    # A replica may lag behind a revocation: security decisions are made on the primary (R1).
                    target_session_attrs=SessionAttribute.primary,
                    server_settings=dict(settings),
                )
            except ValueError:  # asyncpg's text may quote a piece of the password
                raise ValueError("the PostgreSQL URL cannot be read") from None
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as problem:
                self._ask_last(url)
                problems.append(text_of(problem))
            except BaseException:
                self._ask_last(url)
                raise
        raise Unavailable(f"cannot connect to PostgreSQL: {'; '.join(problems)}")

    def _ask_last(self, url: str) -> None:
        self._urls.remove(url)
        self._urls.append(url)


def text_of(problem: BaseException) -> str:
    """Return what an exception of asyncpg's says first: not its DETAIL, which quotes values."""
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror  # its first argument is a bare number
    return str(problem.args[0]) if problem.args else type(problem).__name__


def _one_host_each(url: str) -> list[str]:
    parts = _URL.fullmatch(url)
    if parts is None:
        return [url]
    return [f"{parts['before']}{host}{parts['after']}" for host in parts["hosts"].split(",")]
