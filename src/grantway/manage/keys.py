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
_NEWEST: Final = Statement("SELECT private_box FROM signing_key ORDER BY created_at DESC, kid DESC LIMIT 1")
_RETIRE: Final = Statement("UPDATE signing_key SET retired_at = :now WHERE kid = :kid AND retired_at IS NULL")
_FIRST_KID: Final = 220
_COLUMNS: Final = ("kid", "purpose", "created_at", "retired_at")
# ID tokens live twelve hours at most; a day covers them and every cache of the JWK set.
OVERLAP_MS: Final = DAY_MS


async def all_keys(desk: Desk) -> tuple[dict[str, Any], ...]:
    """Return every signing key without its private half, newest first.

    Raises:
        ManageProblem: the caller is not the operator.
    """
    desk.caller.needs(Right.SERVER)
    return tuple(dict(zip(_COLUMNS, row, strict=True)) for row in await desk.session.all(_ALL))


async def ensure(desk: Desk) -> None:
    """Make the first signing key if there is none, and open the newest. Several processes may call this at once.

    Raises:
        KeyRingError: the key file is not the one this database was written with.
    """
    newest = await desk.session.one(_NEWEST)
    if newest is not None:
        desk.ring.open(cast(bytes, newest[0]), SEAL_PURPOSE)
        return
    await _add(desk, "admin.keys.create", only_first=True)


async def rotate(desk: Desk) -> str:
    """Make a new key that signs from now on, and return its id; keys replaced more than a day ago are retired.

    Raises:
        ManageProblem: the caller is not the operator.
    """
    desk.caller.needs(Right.SERVER)
    return await _add(desk, "admin.keys.rotate")


async def _add(desk: Desk, kind: str, *, only_first: bool = False) -> str:
    pem = SigningKey.generate_pem()
    try:
        async with desk.changing() as changing:
            rows = await changing.session.all(_ALL)
            if rows and only_first:
                return cast(str, rows[0][0])
            kid = str(max((int(cast(str, row[0])) for row in rows), default=_FIRST_KID - 1) + 1)
            now = desk.clock.now_ms()
            live = tuple((cast(str, row[0]), cast(int, row[2])) for row in rows if row[3] is None)
            retired = _replaced_before(live, now - OVERLAP_MS)
            for old in retired:
                await changing.run(_RETIRE, now, old)
            # Keys made in one millisecond would tie; the one that signs must be the newest.
            made_at = max([now, *(cast(int, row[2]) + 1 for row in rows)])
            await changing.run(_ADD, kid, ID_TOKEN, desk.ring.seal(pem, SEAL_PURPOSE), made_at, None)
            await changing.audit(kind, "", kid=kid, retired=retired)
            return kid
    except Conflict:
        # Another process made its first key in the same moment; one is enough.
        return str(_FIRST_KID)


def _replaced_before(newest_first: tuple[tuple[str, int], ...], before: int) -> tuple[str, ...]:
    """Return the ids of keys whose successor was made before a time: nothing they signed still counts."""
    successors = zip(newest_first[1:], newest_first, strict=False)
    return tuple(kid for (kid, _), (_, successor_at) in successors if successor_at < before)
