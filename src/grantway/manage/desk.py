"""What every operation is given: database, clock, keys, and who asks; and the audit that each change leaves."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from grantway.kit.clock import Clock
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import Caller, caller_named
from grantway.manage.problem import ManageProblem
from grantway.store.database import Database, Session, Transaction
from grantway.store.events import add_event
from grantway.store.statement import Row, SqlValue, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where one caller's operations are carried out.

    `base_url` is where the server answers, for addresses of it that are stored; empty where it is not known.
    `transaction` is the one that is open, if one is. An operation changes things through `changing()`, so that it is
    whole by itself and can also be a part of a larger one. `request_id` and `address` go into the audit.
    """

    db: Database
    clock: Clock
    ring: KeyRing
    caller: Caller
    base_url: str = ""
    transaction: Transaction | None = None
    request_id: str = ""
    address: str = ""

    @property
    def session(self) -> Session:
        """Where to read: in the open transaction, else in the database."""
        return self.transaction or self.db

    @contextlib.asynccontextmanager
    async def changing(self) -> AsyncIterator["Desk"]:
        """Give a desk with a transaction: the one that is open, else a new one that ends with the block.

        Raises:
            ManageProblem: the caller's rights changed since they were read; somebody who was frozen changes nothing.
        """
        if self.transaction is not None:
            yield self
            return
        async with self.db.transaction() as transaction:
            caller = self.caller
            if not caller.is_operator and await caller_named(transaction, caller.username) != caller:
                raise ManageProblem(f"the rights of {caller.username} changed at this moment: try again")
            yield replace(self, transaction=transaction)

    async def run(self, statement: Statement, *values: SqlValue, **named: SqlValue) -> Sequence[Row]:
        """Change something in the open transaction; values by position, or by the statement's names."""
        assert self.transaction is not None, "changes are made within changing()"  # noqa: S101
        return await self.transaction.run(statement, *(values or [named[name] for name in statement.names]))

    async def audit(self, kind: str, org_id: str, *, app_id: str = "", **detail: Any) -> None:
        """Record a change in the same transaction (S43). `detail` never holds a secret."""
        step = add_event(
            kind,
            at=self.clock.now_ms(),
            org_id=org_id,
            app_id=app_id,
            user_id=self.caller.user_id,
            address=self.address,
            request_id=self.request_id,
            detail=msgspec.json.encode({"by": self.caller.username or "operator", **detail}).decode(),
        )
        await self.run(step.statement, *step.values)
