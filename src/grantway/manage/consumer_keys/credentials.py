"""An app's consumer keys and secrets beside its current ones: read, added, dropped, made the app's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import AppKind, Credential, InstalledApp, KeyState
from grantway.kit.ids import CREDENTIAL_SET, derived_id
from grantway.kit.secrets import Secret, new_consumer_key, new_consumer_secret
from grantway.manage.desk import Desk
from grantway.store.apps import SECRET_PURPOSE
from grantway.store.statement import Insert, Statement, columns_of

STAGED: Final = "staged"
PREVIOUS: Final = "previous"
_ADD: Final = Insert("app_credential", Credential.__struct_fields__)
_DROP: Final = Statement("DELETE FROM app_credential WHERE consumer_key = :consumer_key")
_OF_APP: Final = Statement(
    f"SELECT {columns_of(Credential, 'c')}, u.username FROM app_credential c"  # noqa: S608 - our own names
    " LEFT JOIN person u ON u.id = c.created_by WHERE c.app_id = :app_id ORDER BY c.created_at DESC, c.consumer_key"
)
# Each step counts as a change of the app: what was read of it is read again, and what was seen of it is old.
_TOUCH: Final = Statement("UPDATE app SET version = version + 1 WHERE id = :id")
_SWAP: Final = Statement(
    "UPDATE app SET consumer_key = :consumer_key, secret_mac = :secret_mac, secret_box = :secret_box,"
    " version = version + 1 WHERE id = :id"
)


class PairState(Enum):
    """What is the matter with a pair. The last three are Salesforce's words, for external client apps (2.8)."""

    STAGED = "Staged"
    REPLACED = "Replaced"
    ACTIVE = "Active"
    ROTATED = "Rotated"
    EXPIRED = "Expired"

    @property
    def answers(self) -> bool:
        """Whether a client that sends the pair is let in."""
        return self in (PairState.ACTIVE, PairState.ROTATED, PairState.REPLACED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A consumer key and secret beside the current ones: a set, as Salesforce says of external client apps.

    - `id`: 18 characters; the pair's own, whatever becomes of it.
    - `created_at`, `created_by`, `username`: when (ms) and by whom it was staged or replaced; empty for the operator.
    - `is_replaced`: whether it was the app's own before, also when it has expired since.
    - `ends_at`: until when (ms) it answers or has answered; None for what waits to be applied.
    """

    id: str
    state: PairState
    is_replaced: bool
    consumer_key: str
    secret: Secret
    created_at: int
    created_by: str
    username: str
    ends_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """An app and its pairs beside the current one, the newest first."""

    app: InstalledApp
    sets: tuple[Pair, ...] = ()

    @property
    def staged(self) -> Pair | None:
        """The one that can be applied."""
        return next((one for one in self.sets if one.state in (PairState.STAGED, PairState.ACTIVE)), None)

    @property
    def previous(self) -> Pair | None:
        """The one that was replaced last, while it answers."""
        return next((one for one in self.sets if one.state in (PairState.REPLACED, PairState.ROTATED)), None)

    def named(self, set_id: str) -> Pair | None:
        """Return the pair with an id, or None."""
        return next((one for one in self.sets if one.id == set_id), None)


def is_external(app: InstalledApp) -> bool:
    """Tell whether an app's pairs are those of an external client app: both answer, and tokens stay."""
    return app.kind is AppKind.EXTERNAL_CLIENT_APP


async def pairs_of(desk: Desk, app: InstalledApp) -> Pairs:
    """Return an app with its pairs beside the current one, those that have ended too."""
    return Pairs(app=app, sets=tuple([_pair(desk, app, row) for row in await desk.session.all(_OF_APP, app.id)]))


async def add_staged(desk: Desk, app: InstalledApp, ends_at: int | None) -> None:
    """Store a fresh staged pair; with an end it answers at once."""
    secret = new_consumer_secret()
    await _add(
        desk,
        Credential(
            app_id=app.id,
            state=STAGED,
            consumer_key=new_consumer_key(),
            secret_mac=desk.ring.digest(secret.reveal(), SECRET_PURPOSE),
            secret_box=desk.ring.seal(secret.reveal().encode(), SECRET_PURPOSE),
            created_at=desk.clock.now_ms(),
            created_by=desk.caller.user_id,
            ends_at=ends_at,
        ),
    )
    await desk.run(_TOUCH, app.id)


async def drop(desk: Desk, app: InstalledApp, pairs: Sequence[Pair]) -> None:
    """Forget pairs of an app: what answered does so no longer."""
    for one in pairs:
        await desk.run(_DROP, one.consumer_key)
    await desk.run(_TOUCH, app.id)


async def put_in_force(desk: Desk, app: InstalledApp, staged: Pair, ends_at: int) -> None:
    """Make a staged pair the app's own; the one that was answers until `ends_at` (ms)."""
    old = app.app
    await desk.run(_DROP, staged.consumer_key)
    await desk.run(
        _SWAP,
        consumer_key=staged.consumer_key,
        secret_mac=desk.ring.digest(staged.secret.reveal(), SECRET_PURPOSE),
        secret_box=desk.ring.seal(staged.secret.reveal().encode(), SECRET_PURPOSE),
        id=app.id,
    )
    await _add(
        desk,
        Credential(
            app_id=app.id,
            state=PREVIOUS,
            consumer_key=old.consumer_key,
            secret_mac=old.secret_mac,
            secret_box=old.secret_box,
            created_at=desk.clock.now_ms(),
            created_by=desk.caller.user_id,
            ends_at=ends_at,
        ),
    )


async def _add(desk: Desk, pair: Credential) -> None:
    await desk.run(_ADD, *msgspec.structs.astuple(pair))


def _pair(desk: Desk, app: InstalledApp, row: Sequence[Any]) -> Pair:
    *columns, username = row
    one = Credential(*columns)
    return Pair(
        id=derived_id(CREDENTIAL_SET, one.consumer_key),
        state=_state(app, one, desk.clock.now_ms()),
        is_replaced=one.state == PREVIOUS,
        consumer_key=one.consumer_key,
        secret=Secret(desk.ring.open(one.secret_box, SECRET_PURPOSE).decode()),
        created_at=one.created_at,
        created_by=one.created_by,
        username=cast(str, username or ""),
        ends_at=one.ends_at,
    )


def _state(app: InstalledApp, one: Credential, now_ms: int) -> PairState:
    if one.at(now_ms) is KeyState.ENDED:
        return PairState.EXPIRED
    if not is_external(app):
        return PairState.STAGED if one.state == STAGED else PairState.REPLACED
    if one.at(now_ms) is KeyState.STAGED:
        # Staged by a release that had no sets yet: it has never answered.
        return PairState.STAGED
    return PairState.ACTIVE if one.state == STAGED else PairState.ROTATED
