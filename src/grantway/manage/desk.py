"""What every operation is given: database, clock, keys, and who asks; and the audit that each change leaves."""

from dataclasses import dataclass
from typing import Any

import msgspec

from grantway.kit.clock import Clock
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import Caller
from grantway.store.database import Database, Transaction
from grantway.store.events import add_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where one caller's operations are carried out."""

    db: Database
    clock: Clock
    ring: KeyRing
    caller: Caller

    async def audit(self, transaction: Transaction, kind: str, org_id: str, *, app_id: str = "", **detail: Any) -> None:
        """Record a change in the same transaction (S43). `detail` never holds a secret."""
        step = add_event(
            kind,
            at=self.clock.now_ms(),
            org_id=org_id,
            app_id=app_id,
            user_id=self.caller.user_id,
            detail=msgspec.json.encode({"by": self.caller.username or "operator", **detail}).decode(),
        )
        await transaction.run(step.statement, *step.values)
