"""Requests that are carried out once, however often they come: the answer is kept with the change (Idempotency-Key)."""

import hmac
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from grantway.kit.clock import DAY_MS
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.store.statement import Insert, Statement

_PURPOSE: Final = b"idempotent-answer"
KEPT_MS: Final = DAY_MS
_FIND: Final = Statement("SELECT request, answer, created_at FROM idempotent_answer WHERE id = :id")
_FORGET: Final = Statement("DELETE FROM idempotent_answer WHERE id = :id")
_KEEP: Final = Insert("idempotent_answer", ["id", "request", "answer", "created_at"])


class KeyReused(ManageProblem):
    """The key came before with another request."""


class _Kept(msgspec.Struct, frozen=True):
    permissions: frozenset[str]
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A caller's key for one request; `request` is all that makes the request this one."""

    key: str
    request: str

    async def answer(self, desk: Desk) -> bytes | None:
        """Return the answer that was kept in the last 24 hours, or None when the request is new.

        Called within `changing()`: transactions run one after the other, so of two requests that come at once the
        second finds the first's answer.

        Raises:
            KeyReused: the key was used for another request.
            NotAllowed: the caller lost a right that they had when the answer was made.
        """
        row = await desk.session.one(_FIND, self._id(desk))
        if row is None:
            return None
        if cast(int, row[2]) <= desk.clock.now_ms() - KEPT_MS:
            await desk.run(_FORGET, self._id(desk))
            return None
        if not any(
            hmac.compare_digest(cast(bytes, row[0]), digest) for digest in desk.ring.digests(self.request, _PURPOSE)
        ):
            raise KeyReused("this Idempotency-Key came before with another request; each request needs one of its own")
        kept = msgspec.msgpack.decode(desk.ring.open(cast(bytes, row[1]), _PURPOSE), type=_Kept)
        if not kept.permissions <= desk.caller.permissions:
            raise NotAllowed("the rights that this request had when it was first made are gone")
        return kept.answer

    async def keep(self, desk: Desk, answer: bytes) -> None:
        """Keep the answer, in the transaction of what it tells of."""
        kept = msgspec.msgpack.encode(_Kept(desk.caller.permissions, answer))
        sealed = desk.ring.seal(kept, _PURPOSE)
        request = desk.ring.digest(self.request, _PURPOSE)
        await desk.run(_KEEP, self._id(desk), request, sealed, desk.clock.now_ms())

    def _id(self, desk: Desk) -> str:
        return desk.ring.digest(f"{desk.caller.user_id} {self.key}", _PURPOSE).hex()
