"""Signing keys of ID tokens: one from the start, a new one on rotation, the ones before published for a day (S25).

Those of JWT-based access tokens are made and rotated elsewhere (`access_keys`): neither rotation touches the other's.
"""

from typing import Any, Final, cast

from grantway.kit.clock import DAY_MS
from grantway.kit.jose import SigningKey
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
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
_NEWEST: Final = Statement(
    "SELECT private_box FROM signing_key WHERE purpose = :purpose ORDER BY created_at DESC, kid DESC LIMIT 1"
)
_RETIRE: Final = Statement(
    "UPDATE signing_key SET retired_at = :at WHERE purpose = :purpose AND (retired_at IS NULL OR retired_at > :at)"
    " RETURNING kid"
)
_FIRST_KID: Final = 220
_COLUMNS: Final = ("kid", "purpose", "org_id", "org", "created_at", "retired_at")
# ID tokens live twelve hours at most; a day covers them and every cache of the JWK set.
OVERLAP_MS: Final = DAY_MS


async def all_keys(desk: Desk) -> tuple[dict[str, Any], ...]:
    """Return every signing key without its private half, newest first; `state` is signs, published or retired.

    `org_id` and `org` (its name) are empty where a key signs for all orgs.

    Raises:
        ManageProblem: the caller is not the operator.
    """
    desk.caller.needs(Right.SERVER)
    found = []
    for row in await desk.session.all(_ALL):
        key: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
        end = key["retired_at"]
        state = "signs" if end is None else "published" if end > desk.clock.now_ms() else "retired"
        found.append(key | {"state": state})
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
    await _add(desk, "admin.keys.create", only_first=True)


async def rotate(desk: Desk, *, at_once: bool = False) -> str:
    """Make a new key that signs from now on, and return its id.

    The keys before stay published for a day, so that what they signed can still be verified; with `at_once`, for a key
    that got into wrong hands, they are retired now.

    Raises:
        ManageProblem: the caller is not the operator.
    """
    desk.caller.needs(Right.SERVER)
    return await _add(desk, "admin.keys.rotate", others_until=0 if at_once else OVERLAP_MS)


async def _add(desk: Desk, kind: str, *, others_until: int = OVERLAP_MS, only_first: bool = False) -> str:
    pem = SigningKey.generate_pem()
    try:
        async with desk.changing() as changing:
            rows = await changing.session.all(_KIDS, ID_TOKEN)
            if rows and only_first:
                return cast(str, rows[0][0])
            kid = str(max((int(cast(str, row[0])) for row in rows), default=_FIRST_KID - 1) + 1)
            now = desk.clock.now_ms()
            retired = await changing.run(_RETIRE, at=now + others_until, purpose=ID_TOKEN)
            # Keys made in one millisecond would tie; the one that signs must be the newest.
            made_at = max([now, *(cast(int, row[1]) + 1 for row in rows)])
            await changing.run(_ADD, kid, ID_TOKEN, desk.ring.seal(pem, SEAL_PURPOSE), made_at, None)
            retired_kids = sorted(cast(str, row[0]) for row in retired)
            await changing.audit(kind, "", kid=kid, retired=retired_kids, retired_at=now + others_until)
            return kid
    except Conflict:
        # Another process made its first key in the same moment; one is enough.
        return str(_FIRST_KID)
