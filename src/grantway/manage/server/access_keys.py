"""Signing keys of JWT-based access tokens: one an org, made at its first need; a rotation ends all that it signed.

Only the key that the org names (`access_kid`) counts. It is a part of what the directory keeps, so every server knows
of another one with its next request (decision 6).
"""

import asyncio
from dataclasses import dataclass
from typing import Final, cast

from grantway.domain.org import Org
from grantway.kit.access_jwt import key_id
from grantway.kit.jose import SigningKey
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import StaleVersion
from grantway.store.signing_keys import ACCESS_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Insert, Statement

_CURRENT: Final = Statement("SELECT access_kid FROM org WHERE id = :id")
_LAST: Final = Statement("SELECT MAX(created_at) FROM signing_key WHERE org_id = :org_id AND purpose = :purpose")
_ADD: Final = Insert("signing_key", ["kid", "purpose", "private_box", "created_at", "retired_at", "org_id"])
_RETIRE: Final = Statement(
    "UPDATE signing_key SET retired_at = :now WHERE org_id = :org_id AND purpose = :purpose AND retired_at IS NULL"
)
_NAME: Final = Statement("UPDATE org SET access_kid = :kid WHERE id = :org_id")
_END: Final = Statement(
    "UPDATE access_token SET revoked_at = :now WHERE org_id = :org_id AND kid <> '' AND revoked_at IS NULL"
    " AND expires_at > :now RETURNING id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What came of a rotation: the id of the key that signs now, and how many access tokens ended."""

    kid: str
    ended: int


async def ensure(desk: Desk, org_id: str) -> str:
    """Return the id of the key that signs an org's JWT-based access tokens; the first who asks makes it.

    Several processes may ask at once: exactly one key is made, and all get its id.

    Raises:
        LookupError: there is no such org.
        Unavailable: the database does not answer.
    """
    if kid := await _current(desk, org_id):
        return kid
    pem = await asyncio.to_thread(SigningKey.generate_pem)
    async with desk.changing() as changing:
        if kid := await _current(changing, org_id):
            return kid
        kid = await _put(changing, org_id, pem)
        await changing.audit("admin.access_key.create", org_id, kid=kid)
        return kid


async def revoke_all(desk: Desk, org: Org, *, seen: str | None = None) -> Rotated:
    """End every JWT-based access token of an org: another key signs from now on, what the ones before signed is dead.

    Their public halves leave the key set, so APIs that check tokens themselves refuse them once they read it anew.
    Refresh tokens, opaque access tokens, ID tokens and sessions go on. `seen` is the id of the key that the caller saw
    in force, empty before the org's first; None where that does not matter.

    Raises:
        ManageProblem: no right, or (StaleVersion) another key is in force by now.
    """
    desk.caller.needs(Right.USAGE, org.id)
    pem = await asyncio.to_thread(SigningKey.generate_pem)
    async with desk.changing() as changing:
        if seen is not None and seen != await _current(changing, org.id):
            raise StaleVersion("somebody else rotated the key since you opened this: look at the keys again")
        kid = await _put(changing, org.id, pem)
        ended = await changing.run(_END, now=desk.clock.now_ms(), org_id=org.id)
        await changing.audit("admin.access_key.rotate", org.id, kid=kid, access_tokens=len(ended))
        return Rotated(kid=kid, ended=len(ended))


async def _current(desk: Desk, org_id: str) -> str:
    row = await desk.session.one(_CURRENT, org_id)
    if row is None:
        raise LookupError(f"there is no org {org_id}")
    return cast(str, row[0])


async def _put(changing: Desk, org_id: str, pem: bytes) -> str:
    """Put a new key in the place of those before, and return its id."""
    now = changing.clock.now_ms()
    last = await changing.session.one(_LAST, org_id, ACCESS_TOKEN)
    # The time is the key's name: it must differ from every one before, also from one of this very millisecond.
    made_at = max(now, cast(int, last[0]) + 1) if last is not None and last[0] is not None else now
    kid = key_id(org_id, made_at)
    await changing.run(_RETIRE, now=now, org_id=org_id, purpose=ACCESS_TOKEN)
    await changing.run(_ADD, kid, ACCESS_TOKEN, changing.ring.seal(pem, SEAL_PURPOSE), made_at, None, org_id)
    await changing.run(_NAME, kid=kid, org_id=org_id)
    return kid
