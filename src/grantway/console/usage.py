"""/setup/usage: Connected Apps OAuth Usage, the users of one app, and taking back what it has out."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.moments import Moment, moment
from grantway.console.paging import SIZE, Paging, page_of, paging
from grantway.console.review import ReviewPage, ask_again, ticked
from grantway.console.visit import Route, Visit
from grantway.domain.app import InstalledApp
from grantway.kit.http import Reply
from grantway.kit.ids import USER, canonical_id
from grantway.manage.count import Count
from grantway.manage.live import live_grants
from grantway.manage.people.people import name_of
from grantway.manage.usage import app_activity, usage

USAGE: Final = "/setup/usage"
_CRUMBS: Final = (("Connected Apps OAuth Usage", USAGE),)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One app in use."""

    ref: str
    label: str
    description: str
    state: str
    home: str
    users: str
    grants: str
    access_tokens: str
    last_used: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """One app that was refused because it is not installed."""

    name: str
    users: int
    attempts: int
    last: Moment
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """Every app that has or asks for access."""

    template: ClassVar[str] = "setup/usage.html"
    title: str = "Connected Apps OAuth Usage"
    rows: tuple[UsageRow, ...]
    paging: Paging
    query: str
    state: str
    uninstalled: int
    asked: tuple[AskedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One user of an app."""

    id: str
    name: str
    username: str
    grants: int
    access_tokens: int
    first_used: Moment
    last_used: Moment
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersOfAppPage:
    """The users of one app."""

    template: ClassVar[str] = "setup/usage_users.html"
    title: str
    ref: str
    path: str
    is_installed: bool
    users: str
    grants: str
    rows: tuple[UserRow, ...]
    paging: Paging
    username: str
    bounded: bool
    looked: int = live_grants.LOOKED


async def show(visit: Visit) -> Reply:
    """List the apps in use."""
    await visit.server.tally.catch_up()
    page, query, state = page_of(visit), visit.query.get("q", "")[:200], visit.query.get("state", "")
    state = state if state in (usage.INSTALLED, usage.NOT_INSTALLED, usage.BLOCKED) else ""
    found = await usage.in_use(visit.desk, visit.org, query=query, state=state, page=page, size=SIZE)
    now = visit.server.clock.now_ms()
    asked = await usage.asked_for(visit.desk, visit.org)
    shown = UsagePage(
        rows=tuple(_row(app, now) for app in found.apps),
        paging=paging(USAGE, page, len(found.apps), found.total, q=query, state=state),
        query=query,
        state=state,
        uninstalled=found.uninstalled,
        asked=tuple(
            AskedRow(
                name=one.name,
                users=one.users,
                attempts=one.attempts,
                last=moment(one.last_at, now),
                request_id=one.request_id,
            )
            for one in asked
        ),
    )
    return visit.show(shown, here=USAGE)


async def users(visit: Visit) -> Reply:
    """List the users of an app."""
    await visit.server.tally.catch_up()
    app = await usage.find(visit.desk, visit.org, visit.params["app"])
    page, username = page_of(visit), visit.query.get("q", "")[:255]
    found = await usage.users_of(visit.desk, app, username=username, page=page, size=SIZE + 1)
    if len(found) > SIZE:
        found, more = found[:SIZE], True
    else:
        more = False
    out = await app_activity.out_of(visit.desk, app)
    now = visit.server.clock.now_ms()
    rows = tuple(
        UserRow(
            id=one.id,
            name=one.name,
            username=one.username,
            grants=one.grants,
            access_tokens=one.access_tokens,
            first_used=moment(one.first_used, now),
            last_used=moment(one.last_used, now),
            uses=one.uses,
        )
        for one in found
    )
    path = _path(visit, app)
    shown = UsersOfAppPage(
        title=f"Users of {_called(app)}",
        ref=path.rpartition("/")[2],
        path=path,
        is_installed=app.policy is not None or app.app.org_id == visit.org.id,
        users=out.users.of("user"),
        grants=out.grants.of("live grant"),
        rows=rows,
        paging=paging(path, page, len(rows), None, more=more, q=username),
        username=username,
        bounded=out.grants.or_more,
    )
    return visit.show(shown, here=USAGE, crumbs=_CRUMBS)


async def ask_revoke(visit: Visit) -> Reply:
    """Say what Revoke or Revoke all will end."""
    app = await usage.find(visit.desk, visit.org, visit.params["app"])
    page = await _revoking(visit, app, visit.query.get("user", ""))
    return visit.show(page, here=USAGE, crumbs=_crumbs(visit, app))


async def revoke(visit: Visit) -> Reply:
    """End what an app has out, of one user or of all."""
    app = await usage.find(visit.desk, visit.org, visit.params["app"])
    user = visit.form.get("user", "")
    page = await _revoking(visit, app, user)
    if not ticked(visit):
        return ask_again(visit, page, here=USAGE, crumbs=_crumbs(visit, app))
    ended = await usage.revoke(visit.desk, app, user_id=canonical_id(user, USER) or user)
    whose = await name_of(visit.desk, user) if user else ""
    # An app that is not installed here is unknown once nothing of it is out.
    there = USAGE if app.policy is None and not app.is_at_home else _path(visit, app)
    number = Count(number=ended).of("grant or access token")
    return visit.go(there, saying=f"Ended: {number} of {whose or _called(app)}.")


async def _revoking(visit: Visit, app: InstalledApp, user: str) -> ReviewPage:
    path = _path(visit, app)
    if user:
        name = await name_of(visit.desk, user) or "this user"
        return ReviewPage(
            title=f"Revoke what {_called(app)} has of {name}",
            lines=(
                f"Every grant of {name} for this app ends at once, and what was approved has to be approved again.",
            ),
            tick=f"End what {_called(app)} has of {name}.",
            button="Revoke",
            action=f"{path}/revoke",
            back=path,
            hidden=(("user", user),),
        )
    out = await app_activity.out_of(visit.desk, app)
    alone = f" and {out.access_tokens.of('access token')}" if out.access_tokens.number else ""
    return ReviewPage(
        title=f"Revoke all of {_called(app)}",
        lines=(
            f"At once {out.grants.of('grant')} of {out.users.of('user')}{alone} will end. "
            "Who uses the app has to log in and approve it again.",
            "New logins are not refused. To stop the app, block it.",
        ),
        tick=f"End {out.grants.of('grant')}.",
        button=f"Revoke all {out.grants}",
        action=f"{path}/revoke",
        back=path,
    )


def _row(app: usage.AppInUse, now: int) -> UsageRow:
    out = app.out
    return UsageRow(
        ref=app.ref,
        label=app.label,
        description=app.description,
        state=app.state,
        home=app.home,
        users=str(out.users) if out else "0",
        grants=str(out.grants) if out else "0",
        access_tokens=str(out.access_tokens) if out else "0",
        last_used=moment(out.last_used if out else 0, now),
    )


def _called(app: InstalledApp) -> str:
    return app[s.LABEL] or app.app.name


def _path(visit: Visit, app: InstalledApp) -> str:
    return f"{USAGE}/{app.app.name if app.app.org_id == visit.org.id else app.id}"


def _crumbs(visit: Visit, app: InstalledApp) -> tuple[tuple[str, str], ...]:
    return (*_CRUMBS, (_called(app), _path(visit, app)))


ROUTES: Final = (
    Route("/setup/usage", get=show),
    Route("/setup/usage/{app}", get=users),
    Route("/setup/usage/{app}/revoke", get=ask_revoke, post=revoke),
)
