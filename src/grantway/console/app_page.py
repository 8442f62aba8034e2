"""GET /setup/apps/{name}: one connected app in one view; and what is asked before it is blocked."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.moments import Moment, moment
from grantway.console.places import field_path
from grantway.console.review import ReviewPage, ask_again, ticked
from grantway.console.snippets import Snippet, endpoints_of, flows_of, snippets_of
from grantway.console.visit import Route, Visit
from grantway.domain.app import InstalledApp
from grantway.domain.refresh_life import IDLE_CAP_DAYS, refresh_life
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps, pictures, rules
from grantway.manage.connected_apps.app_acts import AppActs, acts_on
from grantway.manage.people.people import name_of
from grantway.manage.usage import app_activity
from grantway.pages import initials_of
from grantway.settings.setting import AnySetting
from grantway.store.pictures import Copy

APPS: Final = "/setup/apps"
_NAMES: Final = re.compile(r"[a-z_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingShown:
    """A setting as the app has it; `differs` from what holds when nothing is set."""

    name: str
    label: str
    value: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionShown:
    """The settings of one section of the page: what differs first."""

    heading: str
    changed: tuple[SettingShown, ...]
    same: tuple[SettingShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something to look at, and the setting where it is changed (empty: none)."""

    text: str
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """One refused request."""

    request_id: str
    at: Moment
    endpoint: str
    means: str
    error: str
    setting: str
    setting_label: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """The logo or the icon: its address elsewhere, the path of the copy here (or empty), and what became of it."""

    what: str
    url: str
    path: str
    fetched: Moment
    tried: Moment
    problem: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPage:
    """One app. `path`: where its pages stand; `is_own`: this org is its home; `may`: what the reader may do with it."""

    template: ClassVar[str] = "setup/app.html"
    title: str
    path: str
    usage_path: str
    name: str
    description: str
    consumer_key: str
    version: str
    created: Moment
    created_by: str
    is_own: bool
    may: AppActs
    picture: str
    initials: str
    pictures: tuple[PictureRow, ...]
    state: str
    glance: tuple[tuple[str, str, str], ...]
    warnings: tuple[Warned, ...]
    snippets: tuple[Snippet, ...]
    endpoints: tuple[tuple[str, str], ...]
    sections: tuple[SectionShown, ...]
    users: str
    grants: str
    access_tokens: str
    last_used: Moment
    issued_day: str
    issued_month: str
    issued_since: Moment
    refusals: tuple[RefusedRow, ...]


async def show(visit: Visit) -> Reply:
    """Show an app."""
    await visit.server.tally.catch_up()
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    now = visit.server.clock.now_ms()
    out = await app_activity.out_of(visit.desk, app)
    issued = await app_activity.issued_to(visit.desk, app)
    refused = await app_activity.refused_to(visit.desk, app)
    warnings = await rules.warnings_about(visit.desk, app)
    is_own = app.app.org_id == visit.org.id
    ref = app.app.name if is_own else app.id
    creator = await name_of(visit.desk, app.app.created_by) if is_own else ""
    kept = await pictures.of_app(visit.desk, visit.org, app.id)
    page = AppPage(
        title=app[s.LABEL] or app.app.name,
        path=f"{APPS}/{ref}",
        usage_path=f"/setup/usage/{ref}",
        name=app.app.name,
        description=app[s.DESCRIPTION],
        consumer_key=app.consumer_key,
        version=app.version,
        created=moment(app.app.created_at, now),
        created_by=creator or ("itself" if app.is_registered else "the operator" if is_own else ""),
        is_own=is_own,
        may=acts_on(visit.desk, visit.org, app),
        picture=next((one.path for one in kept if one.path), ""),
        initials=initials_of(app[s.LABEL] or app.app.name),
        pictures=tuple(_picture(one, now) for one in kept),
        state="not installed" if app.policy is None else "blocked" if app.policy.is_blocked else "installed",
        glance=_glance(app),
        warnings=tuple(Warned(text=_sentence(text), setting=_setting_in(text)) for text in warnings),
        snippets=snippets_of(app, visit.base),
        endpoints=endpoints_of(app, visit.base),
        sections=_sections(app),
        users=str(out.users),
        grants=str(out.grants),
        access_tokens=str(out.access_tokens),
        last_used=moment(out.last_used, now),
        issued_day=f"{issued.day:,}",
        issued_month=f"{issued.month:,}",
        issued_since=moment(issued.since, now),
        refusals=tuple(_refused(one, ref, now) for one in refused),
    )
    return visit.show(page, here=APPS, crumbs=(("App Manager", APPS),))


