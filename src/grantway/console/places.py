"""Where things stand in the console: paths that several pages link to."""

from typing import Final
from urllib.parse import quote, urlencode

from grantway.settings import Holder
from grantway.settings.setting import AnySetting

TRACES: Final = "/setup/traces"
ORG: Final = "/setup/org"
AUDIT: Final = "/setup/audit"
SEARCH: Final = "/setup/search"
SETTINGS: Final = "/setup/settings"
SIGNING_KEYS: Final = "/setup/keys"
TOKEN_HANDLERS: Final = "/setup/token-handlers"
IMPORT: Final = "/setup/import"


def app_path(name: str) -> str:
    """Return where an app is shown."""
    return f"/setup/apps/{quote(name, safe='')}"


def user_path(username: str) -> str:
    """Return where a user is shown."""
    return f"/setup/users/{quote(username, safe='')}"


def field_path(setting: AnySetting, app: str = "") -> str:
    """Return where a setting is changed, or, where it is an app's and none is named, where it is explained."""
    if setting.held_by is Holder.ORG:
        return f"{ORG}#setting-{setting.name}"
    return f"{app_path(app)}/edit#setting-{setting.name}" if app else reference_path(setting)


def reference_path(setting: AnySetting) -> str:
    """Return where a setting is explained."""
    return f"{SETTINGS}#setting-{setting.name}"


def trace_path(request_id: str) -> str:
    """Return where a refused request is explained."""
    return f"{TRACES}/{request_id}"


def with_query(path: str, **asked: str) -> str:
    """Return a path with those of the parameters that are not empty."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path
