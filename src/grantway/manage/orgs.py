"""Orgs: made with the profiles every org begins with."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from grantway.domain.app import read_values, write_values
from grantway.domain.org import Org
from grantway.domain.permissions import ALL, API_ENABLED
from grantway.kit.ids import ORG, canonical_id, new_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.holders import PROFILES, create_holder
from grantway.manage.problem import ManageProblem
from grantway.settings.catalogue import BY_NAME, held_by
from grantway.settings.kinds import SettingProblem
from grantway.settings.setting import Holder
from grantway.store.statement import Conflict, Insert, Statement, columns_of

_ADD: Final = Insert("org", Org.__struct_fields__)
_ALL: Final = Statement(f"SELECT {columns_of(Org)} FROM org ORDER BY created_at, id")  # noqa: S608 - our own names
_SET: Final = Statement("UPDATE org SET settings = :settings, version = version + 1 WHERE id = :id")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
ADMINISTRATOR: Final = "System Administrator"
STANDARD_USER: Final = "Standard User"
API_ONLY: Final = "Minimum Access - API Only Integrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrg:
    """What is asked for when an org is made."""

    name: str
    edition: str = "Developer Edition"
    my_domain: str = ""


async def create(desk: Desk, asked: NewOrg) -> Org:
    """Make an org with its first profiles.

    Raises:
        ManageProblem: no right, a name that is taken or too long, or a domain that is no host label.
    """
    desk.caller.needs(Right.SERVER)
    name = asked.name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise ManageProblem("an org's name has 1 to 80 characters")
    my_domain = asked.my_domain or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "org"
    if not _DOMAIN.fullmatch(my_domain):
        raise ManageProblem("my_domain is one label of a host name: a-z, 0-9 and hyphens")
    now = desk.clock.now_ms()
    org = Org(new_id(ORG), name, asked.edition, my_domain, "{}", 1, 0, now)
    try:
        async with desk.db.transaction() as transaction:
            await transaction.run(_ADD, *msgspec.structs.astuple(org))
            for profile, permissions in (
                (ADMINISTRATOR, tuple(ALL)),
                (STANDARD_USER, (API_ENABLED.name,)),
                (API_ONLY, (API_ENABLED.name,)),
            ):
                await create_holder(transaction, PROFILES, org.id, profile, permissions, now)
            await desk.audit(transaction, "admin.org.create", org.id, name=name)
    except Conflict as problem:
        raise ManageProblem(f"there is an org named {name!r} already") from problem
    return org


async def all_orgs(desk: Desk) -> tuple[Org, ...]:
    """Return every org, the first made first."""
    return tuple(Org(*row) for row in await desk.db.all(_ALL))  # type: ignore[arg-type]


async def find(desk: Desk, asked: str) -> Org:
    """Return the org that an id or a name means; an empty text means the only one there is.

    Raises:
        ManageProblem: there is none, or more than one could be meant.
    """
    orgs = await all_orgs(desk)
    if not orgs:
        raise ManageProblem("there is no org yet: grantway org create NAME")
    if not asked:
        if len(orgs) > 1:
            raise ManageProblem(f"there are {len(orgs)} orgs: say which with --org NAME")
        return orgs[0]
    wanted = canonical_id(asked, ORG)
    for org in orgs:
        if org.id == wanted or org.name.lower() == asked.lower():
            return org
    raise ManageProblem(f"there is no org {asked!r}; grantway org list shows them")


async def change(desk: Desk, org: Org, asked: dict[str, str]) -> Org:
    """Change settings of an org; all of them or none.

    Raises:
        ManageProblem: no right, no such setting, or a value it does not take.
    """
    desk.caller.needs(Right.SERVER)
    values = read_values(org.settings)
    for name, raw in asked.items():
        setting = BY_NAME.get(name)
        if setting is None or setting.held_by is not Holder.ORG:
            known = ", ".join(one.name for one in held_by(Holder.ORG))
            raise ManageProblem(f"{name!r} is no setting of an org; these are: {known}")
        try:
            values[setting] = setting.kind.parse(raw)
        except SettingProblem as problem:
            raise ManageProblem(f"{name}: {problem}") from problem
    async with desk.db.transaction() as transaction:
        await transaction.run(_SET, write_values(values), org.id)
        await desk.audit(transaction, "admin.org.change", org.id, to=asked)
    return await find(desk, org.id)


def settings_of(org: Org) -> dict[str, object]:
    """Return an org's settings by name, as they hold."""
    values = read_values(org.settings)
    return {one.name: one.kind.write(values.get(one, one.default)) for one in held_by(Holder.ORG)}
