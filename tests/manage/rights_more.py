"""More rows of the matrix: what pages, files, rotation, scopes, usage and the operator's work ask for."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.org import Org, User
from grantway.endpoints.token_handlers import TokenHandlers
from grantway.kit.urls import Urls
from grantway.manage import audit, search
from grantway.manage.caller import OPERATOR
from grantway.manage.connected_apps import app_list, app_pages, apps, impact, pictures
from grantway.manage.connected_apps.verdicts import Verdicts
from grantway.manage.consumer_keys import rotation
from grantway.manage.custom import custom_permissions, custom_scopes
from grantway.manage.desk import Desk
from grantway.manage.exchange import token_handlers
from grantway.manage.files import custom_files, export_app, handler_files, import_app, org_files
from grantway.manage.listing import Piece
from grantway.manage.live.census import Census
from grantway.manage.people import holders, people, user_pages
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.manage.registration import registration_tokens
from grantway.manage.server import backup
from grantway.manage.usage import activity, app_activity, refusals, tokens, trials, usage
from grantway.outbound.fetch import Fetcher
from grantway.store.apps import Apps
from grantway.store.directory import Directory
from grantway.store.people import user_and_password
from tests.manage.rights_row import (
    ADA,
    CONNECTED,
    CUSTOMIZE,
    DEVELOPER,
    MODIFY,
    OF_APPS,
    OF_EXTERNAL,
    OF_PEOPLE,
    OF_READING,
    PROFILES,
    ROTATE,
    SECRETS,
    SETUP,
    USERS,
    VIEWER,
    Row,
    with_permission,
)

SCOPE: Final = "gate"
OUTER_SCOPE: Final = "quay"
PERMISSION: Final = "Gate"
HANDLER: Final = "Harbour_IdP"
OF_HANDLERS: Final = ({CUSTOMIZE, MODIFY, USERS},)
OF_USAGE: Final = ({USERS, SETUP},)
_ALL_ROTATE: Final = with_permission(OF_APPS, ROTATE)
_FILE: Final = import_app.SourceFile(
    name="New.oauthcustomscope",
    data=b'<OauthCustomScope xmlns="http://soap.sforce.com/2006/04/metadata"><description>New</description>'
    b"<developerName>new_scope</developerName><masterLabel>New</masterLabel></OauthCustomScope>",
)


_HANDLER_FILE: Final = import_app.SourceFile(
    name="New.oauthtokenexchangehandler",
    data=b'<OauthTokenExchangeHandler xmlns="http://soap.sforce.com/2006/04/metadata"><developerName>New'
    b"</developerName><masterLabel>New</masterLabel></OauthTokenExchangeHandler>",
)


async def _past(asked: Awaitable[Any]) -> None:
    """Ask for something that there is not: whoever gets as far as being told so had the right."""
    try:
        await asked
    except NotAllowed:
        raise
    except ManageProblem:
        return


async def _app(desk: Desk, org: Org, name: str = "Sync") -> InstalledApp:
    app = await apps.met(desk, org, name)
    assert app is not None
    return app


async def _ada(desk: Desk) -> User:
    found = await user_and_password(desk.session, ADA)
    assert found is not None
    return found[0]


async def _out(desk: Desk, org: Org) -> None:
    await app_activity.out_of(desk, await _app(desk, org))


async def _issued(desk: Desk, org: Org) -> None:
    await app_activity.issued_to(desk, await _app(desk, org, "Outer"))


async def _refused(desk: Desk, org: Org) -> None:
    await app_activity.refused_to(desk, await _app(desk, org))


async def _live(desk: Desk, org: Org) -> None:
    census = Census()
    try:
        await census.live_grants(desk, org)
    finally:
        await census.close()


async def _staged(desk: Desk, org: Org, name: str = "Sync") -> None:
    await rotation.stage(replace(desk, caller=OPERATOR), org, name)


async def _applies(desk: Desk, org: Org) -> None:
    await _staged(desk, org)
    await rotation.apply(desk, org, "Sync")


async def _cancels(desk: Desk, org: Org) -> None:
    await _staged(desk, org)
    await rotation.cancel(desk, org, "Sync")


async def _reveals_staged(desk: Desk, org: Org) -> None:
    await _staged(desk, org, "Outer")
    await rotation.reveal_staged(desk, org, "Outer")


async def _takes_registration_token(desk: Desk, org: Org) -> None:
    await registration_tokens.make(replace(desk, caller=OPERATOR), org, "Sync")
    await registration_tokens.revoke(desk, org, "Sync")


async def _rotation_impact(desk: Desk, org: Org) -> None:
    await rotation.impact(desk, await _app(desk, org))


async def _finds_apps(desk: Desk, org: Org) -> None:
    """Search finds nothing for those who have no right, and says no more."""
    if not await search.find_apps(desk, org, "Sync"):
        raise ManageProblem("nothing: may not, or another org's")


async def _finds_users(desk: Desk, org: Org) -> None:
    if not await search.find_users(desk, org, ADA):
        raise ManageProblem("nothing: may not, or another org's")


async def _import_files(desk: Desk, org: Org) -> None:
    (done,) = await import_app.import_files(desk, org, [_FILE])
    if done.done == "failed":
        raise ManageProblem(done.problem)


async def _imports_a_handler(desk: Desk, org: Org) -> None:
    (done,) = await import_app.import_files(desk, org, [_HANDLER_FILE])
    if done.done == "failed":
        raise NotAllowed(done.problem)


async def _apps_of_handler(desk: Desk, org: Org) -> None:
    handler = await token_handlers.find(replace(desk, caller=OPERATOR), org, HANDLER)
    await token_handlers.enabled_apps(desk, org, handler)


async def _tries_a_token(desk: Desk, org: Org) -> None:
    directory = Directory(desk.db, Apps(desk.ring))
    handlers = TokenHandlers.of(directory, desk.clock, desk.ring, Urls.serving("http://localhost:8400"), Fetcher())
    await trials.try_token(desk, org, HANDLER, "Sync", "x", "jwt", handlers=handlers, names=frozenset())


async def _demands_the_handler(desk: Desk, org: Org) -> None:
    handler = await token_handlers.find(replace(desk, caller=OPERATOR), org, HANDLER)
    await token_handlers.demand_change(desk, org, handler)


async def _rewrites(desk: Desk, org: Org) -> None:
    gate = await custom_permissions.find(replace(desk, caller=OPERATOR), org, PERMISSION)
    await custom_permissions.rewrite(desk, gate, label="New", description="", app_id="", metadata="")


async def _apps_with(desk: Desk, org: Org) -> None:
    scope = await custom_scopes.find(replace(desk, caller=OPERATOR), org, SCOPE)
    await custom_scopes.apps_with(desk, org, scope)


async def _grants(desk: Desk, org: Org) -> None:
    await people.grants_of(desk, org, await _ada(desk))


async def _sessions(desk: Desk, org: Org) -> None:
    await people.sessions_of(desk, org, await _ada(desk))


async def _users_of(desk: Desk, org: Org) -> None:
    await usage.users_of(desk, await _app(desk, org))


async def _usage_revoke(desk: Desk, org: Org) -> None:
    await usage.revoke(desk, await _app(desk, org))


_READING: Final = (
    Row(name="see what happens in the org", does=lambda d, o: activity.activity(d, o, 0), enough=OF_READING),
    Row(
        name="see which apps need attention",
        does=lambda d, o: activity.need_attention(d, o, 0, 1),
        enough=OF_READING,
    ),
    Row(name="count live grants", does=_live, enough=OF_READING),
    Row(
        name="page through apps",
        does=lambda d, o: app_list.page_of(d, o, app_list.Asked(), Verdicts()),
        enough=OF_READING,
    ),
    Row(
        name="list apps piece by piece",
        does=lambda d, o: app_pages.page(d, o, app_pages.AppsAsked(), Piece(limit=5)),
        enough=OF_READING,
    ),
    Row(name="search apps", does=_finds_apps, enough=OF_APPS),
    Row(name="search users", does=_finds_users, enough=OF_PEOPLE),
    Row(name="see what an app has out", does=_out, enough=(*OF_APPS, *OF_USAGE)),
    Row(
        name="see what an external client app was issued",
        does=_issued,
        enough=(*OF_EXTERNAL, {CUSTOMIZE, VIEWER}, {CUSTOMIZE, "ExternalClientAppAdmin"}, *OF_USAGE),
    ),
    Row(name="see what an app was refused", does=_refused, enough=OF_APPS),
    Row(name="list refusals", does=lambda d, o: refusals.refusals(d, o, refusals.Asked()), enough=OF_READING),
    Row(
        name="have pictures fetched again",
        does=lambda d, o: _past(pictures.fetch_again(d, o, "Sync")),
        enough=OF_APPS,
    ),
    Row(name="see the pictures of an app", does=lambda d, o: pictures.of_app(d, o, "Sync"), enough=OF_APPS),
    Row(name="count refusals", does=lambda d, o: refusals.refused_most(d, o, 0), enough=OF_READING),
    Row(name="read the audit trail", does=audit.audit_trail, enough=({SETUP},), command=("audit", "list")),
    Row(
        name="weigh a change",
        does=lambda d, o: impact.weigh(d, o, "Sync", {"require_pkce": "false"}),
        enough=OF_APPS,
    ),
)
_WRITING: Final = (
    Row(name="put values of an app", does=lambda d, o: apps.put(d, o, "Sync", {s.REQUIRE_PKCE: False}), enough=OF_APPS),
    Row(name="add an app with values", does=lambda d, o: apps.add(d, o, "New", {}), enough=OF_APPS),
    Row(name="import a custom scope", does=_import_files, enough=({CONNECTED},)),
    Row(name="look at the staged pair", does=lambda d, o: rotation.look(d, o, "Sync"), enough=_ALL_ROTATE),
    Row(
        name="stage a key and secret",
        does=lambda d, o: rotation.stage(d, o, "Sync"),
        enough=_ALL_ROTATE,
        command=("app", "rotate", "Sync", "stage"),
    ),
    Row(name="apply a key and secret", does=_applies, enough=_ALL_ROTATE),
    Row(name="drop a staged pair", does=_cancels, enough=_ALL_ROTATE),
    Row(
        name="reveal the staged pair of an external client app",
        does=_reveals_staged,
        enough=with_permission(OF_EXTERNAL, SECRETS),
    ),
    Row(
        name="see whether an app has an initial access token",
        does=lambda d, o: registration_tokens.look(d, o, "Sync"),
        enough=_ALL_ROTATE,
    ),
    Row(
        name="make an initial access token",
        does=lambda d, o: registration_tokens.make(d, o, "Sync"),
        enough=_ALL_ROTATE,
        command=("app", "registration-token", "Sync"),
    ),
    Row(
        name="take an initial access token away",
        does=_takes_registration_token,
        enough=_ALL_ROTATE,
    ),
    Row(name="count what a rotation ends", does=_rotation_impact, enough=_ALL_ROTATE),
)
_HANDLERS: Final = (
    Row(
        name="make a token exchange handler",
        does=lambda d, o: token_handlers.create(d, o, "New", {}),
        enough=OF_HANDLERS,
        command=("handler", "create", "New"),
    ),
    Row(name="list token exchange handlers", does=token_handlers.all_of, enough=OF_HANDLERS),
    Row(
        name="show a token exchange handler",
        does=lambda d, o: token_handlers.find(d, o, HANDLER),
        enough=OF_HANDLERS,
    ),
    Row(
        name="change a token exchange handler",
        does=lambda d, o: token_handlers.change(d, o, HANDLER, {"label": "New"}),
        enough=OF_HANDLERS,
    ),
    Row(
        name="delete a token exchange handler",
        does=lambda d, o: token_handlers.delete(d, o, HANDLER),
        enough=OF_HANDLERS,
    ),
    Row(
        name="let an app use a token exchange handler",
        does=lambda d, o: token_handlers.enable(d, o, HANDLER, "Sync", ADA),
        enough=OF_HANDLERS,
    ),
    Row(
        name="let an app use a token exchange handler no longer",
        does=lambda d, o: token_handlers.disable(d, o, HANDLER, "Sync"),
        enough=OF_HANDLERS,
    ),
    Row(name="try a token at a token exchange handler", does=_tries_a_token, enough=OF_HANDLERS),
    Row(name="demand what it takes to change a token exchange handler", does=_demands_the_handler, enough=OF_HANDLERS),
    Row(name="list the apps of a token exchange handler", does=_apps_of_handler, enough=OF_HANDLERS),
    Row(
        name="export a token exchange handler",
        does=lambda d, o: handler_files.export_handler(d, o, HANDLER),
        enough=OF_HANDLERS,
    ),
    Row(name="import a token exchange handler", does=_imports_a_handler, enough=OF_HANDLERS),
)
_CUSTOM: Final = (
    Row(
        name="make a custom scope",
        does=lambda d, o: custom_scopes.create(d, o, custom_scopes.NewScope(name="new", description="New")),
        enough=({CONNECTED},),
        command=("scope", "create", "new", "--description", "New"),
    ),
    Row(name="list custom scopes", does=custom_scopes.all_of, enough=({CONNECTED},)),
    Row(name="show a custom scope", does=lambda d, o: custom_scopes.find(d, o, SCOPE), enough=({CONNECTED},)),
    Row(
        name="change a custom scope",
        does=lambda d, o: custom_scopes.change(d, o, SCOPE, {"label": "New"}),
        enough=({CONNECTED},),
    ),
    Row(
        name="delete a custom scope that a connected app has",
        does=lambda d, o: custom_scopes.delete(d, o, SCOPE),
        enough=({CONNECTED, CUSTOMIZE},),
    ),
    Row(
        name="delete a custom scope that an external client app has",
        does=lambda d, o: custom_scopes.delete(d, o, OUTER_SCOPE),
        enough=({CONNECTED, CUSTOMIZE, MODIFY}, {CONNECTED, CUSTOMIZE, DEVELOPER}),
    ),
    Row(
        name="assign a custom scope",
        does=lambda d, o: custom_scopes.assign(d, o, OUTER_SCOPE, "Sync"),
        enough=({CONNECTED, CUSTOMIZE},),
    ),
    Row(name="list the apps with a custom scope", does=_apps_with, enough=OF_READING),
    Row(
        name="export a custom scope",
        does=lambda d, o: custom_files.export_scope(d, o, SCOPE),
        enough=({CONNECTED, CUSTOMIZE},),
    ),
    Row(
        name="export a custom permission",
        does=lambda d, o: custom_files.export_permission(d, o, PERMISSION),
        enough=OF_PEOPLE,
    ),
    Row(
        name="make a custom permission",
        does=lambda d, o: custom_permissions.create(d, o, custom_permissions.NewPermission(name="New")),
        enough=({CUSTOMIZE},),
    ),
    Row(name="list custom permissions", does=custom_permissions.all_of, enough=OF_PEOPLE),
    Row(
        name="show a custom permission",
        does=lambda d, o: custom_permissions.find(d, o, PERMISSION),
        enough=OF_PEOPLE,
    ),
    Row(
        name="change a custom permission",
        does=lambda d, o: custom_permissions.change(d, o, PERMISSION, {"label": "New"}),
        enough=({CUSTOMIZE},),
    ),
    Row(name="rewrite a custom permission", does=_rewrites, enough=({CUSTOMIZE},)),
    Row(
        name="delete a custom permission",
        does=lambda d, o: custom_permissions.delete(d, o, PERMISSION),
        enough=({CUSTOMIZE},),
    ),
    Row(
        name="see the custom permissions of a profile",
        does=lambda d, o: custom_permissions.given_by(d, o, holders.PROFILES, "Empty"),
        enough=OF_PEOPLE,
    ),
    Row(
        name="give custom permissions",
        does=lambda d, o: custom_permissions.give(d, o, holders.PROFILES, "Empty", ()),
        enough=({PROFILES},),
    ),
)
_PEOPLE: Final = (
    Row(
        name="page through users",
        does=lambda d, o: people.page_of_users(d, o, query="", page=1, size=5),
        enough=OF_PEOPLE,
    ),
    Row(
        name="list users piece by piece", does=lambda d, o: user_pages.page(d, o, "", Piece(limit=5)), enough=OF_PEOPLE
    ),
    Row(name="count members", does=people.members, enough=OF_PEOPLE),
    Row(
        name="see the apps of a profile",
        does=lambda d, o: people.pre_authorized(d, o, profile="Empty"),
        enough=OF_PEOPLE,
    ),
    Row(name="see the grants of a user", does=_grants, enough=OF_USAGE),
    Row(name="see the logins of a user", does=_sessions, enough=({USERS},)),
    Row(name="end a login", does=lambda d, o: _past(people.end_login(d, o, ADA, "none")), enough=({USERS},)),
    Row(name="end all logins", does=lambda d, o: people.end_logins(d, o, ADA), enough=({USERS},)),
    Row(name="end one token", does=lambda d, o: _past(tokens.revoke_one(d, o, "none")), enough=OF_USAGE),
    Row(name="list apps in use", does=usage.in_use, enough=OF_USAGE),
    Row(name="list apps that are asked for", does=usage.asked_for, enough=OF_USAGE),
    Row(name="find an app in use", does=lambda d, o: usage.find(d, o, "Sync"), enough=OF_USAGE),
    Row(name="list the users of an app", does=_users_of, enough=OF_USAGE),
    Row(name="revoke all of an app", does=_usage_revoke, enough=OF_USAGE),
)
_SERVER: Final = (
    Row(name="back up the database", does=lambda d, _: backup.backup(d, Path("none"))),
    Row(name="restore the database", does=lambda d, _: backup.restore(d, Path("none"))),
    Row(name="mark a restored database", does=lambda d, _: backup.mark_restored(d)),
)
_ARCHIVES: Final = (
    Row(name="export the apps", does=export_app.export_archive, enough=OF_READING),
    Row(name="export the org", does=org_files.export_org_archive, enough=({CUSTOMIZE},)),
)
MORE: Final = (*_READING, *_WRITING, *_HANDLERS, *_CUSTOM, *_PEOPLE, *_SERVER, *_ARCHIVES)
