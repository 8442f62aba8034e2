"""Whether apps can be made in an org, and by whom; else why not, what to do instead, and who lifts it.

connected-apps.md 3.13 and 4, "Editions". Console, admin API and command line say it in the words that stand here.
"""

import shlex
from dataclasses import dataclass
from typing import Final

from grantway import settings as s
from grantway.domain.app import AppKind, read_values
from grantway.domain.editions import CREATE_APPS, Edition, edition_named
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.editions import not_in
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.store.statement import Statement

_ORG: Final = Statement("SELECT name, edition, settings FROM org WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Why apps of a kind cannot be made in an org.

    - `instead`: what to do instead, with `instead_command`; `instead_kind`: the kind of app that can be made, if one.
    - `lifted`: who lifts it, and `lifted_command` the exact command line that does.
    - `goes_on`: what is possible all the same.
    """

    what: str
    why: str
    instead: str
    instead_command: str
    instead_kind: AppKind | None
    lifted: str
    lifted_command: str
    goes_on: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}. {self.instead}: {self.instead_command}. {self.lifted}: {self.lifted_command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whether the caller can make apps of a kind: `lacks` names a missing permission, `closed` says what bars it."""

    kind: AppKind
    lacks: str
    closed: Closed | None

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against it."""
        return not self.lacks and self.closed is None


async def offers(desk: Desk, org: Org) -> tuple[Offer, ...]:
    """Return for each kind of app whether the caller can make one in an org.

    Raises:
        ManageProblem: the org is gone.
    """
    found = []
    for kind in AppKind:
        lacks = ""
        try:
            desk.caller.needs(Right.APPS, org.id, kind)
        except NotAllowed as problem:
            lacks = str(problem)
        found.append(Offer(kind=kind, lacks=lacks, closed=await _closed(desk, org, kind)))
    return tuple(found)


async def demand_creation(desk: Desk, org: Org, kind: AppKind) -> None:
    """Demand that apps of a kind can be made in an org, and by this caller; its settings are read in this moment.

    The operator stands in the place of Salesforce Support, which the creation switch does not bind.

    Raises:
        ManageProblem: the org's edition has no apps of its own, or (NotAllowed) the switch is off.
    """
    closed = await _closed(desk, org, kind)
    if closed is not None:
        raise (ManageProblem if closed.instead_kind is None else NotAllowed)(str(closed))


async def _closed(desk: Desk, org: Org, kind: AppKind) -> Closed | None:
    row = await desk.session.one(_ORG, org.id)
    if row is None:
        raise NotFound(f"there is no org {org.name} any more")
    name, edition, settings = map(str, row)
    held = edition_named(edition)
    if held is not None and held not in CREATE_APPS:
        return _by_edition(name, edition)
    if kind is not AppKind.CONNECTED_APP or desk.caller.is_operator:
        return None
    switch = s.ALLOW_CONNECTED_APP_CREATION
    return None if read_values(settings).get(switch, switch.default) else _by_switch(name)


def _by_edition(name: str, edition: str) -> Closed:
    return Closed(
        what=f"apps cannot be created in {name}",
        why=not_in(edition, CREATE_APPS),
        instead="Apps of other orgs of this server can be installed, by consumer key or id",
        instead_command=f"grantway app install KEY --org {shlex.quote(name)}",
        instead_kind=None,
        lifted="The operator gives the org another edition",
        lifted_command=_set(name, f"edition={Edition.DEVELOPER.value.removesuffix(' Edition')}"),
        goes_on="Apps that are installed here go on, with this org's policies.",
    )


def _by_switch(name: str) -> Closed:
    switch = s.ALLOW_CONNECTED_APP_CREATION
    return Closed(
        what=f"connected apps cannot be created in {name}",
        why=f"{switch.label} ({switch.name}) is switched off here, as it is in every new org as of Spring '26",
        instead="Create an external client app instead, with the same settings and flows",
        instead_command=f"grantway app create NAME --kind {AppKind.EXTERNAL_CLIENT_APP.value}",
        instead_kind=AppKind.EXTERNAL_CLIENT_APP,
        lifted="The operator lifts it",
        lifted_command=_set(name, f"{switch.name}=true"),
        goes_on="Connected apps that are here go on: they can be changed, deleted, exported, installed and updated by"
        " import.",
    )


def _set(name: str, pair: str) -> str:
    return f"grantway org set {pair} --org {shlex.quote(name)}"
