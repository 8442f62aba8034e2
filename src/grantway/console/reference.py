"""GET /setup/settings: every setting there is, what it does on the wire, and what it refuses; from the catalogue."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from grantway.console.places import ORG, SETTINGS
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.search import find_settings
from grantway.manage.settings_reference import facts_of
from grantway.settings.catalogue import ALL
from grantway.settings.setting import Holder

_HELD: Final = {
    Holder.APP.value: "with the app, the same in every org",
    Holder.POLICY.value: "with the app in this org: its policies",
    Holder.ORG.value: "with the org, for all of its apps",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePage:
    """The settings that fit a text, in the order and under the sections of the administrator's page."""

    template: ClassVar[str] = "setup/settings.html"
    title: str
    text: str
    sections: tuple[tuple[str, tuple[dict[str, Any], ...]], ...]
    held: dict[str, str]
    org_path: str = ORG


async def settings(visit: Visit) -> Reply:
    """Show the settings, all or those that fit a text."""
    text = visit.query.get("q", "").strip()[:200]
    wanted = set(find_settings(text))
    found = [one for one in ALL if one in wanted]
    sections = tuple(
        (section.value, tuple(facts_of(one) for one in found if one.section is section))
        for section in dict.fromkeys(one.section for one in found)
    )
    title = f"{len(found)} of {len(ALL)} settings" if text else f"All {len(ALL)} settings"
    page = ReferencePage(title=title, text=text, sections=sections, held=_HELD)
    return visit.show(page, here=SETTINGS)


ROUTES: Final = (Route(SETTINGS, get=settings),)
