"""Looking at passwords: a few at a time, one try at a time for an account, slower after each failure (S35, S36)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Final

from grantway.domain.org import User
from grantway.kit.clock import MINUTE_MS, Clock
from grantway.manage.people.passwords import password_matches
from grantway.policy.login_pace import ACCOUNT, ADDRESS, Looked, address_principal
from grantway.store.database import Database
from grantway.store.login_failures import failures_of, note_failure
from grantway.store.people import user_and_password
from grantway.store.statement import Step, Write

# The workers sign tokens too: whoever guesses passwords must not keep those waiting.
_AT_ONCE: Final = 2
_QUEUE: Final = 64
# Whoever floods the queue from one address leaves room in it for others.
_FROM_ONE_ADDRESS: Final = 16
_BUSY_MS: Final = 1000
FRESH_MS: Final = 5 * MINUTE_MS
"""For how long somebody who has just given their password may see secrets (connected-apps.md 2.5)."""


class Passwords:
    """The one place where a password is looked at."""

    def __init__(self) -> None:
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self._trying: Counter[str] = Counter()
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def look(
        self,
        *,
        db: Database,
        clock: Clock,
        workers: Executor,
        username: str,
        password: str,
        account: str,
        address: str,
        failed: Callable[[User | None], Step],
    ) -> Looked:
        """Look whether a username and password belong together.

        `account` is the principal under which tries for this username are counted. `failed` makes the event of a
        failure, for the user that was meant if there is one. An unknown user, a wrong password and a user who may not
        act give the same answer in the same time.

        Raises:
            Unavailable: the database does not answer.
        """
        place = address_principal(address)
        if self._trying.total() >= _QUEUE or self._trying[place] >= _FROM_ONE_ADDRESS:
            return Looked(None, _BUSY_MS)
        self._trying[place] += 1
        try:
            async with self._turn(account):
                return await self._look(db, clock, workers, username, password, account, place, failed)
        finally:
            self._trying[place] -= 1
            self._trying += Counter()  # forgets the places where nobody tries

    async def _look(
        self,
        db: Database,
        clock: Clock,
        workers: Executor,
        username: str,
        password: str,
        account: str,
        place: str,
        failed: Callable[[User | None], Step],
    ) -> Looked:
        now = clock.now_ms()
        wait_ms = max(
            ACCOUNT.wait_ms(*await failures_of(db, account, now), now),
            ADDRESS.wait_ms(*await failures_of(db, place, now), now),
        )
        if wait_ms:
            return Looked(None, wait_ms)
        found = await user_and_password(db, username)
        user, stored = found if found is not None else (None, "")
        async with self._hashing:
            matches = await asyncio.get_running_loop().run_in_executor(workers, password_matches, stored, password)
        if user is not None and matches and user.may_act:
            return Looked(user)
        now = clock.now_ms()
        steps = (*note_failure(account, now), *note_failure(place, now), failed(user))
        await db.commit(Write(steps))
        return Looked(None)

    @asynccontextmanager
    async def _turn(self, account: str) -> AsyncIterator[None]:
        """Let one try for an account in at a time: guesses sent at once would all meet the same count of failures."""
        lock, users = self._turns.get(account, (asyncio.Lock(), 0))
        self._turns[account] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._turns[account]
            if users == 1:
                del self._turns[account]
            else:
                self._turns[account] = (lock, users - 1)
