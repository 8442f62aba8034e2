"""Apps that register themselves: let in by an app's initial access token or by the org's switch (RFC 7591, RFC 7592).

No person asks here: a client does, with a token or with nothing, and so these operations refuse as endpoints do. What
is written is audited as done by whoever let the client in.
"""

import hmac
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp, read_values, write_values
from grantway.domain.org import Org
from grantway.kit.clock import DAY_MS, HOUR_MS
from grantway.kit.ids import new_id
from grantway.kit.secrets import fingerprint, new_consumer_key, new_consumer_secret, new_opaque
from grantway.manage.audit import recorded
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_values import held
from grantway.manage.desk import Desk
from grantway.manage.registration.registered_values import (
    PROTECTED,
    demand_untouched,
    name_from,
    values_of,
)
from grantway.manage.registration.registration_tokens import MOST
from grantway.policy.login_pace import place_of
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import registration as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.registration import Ceiling, Registration, answer, settle, standing
from grantway.store.apps import SECRET_PURPOSE, Apps
from grantway.store.database import Session
from grantway.store.orgs import default_org_id
from grantway.store.statement import Insert, Statement, columns_of

OPEN_MOST: Final = 1000
"""How many apps that came without a token an org has at most."""
OPEN_PACE: Final = 20
"""How many one address, or one IPv6 network of /64, may register without a token in an hour."""
UNUSED_MS: Final = 7 * DAY_MS
"""How long one that came without a token may stay unused."""
_SWEPT: Final = 50
_PARENT: Final = Statement(
    "SELECT t.app_id, a.org_id FROM initial_access_token t JOIN app a ON a.id = t.app_id WHERE t.hash = :hash"
)
_USED: Final = Statement("UPDATE initial_access_token SET used_at = :now WHERE app_id = :app_id")
_CHILDREN: Final = Statement("SELECT COUNT(*) FROM app WHERE parent_id = :app_id")
_OPEN: Final = Statement("SELECT COUNT(*) FROM registered_client WHERE is_open = 1 AND org_id = :org_id")
_ORG: Final = Statement(f"SELECT {columns_of(Org)} FROM org WHERE id = :id")  # noqa: S608 - our own names
# An hour's count begins anew with the first registration after it.
_PACE: Final = Statement(
    "INSERT INTO registration_pace (address, window_at, count) VALUES (:address, :now, 1)"  # noqa: S608 - our own number
    " ON CONFLICT (address) DO UPDATE SET"
    f" count = CASE WHEN registration_pace.window_at <= excluded.window_at - {HOUR_MS} THEN 1"
    " ELSE registration_pace.count + 1 END,"
    f" window_at = CASE WHEN registration_pace.window_at <= excluded.window_at - {HOUR_MS} THEN excluded.window_at"
    " ELSE registration_pace.window_at END RETURNING count"
)
_ADD: Final = Insert(
    "app",
    [
        "id",
        "org_id",
        "name",
        "consumer_key",
        "secret_mac",
        "secret_box",
        "settings",
        "metadata",
        "version",
        "created_at",
        "created_by",
        "kind",
        "parent_id",
        "auth_method",
    ],
)
_ADD_POLICY: Final = Insert(
    "app_policy",
    ["org_id", "app_id", "settings", "run_as", "version", "is_blocked", "not_before", "installed_at"],
)
_ADD_CLIENT: Final = Insert(
    "registered_client", ["app_id", "org_id", "is_open", "hash", "door", "document", "created_at"]
)
_CLIENT: Final = Statement("SELECT hash, door, document, created_at FROM registered_client WHERE app_id = :app_id")
_SET: Final = Statement(
    "UPDATE app SET settings = :settings, auth_method = :auth_method, version = version + 1 WHERE id = :id"
)
_SET_CLIENT: Final = Statement("UPDATE registered_client SET document = :document WHERE app_id = :app_id")
# A line stays a month after its end, an approval as long as nobody takes it back: either is a sign of use. One that an
# administrator blocked or gave policies stays: known by its document, it would come back without them.
_UNUSED: Final = Statement(
    "SELECT c.app_id, c.org_id, a.name FROM registered_client c JOIN app a ON a.id = c.app_id"  # noqa: S608 - our own
    " WHERE c.is_open = 1 AND c.created_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM token_family f WHERE f.app_id = c.app_id)"
    " AND NOT EXISTS (SELECT 1 FROM approval y WHERE y.app_id = c.app_id AND y.last_at >= :before)"
    " AND NOT EXISTS (SELECT 1 FROM app_policy p WHERE p.app_id = c.app_id AND p.version > 1)"
    f" ORDER BY c.created_at LIMIT {_SWEPT}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A registration as it came: at which door, with which token (empty: none), and what the client says of itself."""

    door: Door
    token: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client: its app, what was settled, when (ms). `token` is its registration access token."""

    app: InstalledApp
    door: Door
    settled: Registration
    created_at: int
    token: str

    @property
    def address(self) -> str:
        """The path of its configuration endpoint, without the base URL."""
        return f"{register_path(self.door)}/{self.app.consumer_key}"

    def told(self, base: str) -> dict[str, Any]:
        """Return what the client is told of itself (RFC 7591, 3.2.1; RFC 7592, 3): as it holds now."""
        found: dict[str, Any] = {"client_id": self.app.consumer_key, "client_id_issued_at": self.created_at // 1000}
        if self.settled.auth_method not in ("none", "private_key_jwt"):
            found |= {"client_secret": self.app.secret.reveal(), "client_secret_expires_at": 0}
        found |= {"registration_access_token": self.token, "registration_client_uri": base + self.address}
        scopes = standing(self.settled.scopes, self.app[s.SCOPES], self.app[s.CUSTOM_SCOPES])
        return found | answer(self.settled, self.door, scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a client would register: in which org, below which app (None: without a token), up to which scopes.

    `document`: the URL of the metadata document by which it is known; empty where it gets a key of ours.
    """

    org: Org
    parent: InstalledApp | None
    ceiling: Ceiling
    document: str = ""


def register_path(door: Door) -> str:
    """Return the path where clients register at a door."""
    return "/services/oauth2/register" if door is SALESFORCE else "/oidc/register"


async def register(desk: Desk, asked: Asked) -> Client:
    """Register a client: an app that belongs to the one whose token it sent, or to the org alone.

    Raises:
        Refused: no token that lets it in, what it says of itself cannot be honoured, or there are too many.
    """
    # Looked at before anything is locked: whoever has no token costs a read.
    place = await _place(desk.session, desk, asked)
    settled = settle(asked.document, asked.door, place.ceiling)
    async with desk.changing() as changing:
        place = await _place(changing.session, changing, asked)
        await demand_room(changing, place)
        settled = settle(asked.document, asked.door, place.ceiling)
        return await add(changing, place, asked.door, settled)


async def let_in_by(desk: Desk, token: str) -> tuple[str, str]:
    """Return the ids of the org and of the app that an initial access token is of, or that nobody needs one for.

    Empty texts where it is nobody's: so a refusal finds those who may read why.
    """
    if not token:
        return await default_org_id(desk.session) or "", ""
    row = await desk.session.one(_PARENT, fingerprint(token))
    return (cast(str, row[1]), cast(str, row[0])) if row is not None else ("", "")


async def look(desk: Desk, door: Door, client_id: str, token: str) -> Client:
    """Return a client to itself.

    Raises:
        Refused: no such client at this door, another token, or its parent lets nothing in.
    """
    client = await _client(desk, desk.session, door, client_id, token)
    _demand_open(client)
    return client


async def change(desk: Desk, door: Door, client_id: str, token: str, document: dict[str, Any], base: str) -> Client:
    """Put other metadata in the place of a client's: what is left out goes back to what it would be without it.

    A document that says what was read changes nothing.

    Raises:
        Refused: as `look` and `register`, or the document changes what the server alone sets.
    """
    async with desk.changing() as changing:
        client = await _client(changing, changing.session, door, client_id, token)
        _demand_open(client)
        told = client.told(base)
        demand_untouched(document, told)
        parent = await _parent_of(changing, client.app)
        ceiling = _within(parent) if parent is not None else ceiling_of(client.app.org)
        settled = settle(document, door, ceiling)
        if answer(settled, door, settled.scopes) == {name: told[name] for name in told if name not in PROTECTED}:
            return client
        await put(changing, client.app, settled, parent, door, "the client itself")
        return await _client(changing, changing.session, door, client_id, token)


async def put(
    changing: Desk,
    app: InstalledApp,
    settled: Registration,
    parent: InstalledApp | None,
    door: Door,
    by: str,
) -> None:
    """Put what was settled now in the place of what was before, and record by whom."""
    values = values_of(settled, parent, door)
    held_before = {one.name: one.kind.write(app[one]) for one in values}
    # What a registration does not settle stays; a contact that is left out goes.
    others = msgspec.json.decode(app.app.settings, type=dict[str, Any])
    others.pop(s.CONTACT_EMAIL.name, None)
    settings = write_values(values, over=msgspec.json.encode(others).decode())
    await changing.run(_SET, settings, settled.auth_method, app.id)
    await changing.run(_SET_CLIENT, _written(settled), app.id)
    after = {one.name: one.kind.write(value) for one, value in values.items()}
    changed = {name: value for name, value in after.items() if held_before[name] != value}
    about = {"name": app.app.name, "by": by, "after": recorded(changed)}
    await changing.audit("admin.client.change", app.org.id, app_id=app.id, **about)


async def settled_of(session: Session, app_id: str) -> Registration | None:
    """Return what was settled with a client; None where the app did not register."""
    row = await session.one(_CLIENT, app_id)
    return msgspec.json.decode(cast(str, row[2]), type=Registration) if row is not None else None


async def delete(desk: Desk, door: Door, client_id: str, token: str) -> None:
    """Delete a client at its own wish: its tokens end with it.

    Raises:
        Refused: no such client at this door, or another token.
    """
    async with desk.changing() as changing:
        client = await _client(changing, changing.session, door, client_id, token)
        await apps.remove(changing, client.app.id)
        about = {"name": client.app.app.name, "by": "the client itself"}
        await changing.audit("admin.client.delete", client.app.org.id, app_id=client.app.id, **about)


async def sweep_unused(desk: Desk) -> int:
    """Delete clients that came without a token and that nobody used for a week; return how many, a few at most."""
    before = desk.clock.now_ms() - UNUSED_MS
    if not await desk.session.all(_UNUSED, before):
        return 0
    async with desk.changing() as changing:
        rows = await changing.session.all(_UNUSED, before)
        for app_id, org_id, name in rows:
            await apps.remove(changing, cast(str, app_id))
            about = {"name": name, "by": "housekeeping: never used"}
            await changing.audit("admin.client.delete", cast(str, org_id), app_id=cast(str, app_id), **about)
        return len(rows)


async def _place(session: Session, desk: Desk, asked: Asked) -> Place:
    if not asked.token:
        return await _open_place(session, asked.door)
    row = await session.one(_PARENT, fingerprint(asked.token))
    parent = await Apps(desk.ring).in_org(session, cast(str, row[0]), cast(str, row[1])) if row else None
    if parent is None:
        raise Refused(no.TOKEN_UNKNOWN())
    if refusal := _closed(parent, asked.door):
        raise Refused(refusal)
    return Place(org=parent.org, parent=parent, ceiling=_within(parent))


async def _open_place(session: Session, door: Door) -> Place:
    if door is SALESFORCE:
        raise Refused(no.TOKEN_MISSING())
    org_id = await default_org_id(session)
    row = await session.one(_ORG, org_id) if org_id else None
    org = Org(*cast(Any, row)) if row else None
    if org is None or not read_values(org.settings).get(s.OPEN_REGISTRATION, s.OPEN_REGISTRATION.default):
        raise Refused(no.OPEN_OFF())
    return Place(org=org, parent=None, ceiling=ceiling_of(org))


def _within(parent: InstalledApp) -> Ceiling:
    return Ceiling(parent[s.SCOPES], parent[s.CUSTOM_SCOPES], f"the app {parent.app.name}")


def ceiling_of(org: Org) -> Ceiling:
    """Return the most that a client gets which no app's token let in."""
    scopes = read_values(org.settings).get(s.OPEN_REGISTRATION_SCOPES, s.OPEN_REGISTRATION_SCOPES.default)
    return Ceiling(scopes, (), f"the org {org.name} for openly registered apps")


async def _parent_of(desk: Desk, app: InstalledApp) -> InstalledApp | None:
    """Return the app that a registered one belongs to, or None where it belongs to the org alone."""
    if not app.is_child:
        return None
    parent = await Apps(desk.ring).in_org(desk.session, app.app.parent_id, app.org.id)
    if parent is None:
        raise Refused(no.MANAGEMENT_TOKEN())
    return parent


def _closed(app: InstalledApp, door: Door) -> Refusal | None:
    """Say why an app lets nobody register, or a registered one itself in; None where it does."""
    why = ""
    if app.policy is None:
        why = "not installed"
    elif app.policy.is_blocked:
        why = "blocked"
    elif not (app[s.OAUTH_ENABLED] and app[s.ENABLED_IN_ORG]):
        why = "switched off"
    elif app[s.DOORS] is door.closed_for:
        why = "not served at this door"
    return no.PARENT_CLOSED(app=app.parent or app.app.name, why=why) if why else None


def _demand_open(client: Client) -> None:
    if refusal := _closed(client.app, client.door):
        raise Refused(refusal)


async def demand_room(changing: Desk, place: Place) -> None:
    """Demand that there is room for one more; nobody else registers until this transaction ends.

    Raises:
        Refused: there are too many already, or too many came from this address.
    """
    if place.parent is not None:
        row = await changing.session.one(_CHILDREN, place.parent.id)
        if row is not None and cast(int, row[0]) >= MOST:
            raise Refused(no.LIMIT(most=MOST, app=place.parent.app.name))
        await changing.run(_USED, changing.clock.now_ms(), place.parent.id)
        return
    row = await changing.session.one(_OPEN, place.org.id)
    if row is not None and cast(int, row[0]) >= OPEN_MOST:
        raise Refused(no.OPEN_LIMIT(most=OPEN_MOST))
    address = place_of(changing.address)[:100]
    counted = await changing.run(_PACE, address, changing.clock.now_ms())
    if cast(int, counted[0][0]) > OPEN_PACE:
        raise Refused(no.TOO_FAST(most=OPEN_PACE, address=address))


async def add(changing: Desk, place: Place, door: Door, settled: Registration) -> Client:
    """Add the app of a client, installed in its org, and record it."""
    org, parent, now = place.org, place.parent, changing.clock.now_ms()
    # Without a parent it is an external client app, as new apps are (Spring '26), and local to its org.
    kind = parent.kind if parent is not None else AppKind.EXTERNAL_CLIENT_APP
    app_id, key, secret, token = (
        new_id(kind.id_prefix),
        place.document or new_consumer_key(),
        new_consumer_secret(),
        new_opaque(),
    )
    name = name_from(settled.client_name)
    values = values_of(settled, parent, door)
    if parent is None:
        values = {one: one.starts_with for one in s.held_by(s.Holder.APP) if one is not s.CONTACT_EMAIL} | values
    await changing.run(
        _ADD,
        app_id,
        org.id,
        name,
        key,
        changing.ring.digest(secret.reveal(), SECRET_PURPOSE),
        changing.ring.seal(secret.reveal().encode(), SECRET_PURPOSE),
        write_values(values),
        "",
        1,
        now,
        "",
        kind.value,
        parent.id if parent is not None else "",
        settled.auth_method,
    )
    if parent is None:
        policy = {one: one.starts_with for one in s.held_by(s.Holder.POLICY)}
        await changing.run(_ADD_POLICY, org.id, app_id, write_values(held(policy, s.Holder.POLICY)), "", 1, 0, 0, now)
    is_open = int(parent is None)
    await changing.run(_ADD_CLIENT, app_id, org.id, is_open, fingerprint(token), door.name, _written(settled), now)
    by = f"an initial access token of {parent.app.name}" if parent is not None else "nobody: registration is open"
    if place.document:
        by = "its metadata document, from an approved place"
    after = {one.name: one.kind.write(value) for one, value in values.items() if value != one.starts_with}
    await changing.audit(
        "admin.client.register",
        org.id,
        app_id=app_id,
        name=name,
        by=by,
        parent=parent.app.name if parent is not None else "",
        consumer_key=key,
        after=recorded(after),
    )
    return await _client(changing, changing.session, door, key, token)


def _written(settled: Registration) -> str:
    return msgspec.json.encode(settled).decode()


async def _client(desk: Desk, session: Session, door: Door, client_id: str, token: str) -> Client:
    """Return the client with an id at a door to whoever has its registration access token.

    Raises:
        Refused: there is none, or another token; the answer does not tell which.
    """
    app = await Apps(desk.ring).by_key(session, client_id) if client_id and token else None
    row = await session.one(_CLIENT, app.id) if app is not None else None
    if app is None or row is None or not hmac.compare_digest(cast(bytes, row[0]), fingerprint(token)):
        raise Refused(no.MANAGEMENT_TOKEN())
    if row[1] != door.name:
        raise Refused(no.MANAGEMENT_TOKEN())
    settled = msgspec.json.decode(cast(str, row[2]), type=Registration)
    return Client(app=app, door=door, settled=settled, created_at=cast(int, row[3]), token=token)
