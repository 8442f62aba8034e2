"""The catalogue: every setting there is, in the order of the administrator's page."""

from typing import Final

from grantway.settings import basic, distribution, id_token, oauth, org, policies
from grantway.settings.setting import AnySetting, Holder, Setting


def _declared_in(module: object) -> tuple[AnySetting, ...]:
    return tuple(value for value in vars(module).values() if isinstance(value, Setting))


ALL: Final[tuple[AnySetting, ...]] = tuple(
    setting for module in (basic, distribution, oauth, id_token, policies, org) for setting in _declared_in(module)
)
BY_NAME: Final[dict[str, AnySetting]] = {setting.name: setting for setting in ALL}


def held_by(*holders: Holder) -> tuple[AnySetting, ...]:
    """Return the settings whose values live in the records named, in the page's order."""
    return tuple(setting for setting in ALL if setting.held_by in holders)
