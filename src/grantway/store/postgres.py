"""PostgreSQL: reads on a few held connections, writes that share commits, transactions one after the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Final, Self

from grantway.kit.clock import Clock
from grantway.store.database import REVISION, revision_in
from grantway.store.gathering import Gathering
from grantway.store.postgres_connection import HeldConnection
from grantway.store.postgres_readers import Readers
from grantway.store.postgres_target import Target
from grantway.store.postgres_transaction import PostgresTransaction
from grantway.store.postgres_writer import Writer
from grantway.store.statement import DEADLINE_S, Row, SqlValue, Statement, Unavailable, Write

READERS: Final = 3
_ASKING_MAX: Final = 10_000


class PostgresDatabase:
    """One PostgreSQL database, made by `connect`. Must be used on the event loop it was made on."""

    name = "postgres"
    schema_lock = Statement("SELECT pg_advisory_xact_lock(7305808869229538)")
    table_exists = Statement("SELECT 1 WHERE to_regclass(:name) IS NOT NULL")

    def __init__(self, url: str, clock: Clock, *, deadline_s: float = DEADLINE_S, readers: int = READERS) -> None:
        target = Target(url=url, deadline_s=deadline_s)
        self._readers: Final = Readers(target, readers)
        self._writer: Final = Writer(target, clock)
        self._admin: Final = HeldConnection(target, role="administration", by_index=False)
        self._revisions: Final = Gathering(self._read_revision, _ASKING_MAX)
        self._deadline_s: Final = deadline_s
        self._admin_lock: Final = asyncio.Lock()
        self._closed = False

    @classmethod
    async def connect(cls, url: str, clock: Clock, *, deadline_s: float = DEADLINE_S, readers: int = READERS) -> Self:
        """Connect to the primary among the hosts of the URL; connections lost later are opened again by themselves.

        - `deadline_s`: how long any read or write, or step of a transaction, may take before it is `Unavailable`.
        - `readers`: connections for reading; three more are for writing.

        Raises:
            Unavailable: the database cannot be reached.
            ValueError: the URL cannot be read.
        """
        database = cls(url, clock, deadline_s=deadline_s, readers=readers)
        try:
            await asyncio.gather(database._readers.open(), database._writer.open())
        except BaseException:
            await database.close()
            raise
        return database

    async def one(self, statement: Statement, *values: SqlValue) -> Row | None:
        """Return the first row, or None."""
        self._refuse_when_closed()
        found = await self._readers.ask(statement, values, first_only=True)
        return found[0] if found else None

    async def all(self, statement: Statement, *values: SqlValue) -> Sequence[Row]:
        """Return every row."""
        self._refuse_when_closed()
        return await self._readers.ask(statement, values, first_only=False)

    async def each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Row | None]:
        """Return the first row, or None, for each of many rows of values, in as few questions as may be."""
        self._refuse_when_closed()
        return [found[0] if found else None for found in await self._readers.ask_each(statement, many)]

    async def revision(self) -> str:
        """Return the directory's revision; those who ask while it is being read share the next answer."""
        self._refuse_when_closed()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._revisions.add(answer)
        return await answer

    async def _read_revision(self, asking: list[asyncio.Future[str]]) -> None:
        try:
            found = await self._readers.ask(REVISION, (), first_only=True)
        except Exception as problem:
            for answer in asking:
                if not answer.done():
                    answer.set_exception(Unavailable(str(problem)))
            return
        revision = revision_in(found[0] if found else None)
        for answer in asking:
            if not answer.done():
                answer.set_result(revision)

    async def commit(self, write: Write) -> bool:
        """Carry out a write durably; see `Database.commit`."""
        self._refuse_when_closed()
        return await self._writer.commit(write)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """Begin a transaction; see `PostgresTransaction`."""
        self._refuse_when_closed()
        try:
            await asyncio.wait_for(self._admin_lock.acquire(), self._deadline_s)
        except TimeoutError:
            raise Unavailable("another transaction does not end") from None
        try:
            transaction = await PostgresTransaction.begin(self._admin, self._deadline_s)
            try:
                yield transaction
            except BaseException:
                await transaction.roll_back()
                raise
            await transaction.commit()
        finally:
            self._admin_lock.release()

    def ddl(self, text: str) -> str:
        """Return a migration's text in PostgreSQL's type names."""
        return (
            text.replace("INT64", "BIGINT")
            .replace("BYTES", "BYTEA")
            .replace("SORTTEXT", 'TEXT COLLATE "C"')
            .replace(") KEYED;", ");")
        )

    async def close(self) -> None:
        """Finish what was begun, then close every connection."""
        self._closed = True
        await self._readers.close()
        await self._writer.close()
        async with self._admin_lock:
            await self._admin.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Unavailable("the database is closed")
