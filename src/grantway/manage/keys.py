"""Signing keys: one from the start, a new one on rotation, old ones published until they are retired (S25)."""

from typing import Any, Final, cast

from grantway.kit.clock import DAY_MS
from grantway.kit.jose import SigningKey
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.store.signing_keys import ID_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert("signing_key", ["kid", "purpose", "private_box", "created_at", "retired_at"])
_ALL: Final = Statement(
    "SELECT kid, purpose, created_at, retired_at FROM signing_key ORDER BY created_at DESC, kid DESC"
)
_RETIRE: Final = Statement(
    "UPDATE signing_key SET retired_at = :now WHERE purpose = :purpose AND retired_at IS NULL AND created_at < :before"
)
_FIRST_KID: Final = 220
# ID tokens live twelve hours at most; a day covers them and every cache of the JWK set.
_OVERLAP_MS: Final = DAY_MS


async def all_keys(desk: Desk) -> tuple[dict[str, Any], ...]:
    """Return every signing key without its private half, newest first."""
    names = ("kid", "purpose", "created_at", "retired_at")
    return tuple(dict(zip(names, row, strict=True)) for row in await desk.db.all(_ALL))


async def ensure(desk: Desk) -> None:
    """Make the first signing key if there is none. Several processes may call this at once."""
    if not await all_keys(desk):
        await _add(desk)


async def rotate(desk: Desk) -> str:
    """Make a new key that signs from now on; keys older than a day that no longer sign are retired.

    Raises:
        ManageProblem: the caller is not the operator.
    """
    desk.caller.needs(Right.SERVER)
    now = desk.clock.now_ms()
    signing = [key for key in await all_keys(desk) if key["retired_at"] is None]
    if len(signing) > 1:
        # What signed until now stays published; what was replaced over a day ago goes.
        async with desk.db.transaction() as transaction:
            before = min(cast(int, signing[0]["created_at"]), now - _OVERLAP_MS)
            await transaction.run(_RETIRE, now, ID_TOKEN, before)
    return await _add(desk)


async def _add(desk: Desk) -> str:
    kids = [int(cast(str, key["kid"])) for key in await all_keys(desk)]
    kid = str(max(kids, default=_FIRST_KID - 1) + 1)
    box = desk.ring.seal(SigningKey.generate_pem(), SEAL_PURPOSE)
    try:
        async with desk.db.transaction() as transaction:
            await transaction.run(_ADD, kid, ID_TOKEN, box, desk.clock.now_ms(), None)
            await desk.audit(transaction, "admin.keys.rotate", "", kid=kid)
    except Conflict:
        # Another process made the same key at this moment; one is enough.
        return kid
    return kid
