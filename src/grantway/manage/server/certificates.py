"""Self-signed certificates of an org, whose private keys are held here, sealed: they sign asset tokens (S25).

The one by the name of `DEFAULT_NAME` is made at the first need. A certificate that is deleted leaves the JWK set, so
backends refuse what it signed once they read the set anew.
"""

import asyncio
import re
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.asset import OrgCertificate
from grantway.domain.org import Org
from grantway.kit.asset_jwt import key_id
from grantway.kit.clock import DAY_MS
from grantway.kit.ids import CERTIFICATE, new_id
from grantway.kit.jose import SigningKey
from grantway.kit.self_signed import self_signed
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotFound
from grantway.store.certificates import DEFAULT_NAME, certificate_named
from grantway.store.signing_keys import ASSET_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Insert, Statement, columns_of

_ALL: Final = Statement(
    f"SELECT {columns_of(OrgCertificate)} FROM org_certificate WHERE org_id = :org_id ORDER BY name"  # noqa: S608 - columns
)
_ADD: Final = Insert("org_certificate", OrgCertificate.__struct_fields__)
_DELETE: Final = Statement("DELETE FROM org_certificate WHERE id = :id")
_ADD_KEY: Final = Insert("signing_key", ["kid", "purpose", "private_box", "created_at", "retired_at", "org_id"])
_RETIRE: Final = Statement("UPDATE signing_key SET retired_at = :now WHERE kid = :kid")
_LAST: Final = Statement("SELECT MAX(created_at) FROM signing_key WHERE org_id = :org_id AND purpose = :purpose")
_ORG: Final = Statement("SELECT id FROM org WHERE id = :id")
_USERS: Final = Statement(
    "SELECT name, settings FROM app WHERE org_id = :org_id AND settings LIKE '%\"asset_signing_certificate\"%'"
)
_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
NAME_LIMIT: Final = 64
_DAYS: Final = 730
MOST_DAYS: Final = 3650
MOST: Final = 50


async def all_of(desk: Desk, org: Org) -> tuple[OrgCertificate, ...]:
    """Return an org's certificates, by name.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.SIGNING_KEYS, org.id)
    return tuple(OrgCertificate(*cast(Any, row)) for row in await desk.session.all(_ALL, org.id))


async def find(desk: Desk, org: Org, name: str) -> OrgCertificate:
    """Return an org's certificate by name or id.

    Raises:
        ManageProblem: no right, or there is none.
    """
    desk.caller.needs(Right.SIGNING_KEYS, org.id)
    found = await certificate_named(desk.session, org.id, name)
    if found is None:
        raise NotFound(f"there is no certificate {name!r} in the org {org.name}")
    return found


async def create(desk: Desk, org: Org, name: str, *, days: int = _DAYS) -> OrgCertificate:
    """Make a key and a certificate for it that is good for some days; the key stays here, sealed.

    Raises:
        ManageProblem: no right, a name or number of days that is not taken, or a name that is there already.
    """
    desk.caller.needs(Right.CERTIFICATES, org.id)
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise ManageProblem.at(
            "name", f"letters, digits and single underscores, a letter first, at most {NAME_LIMIT} characters"
        )
    if not 1 <= days <= MOST_DAYS:
        raise ManageProblem.at("days", f"a number from 1 to {MOST_DAYS}")
    pem = await asyncio.to_thread(SigningKey.generate_pem)
    async with desk.changing() as changing:
        there = [OrgCertificate(*cast(Any, row)) for row in await changing.session.all(_ALL, org.id)]
        if any(one.name.lower() == name.lower() for one in there):
            raise ManageProblem.at("name", f"there is a certificate {name} already")
        if len(there) >= MOST:
            raise ManageProblem(f"an org has at most {MOST} certificates: delete one that nothing uses")
        return await _put(changing, org.id, name, pem, days)


async def delete(desk: Desk, org: Org, name: str) -> OrgCertificate:
    """Delete a certificate and take its key out of use: what it signed verifies nowhere that reads the JWK set anew.

    Raises:
        ManageProblem: no right, there is none, or an app has its asset tokens signed by it.
    """
    desk.caller.needs(Right.CERTIFICATES, org.id)
    async with desk.changing() as changing:
        found = await certificate_named(changing.session, org.id, name)
        if found is None:
            raise NotFound(f"there is no certificate {name!r} in the org {org.name}")
        if using := await apps_signing_with(changing, org, found):
            raise ManageProblem(f"the app {using[0]} has its asset tokens signed by {found.name}: change that first")
        await changing.run(_DELETE, found.id)
        await changing.run(_RETIRE, now=desk.clock.now_ms(), kid=found.kid)
        await changing.audit("admin.certificate.delete", org.id, name=found.name, kid=found.kid)
        return found


async def apps_signing_with(desk: Desk, org: Org, certificate: OrgCertificate) -> tuple[str, ...]:
    """Return the names of an org's apps that name a certificate for their asset tokens.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.CERTIFICATES, org.id)
    found = []
    for app_name, settings in await desk.session.all(_USERS, org.id):
        named = msgspec.json.decode(cast(str, settings)).get(s.ASSET_SIGNING_CERTIFICATE.name)
        if named in (certificate.name, certificate.id):
            found.append(cast(str, app_name))
    return tuple(found)


async def ensure(desk: Desk, org_id: str) -> OrgCertificate:
    """Return the certificate that signs where an app names none; the first who asks makes it.

    Several processes may ask at once: exactly one is made, and all get it.

    Raises:
        LookupError: there is no such org.
        Unavailable: the database does not answer.
    """
    if found := await certificate_named(desk.session, org_id, DEFAULT_NAME):
        return found
    pem = await asyncio.to_thread(SigningKey.generate_pem)
    async with desk.changing() as changing:
        if found := await certificate_named(changing.session, org_id, DEFAULT_NAME):
            return found
        if await changing.session.one(_ORG, org_id) is None:
            raise LookupError(f"there is no org {org_id}")
        return await _put(changing, org_id, DEFAULT_NAME, pem, MOST_DAYS)


async def _put(changing: Desk, org_id: str, name: str, pem: bytes, days: int) -> OrgCertificate:
    now = changing.clock.now_ms()
    last = await changing.session.one(_LAST, org_id, ASSET_TOKEN)
    # The time is the key's name: it must differ from every one before.
    made_at = max(now, cast(int, last[0]) + 1) if last is not None and last[0] is not None else now
    made = OrgCertificate(
        id=new_id(CERTIFICATE),
        org_id=org_id,
        name=name,
        pem=self_signed(pem, name, now, now + days * DAY_MS),
        kid=key_id(org_id, made_at),
        created_at=now,
        ends_at=now + days * DAY_MS,
    )
    box = changing.ring.seal(pem, SEAL_PURPOSE)
    await changing.run(_ADD_KEY, made.kid, ASSET_TOKEN, box, made_at, None, org_id)
    await changing.run(_ADD, *msgspec.structs.astuple(made))
    await changing.audit("admin.certificate.create", org_id, name=name, kid=made.kid)
    return made