async def ask_block(visit: Visit) -> Reply:
    """Say what blocking an app will do."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    return visit.show(await _blocking(visit, app), here=APPS, crumbs=_crumbs(visit, app))


async def block(visit: Visit) -> Reply:
    """Block an app."""
    app = await apps.find(visit.desk, visit.org, visit.params["name"])
    if not ticked(visit):
        return ask_again(visit, await _blocking(visit, app), here=APPS, crumbs=_crumbs(visit, app))
    await apps.block(visit.desk, visit.org, app.id, blocked=True)
    return visit.go(_path(visit, app), saying=f"{_called(app)} is blocked from this moment on.")


async def unblock(visit: Visit) -> Reply:
    """Let a blocked app in again."""
    app = await apps.block(visit.desk, visit.org, visit.params["name"], blocked=False)
    return visit.go(_path(visit, app), saying=f"{_called(app)} is let in again. What it holds works again.")


async def fetch_pictures(visit: Visit) -> Reply:
    """Have the logo and icon fetched once more."""
    app = await pictures.fetch_again(visit.desk, visit.org, visit.params["name"])
    return visit.go(_path(visit, app), saying="The server fetches the pictures now. Look again in a few seconds.")


async def _blocking(visit: Visit, app: InstalledApp) -> ReviewPage:
    out = await app_activity.out_of(visit.desk, app)
    return ReviewPage(
        title=f"Block {_called(app)}",
        lines=(
            f"{_has_out(out)} None of it works while the app is blocked, and new requests are refused with "
            "OAUTH_APP_BLOCKED.",
            "Nothing is deleted. Unblock lets people in again.",
        ),
        tick=f"Block the app for {out.users.of('user')}.",
        button=f"Block {_called(app)}",
        action=f"{_path(visit, app)}/block",
        back=_path(visit, app),
    )


def _has_out(out: app_activity.Out) -> str:
    alone = f", and {out.access_tokens.of('access token')} without one" if out.access_tokens.number else ""
    return f"In this org it has {out.grants.of('grant')} of {out.users.of('user')}{alone}."


def _glance(app: InstalledApp) -> tuple[tuple[str, str, str], ...]:
    """Return (what, value, state) of what an administrator asks first; the state is ok, warn or empty."""
    secrets = (app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW], app[s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW])
    secret = "required" if all(secrets) else "required for one of two flows" if any(secrets) else "not required"
    overlap = f", overlap {app[s.ROTATION_OVERLAP]} s" if app[s.ROTATION_OVERLAP] else ""
    pkce = app[s.REQUIRE_PKCE] or app[s.REQUIRE_PKCE_FOR_ALL_APPS]
    timeout = s.SESSION_TIMEOUT.kind.says(app[s.SESSION_TIMEOUT])
    registered = f"with {app.parent}, whose policies it has" if app.is_child else "without a token"
    return (
        *((("Registered itself", registered, ""),) if app.is_registered else ()),
        ("Flows", ", ".join(flows_of(app)) or "none", ""),
        ("PKCE", "required" if pkce else "not required", "ok" if pkce else "warn"),
        ("Secret", secret, "ok" if all(secrets) else ""),
        ("Rotation", f"on{overlap}" if app[s.REFRESH_TOKEN_ROTATION] else "off", ""),
        ("Users", s.PERMITTED_USERS.kind.says(app[s.PERMITTED_USERS]), ""),
        ("Refresh token", _refresh_token(app), ""),
        ("Access token", timeout, ""),
        ("Scopes", s.SCOPES.kind.says(app[s.SCOPES]), ""),
    )


def _refresh_token(app: InstalledApp) -> str:
    says = s.REFRESH_TOKEN_POLICY.kind.says(app[s.REFRESH_TOKEN_POLICY])
    return says if refresh_life(app).capped_by is None else f"{says}, at most {IDLE_CAP_DAYS} days unused"


def _sections(app: InstalledApp) -> tuple[SectionShown, ...]:
    found = []
    for section in s.Section:
        shown = [_setting(app, one) for one in s.held_by(s.Holder.APP, s.Holder.POLICY) if one.section is section]
        if shown:
            changed = tuple(one for one in shown if one.differs)
            same = tuple(one for one in shown if not one.differs)
            found.append(SectionShown(heading=section.value, changed=changed, same=same))
    return tuple(found)


def _setting(app: InstalledApp, setting: AnySetting) -> SettingShown:
    value = app[setting]
    return SettingShown(
        name=setting.name, label=setting.label, value=setting.kind.says(value), differs=value != setting.default
    )


def _setting_in(text: str) -> str:
    return next((word for word in _NAMES.findall(text) if word in s.BY_NAME), "")


def _sentence(text: str) -> str:
    """Put a warning in the page's words: labels for the names that the command line has."""
    named = _NAMES.sub(
        lambda found: s.BY_NAME[found[0]].label if "_" in found[0] and found[0] in s.BY_NAME else found[0], text
    )
    return named[:1].upper() + named[1:] + "."


def _refused(one: app_activity.Refused, ref: str, now: int) -> RefusedRow:
    return RefusedRow(
        request_id=one.request_id,
        at=moment(one.at, now),
        endpoint=one.endpoint,
        means=one.means,
        error=one.error,
        setting=field_path(one.setting, ref) if one.setting else "",
        setting_label=one.setting.label if one.setting else "",
        username=one.username,
    )


def _picture(one: Copy, now: int) -> PictureRow:
    return PictureRow(
        what=one.role.title(),
        url=one.url,
        path=one.path,
        fetched=moment(one.fetched_at, now),
        tried=moment(one.tried_at, now),
        problem=one.problem,
        waits=one.due_at is not None,
    )


def _called(app: InstalledApp) -> str:
    return app[s.LABEL] or app.app.name


def _path(visit: Visit, app: InstalledApp) -> str:
    return f"{APPS}/{app.app.name if app.app.org_id == visit.org.id else app.id}"


def _crumbs(visit: Visit, app: InstalledApp) -> tuple[tuple[str, str], ...]:
    return (("App Manager", APPS), (_called(app), _path(visit, app)))


ROUTES: Final = (
    Route("/setup/apps/{name}", get=show),
    Route("/setup/apps/{name}/block", get=ask_block, post=block),
    Route("/setup/apps/{name}/unblock", post=unblock),
    Route("/setup/apps/{name}/pictures", post=fetch_pictures),
)
