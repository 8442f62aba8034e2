"""Handlers that are Python code: found among the installed packages, run beside the event loop within a deadline."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from grantway.protocol.decision import Finding
from grantway.protocol.no import exchange as no
from grantway.protocol.token_handler import (
    ENTRY_POINTS,
    Believed,
    HandlerAnswer,
    IncomingToken,
    Named,
    TokenExchangeHandler,
    Validated,
)
from grantway.settings.token_handlers import Matches

T = TypeVar("T")
DEADLINE_S: Final = 5.0
_AT_ONCE: Final = 16
_IN_ALL: Final = 64
CODE: Final = "Code"
_VALUE_LIMIT: Final = 255


class TooBusy(Exception):
    """As many calls are under way as may be."""


@dataclass(slots=True)
class HandlerCode:
    """The handlers of installed packages, loaded when they are first asked, and a bounded number of threads for them.

    A call that does not come back keeps its thread and its place: code that hangs cannot take more than those of its
    name, so other handlers go on.
    """

    deadline_s: float = DEADLINE_S
    _loaded: dict[str, TokenExchangeHandler | None] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)

    async def ask(self, name: str, token: IncomingToken) -> HandlerAnswer:
        """Ask the code under a name about a token. Whatever it raises, and whatever it gives but an answer, is a no."""
        try:
            return await self._run(name, lambda: self._answer(name, token))
        except TimeoutError:
            return _failed(name, f"it took longer than {self.deadline_s:g} s")
        except TooBusy:
            return _failed(name, "too many of its calls are under way")

    def _answer(self, name: str, token: IncomingToken) -> HandlerAnswer:
        handler = self._handler(name)
        if handler is None:
            return HandlerAnswer((Finding(CODE, "not installed"),), no.NO_CODE(code=name))
        try:
            found: object = handler.validate(token)
            if not isinstance(found, Validated):
                return _failed(name, "validate gave something else than Validated")
            if found.valid is not True:
                says = no.said_no(token.handler, str(found.says))
                return HandlerAnswer((Finding(CODE, "does not believe the token"),), says)
            claims = dict(found.data)
            named = None if token.is_actor else handler.user_for(token, claims)
        except BaseException as problem:  # SystemExit too: raised on in the event loop, it would end the server
            # Only the type: the text of an exception may hold the token.
            return _failed(name, f"it raised {type(problem).__name__}")
        if named is not None and not is_whole(named):
            return _failed(name, "user_for gave something else than Named")
        return HandlerAnswer((Finding(CODE, f"{name} believes the token"),), None, Believed(claims, named))

    def _handler(self, name: str) -> TokenExchangeHandler | None:
        if name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    async def _run(self, name: str, work: Callable[[], T]) -> T:
        if self._under_way[name] >= _AT_ONCE or self._under_way.total() >= _IN_ALL:
            raise TooBusy
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def finish(result: T | None, problem: BaseException | None) -> None:
            self._under_way[name] -= 1
            if done.done():
                return
            if problem is not None:
                done.set_exception(problem)
            else:
                done.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            result: T | None = None
            failed: BaseException | None = None
            try:
                result = work()
            except BaseException as problem:
                failed = problem
            # The server may have stopped while the code was at work.
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish, result, failed)

        self._under_way[name] += 1
        # A daemon, not a pool's thread: code that hangs must not keep the server from ending.
        threading.Thread(target=run, name="token-handler", daemon=True).start()
        async with asyncio.timeout(self.deadline_s):
            return await done


def _load(name: str) -> TokenExchangeHandler | None:
    from importlib.metadata import entry_points  # only for handlers that are code

    for one in entry_points(group=ENTRY_POINTS, name=name):
        try:
            found = one.load()
            handler = found() if isinstance(found, type) else found
        except BaseException:
            return None
        return handler if isinstance(handler, TokenExchangeHandler) else None
    return None


def is_whole(named: object) -> bool:
    """Tell whether what should name a user does: texts that can be shown, of bounded length."""
    if not isinstance(named, Named) or not isinstance(named.by, Matches):
        return False
    texts: list[object] = [named.value, named.visitor]
    if (new := named.new) is not None:
        texts += [new.username, new.email, new.first_name, new.last_name]
    return all(isinstance(one, str) and one.isprintable() and len(one) <= _VALUE_LIMIT for one in texts)


def _failed(name: str, why: str) -> HandlerAnswer:
    return HandlerAnswer((Finding(CODE, why),), no.CODE_FAILED(code=name, why=why))
