"""What an org's edition and its creation switch leave possible (connected-apps.md 3.13 and 4, "Editions")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import AppKind, read_values
from grantway.domain.editions import ADMIN_APPROVAL, CREATE_APPS, HEADLESS, Edition, edition_named
from grantway.domain.org import Org
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem, NotAllowed, NotFound
from grantway.settings.choices import PermittedUsers
from grantway.settings.setting import AnySetting
from grantway.store.statement import Statement

_ORG: Final = Statement("SELECT edition, settings FROM org WHERE id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A value that only some editions allow; `says` names it."""

    applies: Callable[[Any], bool]
    editions: frozenset[Edition]
    says: str


def _is_on(value: Any) -> bool:
    return bool(value)


LIMITS: Final[dict[AnySetting, Limit]] = {
    s.PERMITTED_USERS: Limit(
        applies=lambda value: value is PermittedUsers.ADMIN_APPROVED,
        editions=ADMIN_APPROVAL,
        says="admin approved users",
    ),
    **{
        s.BY_NAME[name]: Limit(applies=_is_on, editions=HEADLESS, says=says)
        for name, says in (
            ("token_exchange", "the token exchange flow"),
            ("code_and_credentials", "the Authorization Code and Credentials flow"),
            ("allow_code_and_credentials", "the Authorization Code and Credentials flow"),
        )
        if name in s.BY_NAME
    },
}
"""What only some editions have, by setting."""


def parse_edition(text: str) -> str:
    """Return an edition as it is stored.

    Raises:
        ManageProblem: there is none of that name.
    """
    edition = edition_named(text)
    if edition is None:
        raise ManageProblem.at("edition", f"say one of {', '.join(one.value for one in Edition)}")
    return edition.value


def demand_edition(edition: str, values: dict[AnySetting, Any]) -> None:
    """Demand that an org's edition has what the values switch on.

    Raises:
        ManageProblem: names the settings and the editions that have them.
    """
    held = edition_named(edition)
    problems = {
        setting.name: f"{limit.says}: {_not_in(edition, limit.editions)}"
        for setting, limit in LIMITS.items()
        # A text from before editions were a closed list restricts nothing.
        if setting in values and limit.applies(values[setting]) and held is not None and held not in limit.editions
    }
    if problems:
        raise ManageProblem.of(problems)


async def demand_creation(desk: Desk, org: Org, kind: AppKind) -> None:
    """Demand that apps of a kind can be made in an org, and by this caller; its settings are read in this moment.

    The operator stands in the place of Salesforce Support, which the creation switch does not bind.

    Raises:
        ManageProblem: the org's edition has no apps of its own, or (NotAllowed) the switch is off.
    """
    row = await desk.session.one(_ORG, org.id)
    if row is None:
        raise NotFound(f"there is no org {org.name} any more")
    edition, settings = map(str, row)
    held = edition_named(edition)
    if held is not None and held not in CREATE_APPS:
        raise ManageProblem(f"apps cannot be made here: {_not_in(edition, CREATE_APPS)}. Installing them is possible")
    if kind is not AppKind.CONNECTED_APP or desk.caller.is_operator:
        return
    if not read_values(settings).get(s.ALLOW_CONNECTED_APP_CREATION, s.ALLOW_CONNECTED_APP_CREATION.default):
        raise NotAllowed(
            f"connected apps cannot be created in {org.name}: create an external client app instead, or ask the"
            f" operator to switch on {s.ALLOW_CONNECTED_APP_CREATION.label} ({s.ALLOW_CONNECTED_APP_CREATION.name})"
        )


def _not_in(edition: str, editions: frozenset[Edition]) -> str:
    names = [one.value.removesuffix(" Edition") for one in Edition if one in editions]
    return f"{edition} does not have this, {', '.join(names[:-1])} and {names[-1]} do"
