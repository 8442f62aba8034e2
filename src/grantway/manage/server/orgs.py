"""Orgs: made with the profiles every org begins with, and their settings."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import read_values, write_values
from grantway.domain.org import Org
from grantway.domain.permissions import ALL, API_ENABLED
from grantway.kit.ids import ORG, canonical_id, new_id
from grantway.manage.audit import record_changes
from grantway.manage.caller import Right
from grantway.manage.connected_apps.app_values import Values
from grantway.manage.desk import Desk
from grantway.manage.editions import demand_edition, parse_edition
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound, StaleVersion
from grantway.settings.catalogue import BY_NAME, held_by
from grantway.settings.kinds import SettingProblem, text
from grantway.settings.org import ALLOW_CONNECTED_APP_CREATION
from grantway.settings.setting import Holder, Section
from grantway.store.statement import Insert, Statement, columns_of

_ADD: Final = Insert("org", Org.__struct_fields__)
_ALL: Final = Statement(f"SELECT {columns_of(Org)} FROM org ORDER BY created_at, id")  # noqa: S608 - our own names
_SET: Final = Statement(
    "UPDATE org SET name = :name, edition = :edition, my_domain = :my_domain, settings = :settings,"
    " version = version + 1 WHERE id = :id"
)
_OPERATORS: Final = frozenset({"name", "edition", "my_domain"})
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
# What new orgs begin with, where that is not what holds when nothing is set.
_FIRST: Final[Values] = {one: one.starts_with for one in held_by(Holder.ORG) if one.starts_with != one.default}
ADMINISTRATOR: Final = "System Administrator"
STANDARD_USER: Final = "Standard User"
API_ONLY: Final = "Minimum Access - API Only Integrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrg:
    """What is asked for when an org is made; without `my_domain` one is made of the name."""

    name: str
    edition: str = "Developer Edition"
    my_domain: str = ""


async def create(desk: Desk, asked: NewOrg) -> Org:
    """Make an org with its first profiles.

    Raises:
        ManageProblem: no right, a name or domain that is taken or unusable.
    """
    desk.caller.needs(Right.SERVER)
    name = _line("name", asked.name, 80)
    edition = parse_edition(_line("edition", asked.edition, 40))
    now = desk.clock.now_ms()
    async with desk.changing() as changing:
        others = await all_orgs(changing)
        _demand_free_name(name, others)
        taken = {org.my_domain for org in others}
        my_domain = _free_domain(asked.my_domain, taken) if asked.my_domain else _domain_of(name, taken)
        org = Org(new_id(ORG), name, edition, my_domain, write_values(_FIRST), 1, 0, now)
        await changing.run(_ADD, *msgspec.structs.astuple(org))
        await changing.audit("admin.org.create", org.id, name=name, edition=edition, my_domain=my_domain)
        for profile, permissions in (
            (ADMINISTRATOR, tuple(ALL)),
            (STANDARD_USER, (API_ENABLED.name,)),
            (API_ONLY, (API_ENABLED.name,)),
        ):
            await holders.create(changing, holders.PROFILES, org.id, profile, permissions)
    return org


async def all_orgs(desk: Desk) -> tuple[Org, ...]:
    """Return every org that the caller may know of, the first made first: a user knows their own."""
    found = tuple(Org(*cast(Any, row)) for row in await desk.session.all(_ALL))
    return found if desk.caller.is_operator else tuple(org for org in found if org.id == desk.caller.org_id)


async def home_of(desk: Desk) -> Org:
    """Return the org that the calling user belongs to."""
    (org,) = await all_orgs(desk)
    return org


async def find(desk: Desk, asked: str) -> Org:
    """Return the org that an id or a name means; an empty text means the only one, and for a user their own.

    Raises:
        ManageProblem: there is none, or more than one could be meant.
    """
    orgs = await all_orgs(desk)
    if not orgs:
        raise ManageProblem("there is no org yet: grantway org create NAME")
    if not asked:
        if len(orgs) > 1:
            raise ManageProblem.at("org", f"there are {len(orgs)} orgs; say which with --org NAME")
        return orgs[0]
    wanted = canonical_id(asked, ORG)
    for org in orgs:
        if org.id == wanted:
            return org
    for org in orgs:
        if _same_name(org.name, asked.strip()):
            return org
    near = difflib.get_close_matches(asked, [org.name for org in orgs], 1)
    hint = f"did you mean {near[0]}?" if near else "grantway org list shows them"
    raise NotFound.at("org", f"there is no org {asked!r}; {hint}")


async def change(desk: Desk, org: Org, asked: dict[str, Any], *, seen: str = "") -> Org:
    """Change an org's settings, or (the operator's alone) its name, edition and my_domain; all of them or none.

    `seen` is the org's version that the caller looked at; empty for a change that does not depend on it.

    Name, edition and domain are the operator's, and so is to allow the creation of connected apps; taking that back is
    not. Settings of single sign-on, where they change, take a right of their own.

    Raises:
        ManageProblem: no right, no such setting, values not taken, or (StaleVersion) changed since it was seen.
    """
    if _OPERATORS.isdisjoint(asked):
        desk.caller.needs(Right.ORG_SETTINGS, org.id)
    else:
        desk.caller.needs(Right.SERVER)
    async with desk.changing() as changing:
        org = await find(changing, org.id)
        if seen and seen != str(org.version):
            raise StaleVersion(f"{org.name} was changed by somebody else since you opened it: look at it again")
        others = [one for one in await all_orgs(changing) if one.id != org.id]
        fields = {"name": org.name, "edition": org.edition, "my_domain": org.my_domain}
        before = settings_of(org) | fields
        values: Values = {}
        problems: dict[str, str] = {}
        for name, raw in asked.items():
            setting = BY_NAME.get(name)
            if name in fields:
                fields[name] = _line(name, raw, 40 if name == "edition" else 80)
                if name == "edition" and fields[name] != org.edition:
                    fields[name] = parse_edition(fields[name])
            elif setting is None or setting.held_by is not Holder.ORG:
                known = ", ".join([*fields, *(one.name for one in held_by(Holder.ORG))])
                raise ManageProblem.at(name, f"is no setting of an org; these are: {known}")
            else:
                try:
                    values[setting] = setting.kind.parse(raw)
                except SettingProblem as problem:
                    problems[name] = str(problem)
        if problems:
            raise ManageProblem.of(problems)
        demand_edition(fields["edition"], values)
        changed_values = [one for one, value in values.items() if one.kind.write(value) != before[one.name]]
        if any(one.section is Section.ORG_SSO for one in changed_values):
            changing.caller.needs(Right.SINGLE_SIGN_ON, org.id)
        if values.get(ALLOW_CONNECTED_APP_CREATION) and not before[ALLOW_CONNECTED_APP_CREATION.name]:
            _demand_operator(changing)
        _demand_free_name(fields["name"], others)
        _free_domain(fields["my_domain"], {one.my_domain for one in others})
        await changing.run(_SET, settings=write_values(values, over=org.settings), id=org.id, **fields)
        changed = await find(changing, org.id)
        after = settings_of(changed) | fields
        await record_changes(
            changing, "admin.org.change", org.id, before, {name: after[name] for name in asked}, name=changed.name
        )
        return changed


def settings_of(org: Org) -> dict[str, object]:
    """Return an org's settings by name, as they hold."""
    values = read_values(org.settings)
    return {one.name: one.kind.write(values.get(one, one.default)) for one in held_by(Holder.ORG)}


