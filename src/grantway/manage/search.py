"""Finding an app or a user of an org, or a setting, by any part of a name."""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.app import read_values
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import NotAllowed
from grantway.settings.catalogue import ALL
from grantway.settings.setting import AnySetting
from grantway.store.statement import Statement

MOST: Final = 20
_ESCAPE: Final = "\\"
# The settings hold the label among other text, so what the database finds is looked at again.
_APPS: Final = Statement(
    "SELECT a.name, a.settings, a.consumer_key, a.id FROM app a"
    " WHERE a.org_id = :org_id AND (:kind = '' OR a.kind = :kind)"
    " AND (lower(a.name) LIKE :part ESCAPE '\\' OR lower(a.settings) LIKE :part ESCAPE '\\'"
    " OR a.consumer_key = :exact OR a.id = :exact) ORDER BY a.name LIMIT 1000"
)
_USERS: Final = Statement(
    "SELECT u.username, u.first_name, u.last_name FROM person u WHERE u.org_id = :org_id AND (lower(u.username)"  # noqa: S608 - our own names
    " LIKE :part ESCAPE '\\' OR lower(u.first_name || ' ' || u.last_name) LIKE :part ESCAPE '\\' OR u.id = :exact)"
    f" ORDER BY u.username LIMIT {MOST}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundApp:
    """An app that fits; `is_exact` when the text is its API name, label, consumer key or id."""

    name: str
    label: str
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUser:
    """A user who fits; `is_exact` when the text is the username."""

    username: str
    name: str
    is_exact: bool


async def find_apps(desk: Desk, org: Org, text: str) -> tuple[FoundApp, ...]:
    """Return the org's own apps whose API name or label has a text in it, at most 20, of the kinds that the caller may
    read; none for who may not see apps.
    """
    try:
        kind = desk.caller.reads(org.id)
    except NotAllowed:
        return ()
    wanted = text.lower()
    found = []
    for name, settings, key, app_id in await desk.session.all(_APPS, org.id, kind, _part(text), text):
        label: str = read_values(cast(str, settings)).get(s.LABEL, "")
        is_exact = wanted in (str(name).lower(), label.lower()) or text in (key, app_id)
        if is_exact or wanted in str(name).lower() or wanted in label.lower():
            found.append(FoundApp(name=str(name), label=label or str(name), is_exact=is_exact))
    return tuple(sorted(found, key=lambda one: not one.is_exact)[:MOST])


async def find_users(desk: Desk, org: Org, text: str) -> tuple[FoundUser, ...]:
    """Return the org's users whose username or name has a text in it, at most 20; none for who may not see users."""
    if not desk.caller.may(Right.SEE_PEOPLE, org.id):
        return ()
    return tuple(
        FoundUser(
            username=str(row[0]),
            name=" ".join(str(part) for part in row[1:3] if part),
            is_exact=str(row[0]).lower() == text.lower(),
        )
        for row in await desk.session.all(_USERS, org.id, _part(text), text)
    )


def find_settings(text: str) -> tuple[AnySetting, ...]:
    """Return the settings whose name or label has a text in it, then those whose help or effect has."""
    wanted = " ".join(text.lower().split())
    if not wanted:
        return ALL
    named = [one for one in ALL if wanted in one.label.lower() or wanted in one.name.lower().replace("_", " ")]
    named += [one for one in ALL if one not in named and wanted.replace(" ", "_") in one.name]
    told = [one for one in ALL if one not in named and wanted in f"{one.help} {one.effect}".lower()]
    return (*named, *told)


def _part(text: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return f"%{text.lower()}%"
