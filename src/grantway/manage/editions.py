"""What an org's edition leaves possible (connected-apps.md 4, "Editions")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.domain.editions import ADMIN_APPROVAL, HEADLESS, Edition, edition_named
from grantway.manage.problem import ManageProblem
from grantway.settings.choices import PermittedUsers
from grantway.settings.setting import AnySetting


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
        setting.name: f"{limit.says}: {not_in(edition, limit.editions)}"
        for setting, limit in LIMITS.items()
        # A text from before editions were a closed list restricts nothing.
        if setting in values and limit.applies(values[setting]) and held is not None and held not in limit.editions
    }
    if problems:
        raise ManageProblem.of(problems)


def not_in(edition: str, editions: frozenset[Edition]) -> str:
    """Say that an edition does not have something, and which ones do."""
    names = [one.value.removesuffix(" Edition") for one in Edition if one in editions]
    return f"{edition} does not have this, {', '.join(names[:-1])} and {names[-1]} do"