def _demand_operator(desk: Desk) -> None:
    """Demand that it is the operator, in Salesforce Support's place, who allows the creation of connected apps."""
    if not desk.caller.is_operator:
        name = ALLOW_CONNECTED_APP_CREATION.name
        raise NotAllowed.at(name, f"only the operator switches it on: grantway org set {name}=true")


def _line(name: str, raw: Any, limit: int) -> str:
    try:
        return text(limit, required=True).parse(raw)
    except SettingProblem as problem:
        raise ManageProblem.at(name, str(problem)) from problem


def _same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _demand_free_name(name: str, others: Iterable[Org]) -> None:
    """An org is found by its name in any spelling, so no two may differ in spelling only."""
    if any(_same_name(name, one.name) for one in others):
        raise ManageProblem.at("name", f"there is an org named {name!r} already")


def _free_domain(my_domain: str, taken: set[str]) -> str:
    if not _DOMAIN.fullmatch(my_domain):
        raise ManageProblem.at("my_domain", "one label of a host name, 1 to 40 of a-z, 0-9 and hyphens")
    if my_domain in taken:
        raise ManageProblem.at("my_domain", f"{my_domain} is another org's")
    return my_domain


def _domain_of(name: str, taken: set[str]) -> str:
    """Make a free domain of a name: each org answers under its own (decision 17)."""
    begin = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:34].strip("-") or "org"
    numbered = (begin if number == 1 else f"{begin}-{number}" for number in range(1, len(taken) + 2))
    return next(domain for domain in numbered if domain not in taken)
