"""Signing keys of ID tokens: one from the start, a new one on rotation, the ones before published for a day (S25).

Those of JWT-based access tokens are made and rotated elsewhere (`access_keys`): neither rotation touches the other's.
"""

import asyncio
import contextlib
from typing import Any, Final, cast

from grantway.kit.clock import DAY_MS
from grantway.kit.jose import RS256, SigningKey
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import NotAllowed, StaleVersion
from grantway.store.signing_keys import ID_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Conflict, Insert, Statement

_ADD: Final = Insert("signing_key", ["kid", "purpose", "private_box", "created_at", "retired_at"])
_ALL: Final = Statement(
    "SELECT k.kid, k.purpose, k.org_id, COALESCE(o.name, ''), k.created_at, k.retired_at FROM signing_key k"
    " LEFT JOIN org o ON o.id = k.org_id ORDER BY k.created_at DESC, k.kid DESC"
)
_KIDS: Final = Statement(
    "SELECT kid, created_at FROM signing_key WHERE purpose = :purpose ORDER BY created_at DESC, kid DESC"
)
_SIGNING: Final = Statement(
    "SELECT kid FROM signing_key WHERE purpose = :purpose AND retired_at IS NULL ORDER BY created_at DESC, kid DESC"
)
_NEWEST: Final = Statement(
    "SELECT private_box FROM signing_key WHERE purpose = :purpose ORDER BY created_at DESC, kid DESC LIMIT 1"
)
_RETIRE: Final = Statement(
    "UPDATE signing_key SET retired_at = :at WHERE purpose = :purpose AND (retired_at IS NULL OR retired_at > :at)"
    " RETURNING kid"
)
_ORGS: Final = Statement("SELECT COUNT(*) FROM org")
_FIRST_KID: Final = 220
_COLUMNS: Final = ("kid", "purpose", "org_id", "org", "created_at", "retired_at")
# ID tokens live twelve hours at most; a day covers them and every cache of the JWK set.
OVERLAP_MS: Final = DAY_MS


async def all_keys(desk: Desk) -> tuple[dict[str, Any], ...]:
    """Return the signing keys without their private halves, newest first, of other orgs to the operator alone.

    `state` is signs, published or retired.

    Times are in ms; `retired_at` is None for a key that signs. `org_id` and `org` (its name) are empty where a key
    signs for all orgs.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SIGNING_KEYS, desk.caller.org_id)
    found = []
    for row in await desk.session.all(_ALL):
        key: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
        if not desk.caller.is_operator and key["org_id"] not in ("", desk.caller.org_id):
            continue
        end = key["retired_at"]
        state = "signs" if end is None else "published" if end > desk.clock.now_ms() else "retired"
        found.append(key | {"state": state, "algorithm": RS256})
    return tuple(found)


async def ensure(desk: Desk) -> None:
    """Make the first signing key if there is none, and open the newest. Several processes may call this at once.

    Raises:
        KeyRingError: the key file is not the one this database was written with.
    """
    newest = await desk.session.one(_NEWEST, ID_TOKEN)
    if newest is not None:
        desk.ring.open(cast(bytes, newest[0]), SEAL_PURPOSE)
        return
    pem = SigningKey.generate_pem()
    with contextlib.suppress(Conflict):  # another process made its first key in the same moment; one is enough
        async with desk.changing() as changing:
            if not await changing.session.all(_KIDS, ID_TOKEN):
                await _add(changing, "admin.keys.create", pem, OVERLAP_MS)


async def demand_rotation(desk: Desk) -> None:
    """Demand the right to rotate: keys sign for every org of the server, so a user has it where theirs is the only one.

    Raises:
        NotAllowed: says what is missing.
    """
    desk.caller.needs(Right.ROTATE_SIGNING_KEYS, desk.caller.org_id)
    row = await desk.session.one(_ORGS)
    if not desk.caller.is_operator and row is not None and cast(int, row[0]) > 1:
        text = "that is the operator's, for they sign for another org's apps too: grantway keys rotate"
        raise NotAllowed(f"{desk.caller.username} may not rotate the signing keys here: {text}")


async def rotate(desk: Desk, *, at_once: bool = False, seen: str = "") -> str:
    """Make a new key that signs from now on, and return its id.

    The keys before stay published for a day, so that what they signed can still be verified; with `at_once`, for a key
    that got into wrong hands, they are retired now. `seen` is the id of the key that the caller saw signing; empty
    where that does not matter.

    Raises:
        ManageProblem: no right, or (StaleVersion) another key signs by now.
    """
    await demand_rotation(desk)
    pem = await asyncio.to_thread(SigningKey.generate_pem)  # it takes long: the others are answered meanwhile
    async with desk.changing() as changing:
        await demand_rotation(changing)
        if seen:
            rows = await changing.session.all(_SIGNING, ID_TOKEN)
            if [row[0] for row in rows[:1]] != [seen]:
                raise StaleVersion("somebody else rotated the keys since you opened this: look at them again")
        return await _add(changing, "admin.keys.rotate", pem, 0 if at_once else OVERLAP_MS)


async def _add(changing: Desk, kind: str, pem: bytes, others_until: int) -> str:
    rows = await changing.session.all(_KIDS, ID_TOKEN)
    kid = str(max((int(cast(str, row[0])) for row in rows), default=_FIRST_KID - 1) + 1)
    now = changing.clock.now_ms()
    retired = await changing.run(_RETIRE, at=now + others_until, purpose=ID_TOKEN)
    # Keys made in one millisecond would tie; the one that signs must be the newest.
    made_at = max([now, *(cast(int, row[1]) + 1 for row in rows)])
    await changing.run(_ADD, kid, ID_TOKEN, changing.ring.seal(pem, SEAL_PURPOSE), made_at, None)
    retired_kids = sorted(cast(str, row[0]) for row in retired)
    org_id = changing.caller.org_id
    await changing.audit(kind, org_id, kid=kid, retired=retired_kids, retired_at=now + others_until)
    return kid
