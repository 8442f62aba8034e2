"""Keys and secrets of external client apps as Salesforce's REST resource gives them (connected-apps.md 2.5, 2.8).

The same operations as in Setup, behind a switch of the org. An app has one consumer here, whose id is its own's.
"""

from dataclasses import dataclass

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp, read_values
from grantway.domain.org import Org
from grantway.kit.ids import EXTERNAL_CLIENT_APP, OAUTH_CONSUMER, canonical_id, derived_id
from grantway.manage.connected_apps import apps
from grantway.manage.consumer_keys import rotation
from grantway.manage.consumer_keys.credentials import Pair
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound
from grantway.manage.server import orgs


class SwitchedOff(ManageProblem):
    """The org does not let programs read consumer secrets by REST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """An external client app's consumer: the key and secret that are the app's own. Its id stays when they change."""

    id: str
    app: InstalledApp


async def consumer(desk: Desk, app_id: str, consumer_id: str | None = None) -> Consumer:
    """Return the consumer of an external client app of the caller's org. Show its secret to nobody.

    `app_id` and `consumer_id` in either form; None for the only consumer.

    Raises:
        ManageProblem: (SwitchedOff) the org's switch is off, (NotAllowed) no right, (NotFound) no such app or consumer.
    """
    org, app_id = await _opened(desk), _app_id(app_id)
    return _consumer((await rotation.look(desk, org, app_id)).app, consumer_id)


async def reveal(desk: Desk, app_id: str, consumer_id: str) -> Consumer:
    """Return a consumer whose secret may be shown; leaves an audit record.

    Raises:
        ManageProblem: as with `consumer`, or the app acts as a user with more rights.
    """
    found = await consumer(desk, app_id, consumer_id)
    return _consumer(await apps.reveal(desk, await orgs.home_of(desk), found.app.id), consumer_id)


async def sets(desk: Desk, app_id: str, consumer_id: str) -> tuple[Pair, ...]:
    """Return the sets beside a consumer's own, the newest first, with secrets to be shown; each leaves a record.

    Raises:
        ManageProblem: as with `reveal`.
    """
    async with desk.changing() as changing:
        org, found = await orgs.home_of(changing), await consumer(changing, app_id, consumer_id)
        held = (await rotation.look(changing, org, found.app.id)).sets
        return tuple([await rotation.reveal_staged(changing, org, found.app.id, set_id=one.id) for one in held])


async def one_set(desk: Desk, app_id: str, consumer_id: str, set_id: str) -> Pair:
    """Return one set beside a consumer's own, with its secret to be shown; leaves an audit record.

    Raises:
        ManageProblem: as with `reveal`; (NotFound) no such set.
    """
    async with desk.changing() as changing:
        found = await consumer(changing, app_id, consumer_id)
        return await rotation.reveal_staged(changing, await orgs.home_of(changing), found.app.id, set_id=set_id)


async def stage(desk: Desk, app_id: str, consumer_id: str) -> Pair:
    """Stage a set, and return it with its secret to be shown.

    Raises:
        ManageProblem: as with `consumer` and `rotation.stage`.
    """
    async with desk.changing() as changing:
        found = await consumer(changing, app_id, consumer_id)
        staged = (await rotation.stage(changing, await orgs.home_of(changing), found.app.id)).staged
        assert staged is not None  # noqa: S101 - made a moment ago
        return staged


async def rotate(desk: Desk, app_id: str, consumer_id: str, set_id: str) -> Pair:
    """Make a set the consumer's own, and return the one that it replaces, with its secret to be shown.

    Raises:
        ManageProblem: as with `consumer` and `rotation.apply`.
    """
    async with desk.changing() as changing:
        org, found = await orgs.home_of(changing), await consumer(changing, app_id, consumer_id)
        done = await rotation.apply(changing, org, found.app.id, set_id=set_id)
        (replaced,) = (
            one
            for one in (await rotation.look(changing, org, done.app.id)).sets
            if one.consumer_key == found.app.consumer_key
        )
        return await rotation.reveal_staged(changing, org, done.app.id, set_id=replaced.id)


async def delete(desk: Desk, app_id: str, consumer_id: str, set_id: str) -> None:
    """Delete a set: from this moment it is refused.

    Raises:
        ManageProblem: as with `consumer` and `rotation.cancel`.
    """
    async with desk.changing() as changing:
        found = await consumer(changing, app_id, consumer_id)
        await rotation.cancel(changing, await orgs.home_of(changing), found.app.id, set_id=set_id)


async def _opened(desk: Desk) -> Org:
    org = await orgs.home_of(desk)
    if not read_values(org.settings).get(s.CONSUMER_SECRETS_BY_REST, s.CONSUMER_SECRETS_BY_REST.default):
        raise SwitchedOff(f"{s.CONSUMER_SECRETS_BY_REST.label} ({s.CONSUMER_SECRETS_BY_REST.name}) is off")
    return org


def _app_id(text: str) -> str:
    found = canonical_id(text, EXTERNAL_CLIENT_APP)
    if found is None:
        raise NotFound(f"{text[:40]!r} is no id of an external client app")
    return found


def _consumer(app: InstalledApp, consumer_id: str | None) -> Consumer:
    own = derived_id(OAUTH_CONSUMER, app.id)
    if app.kind is not AppKind.EXTERNAL_CLIENT_APP or (
        consumer_id is not None and canonical_id(consumer_id, OAUTH_CONSUMER) != own
    ):
        raise NotFound(f"{app.app.name} has no such consumer")
    return Consumer(id=own, app=app)
