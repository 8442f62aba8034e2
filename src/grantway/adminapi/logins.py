"""What a user has out: grants of apps, logins in browsers; and who has a profile or permission set."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Handler, Route
from grantway.adminapi.people import SEE
from grantway.adminapi.schema import NUMBER, TEXTS, TIME, Schema, listed, record, text
from grantway.manage.people import holders, people, users
from grantway.manage.people.people import AppNamed
from grantway.protocol.when import iso_seconds

_RIGHT: Final = "Manage Users"
_APP: Final[dict[str, Schema]] = {"app": text(80, description="What names the app in this org."), "label": text()}
_GRANT: Final = record({"id": text(255), **_APP, "scopes": TEXTS, "created_at": TIME, "used_at": TIME})
_LOGIN: Final = record({"id": text(255), "began_at": TIME, "seen_at": TIME, "ends_at": TIME})
_USED_BY: Final = record({"users": NUMBER, "apps": {"type": "array", "items": record(_APP)}})


def _app(app: AppNamed) -> dict[str, str]:
    return {"app": app.ref, "label": app.label}


async def _grants(ask: Ask) -> Answer:
    user = await users.find(ask.desk, ask.org, ask.params["user"])
    items = [
        {
            "id": one.id,
            **_app(one.app),
            "scopes": one.scopes.split(),
            "created_at": iso_seconds(one.created_at),
            "used_at": iso_seconds(one.used_at),
        }
        for one in await people.grants_of(ask.desk, ask.org, user)
    ]
    return Answer(value={"items": items, "next": None})


async def _logins(ask: Ask) -> Answer:
    user = await users.find(ask.desk, ask.org, ask.params["user"])
    items = [
        {
            "id": one.id,
            "began_at": iso_seconds(one.began_at),
            "seen_at": iso_seconds(one.seen_at),
            "ends_at": iso_seconds(one.ends_at),
        }
        for one in await people.sessions_of(ask.desk, ask.org, user)
    ]
    return Answer(value={"items": items, "next": None})


async def _end_login(ask: Ask) -> Answer:
    await people.end_login(ask.desk, ask.org, ask.params["user"], ask.params["login"])
    return Answer(status=204)


def _used_by(kind: holders.Kind) -> Handler:
    async def answer(ask: Ask) -> Answer:
        holder = await holders.find(ask.desk, kind, ask.org.id, ask.params["name"])
        named: dict[str, Any] = {"profile" if kind is holders.PROFILES else "permission_set": holder.name}
        number = (await people.members(ask.desk, ask.org)).get(holder.id, 0)
        apps = await people.pre_authorized(ask.desk, ask.org, **named)
        return Answer(value={"users": number, "apps": [_app(one) for one in apps]})

    return answer


ROUTES: Final = (
    Route(
        method="GET",
        path="/users/{user}/grants",
        name="listGrantsOfUser",
        summary="What apps may do for a user, the last used first, at most 100; POST /tokens/revoke ends one",
        right="View Setup and Configuration, and Manage Users",
        answer=_grants,
        gives=listed(_GRANT),
    ),
    Route(
        method="GET",
        path="/users/{user}/logins",
        name="listLoginsOfUser",
        summary="A user's logins in browsers that are still good, the last first",
        right=_RIGHT,
        answer=_logins,
        gives=listed(_LOGIN),
    ),
    Route(
        method="DELETE",
        path="/users/{user}/logins/{login}",
        name="endLogin",
        summary="End one login of a user; the tokens of apps stay",
        right=_RIGHT,
        answer=_end_login,
        status=204,
    ),
    Route(
        method="GET",
        path="/profiles/{name}/used-by",
        name="getUsersOfProfile",
        summary="How many users have a profile, and the apps that are assigned to it",
        right=SEE,
        answer=_used_by(holders.PROFILES),
        gives=_USED_BY,
    ),
    Route(
        method="GET",
        path="/permission-sets/{name}/used-by",
        name="getUsersOfPermissionSet",
        summary="How many users have a permission set, and the apps that are assigned to it",
        right=SEE,
        answer=_used_by(holders.PERMISSION_SETS),
        gives=_USED_BY,
    ),
)
