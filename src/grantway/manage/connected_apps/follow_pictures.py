"""What a change of an app's picture addresses leaves for the server to do: a record that waits for its next round."""

from collections.abc import Mapping
from typing import Any, Final

from grantway import settings as s
from grantway.manage.desk import Desk
from grantway.settings.setting import Setting
from grantway.store import pictures

ROLES: Final[Mapping[str, Setting[str]]] = {"logo": s.LOGO_URL, "icon": s.ICON_URL}


async def follow_pictures(desk: Desk, app_id: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> None:
    """Have pictures fetched whose addresses are new, and drop copies of those that an app has no more.

    `before` and `after` are settings by their declarations; what is not in `after` stays as it is.
    """
    for role, setting in ROLES.items():
        url = after.get(setting)
        if url is None or url == before.get(setting, ""):
            continue
        if url:
            await desk.run(pictures.WAIT, *pictures.to_wait(app_id, role, url, desk.clock.now_ms()))
        else:
            await desk.run(pictures.DROP, app_id, role)
