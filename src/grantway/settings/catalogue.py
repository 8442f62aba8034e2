"""The catalogue: every setting there is, in the order of the administrator's page."""

from typing import Final

from grantway.settings import (
    asset_tokens,
    basic,
    custom,
    distribution,
    handler,
    id_token,
    ip_ranges,
    oauth,
    org,
    policies,
    session_policies,
    single_logout,
    sso,
    web_app,
)
from grantway.settings.setting import AnySetting, Holder, Setting

_MODULES: Final = (
    basic,
    distribution,
    oauth,
    id_token,
    custom,
    asset_tokens,
    single_logout,
    web_app,
    handler,
    ip_ranges,
    policies,
    session_policies,
    org,
    sso,
)


def _declared_in(module: object) -> tuple[AnySetting, ...]:
    return tuple(value for value in vars(module).values() if isinstance(value, Setting))


# A module names settings of others that its own belong to (`under`); each setting counts where it comes first.
ALL: Final[tuple[AnySetting, ...]] = tuple(
    dict.fromkeys(setting for module in _MODULES for setting in _declared_in(module))
)
BY_NAME: Final[dict[str, AnySetting]] = {setting.name: setting for setting in ALL}


def held_by(*holders: Holder) -> tuple[AnySetting, ...]:
    """Return the settings whose values live in the records named, in the page's order."""
    return tuple(setting for setting in ALL if setting.held_by in holders)
