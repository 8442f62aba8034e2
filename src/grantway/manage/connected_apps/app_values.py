"""Values asked for an app: read by their settings' declarations, allowed to the caller, possible in the org."""

import difflib
from typing import Any, Final, cast

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp
from grantway.domain.org import Org
from grantway.domain.permissions import read_permissions
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.editions import demand_edition
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.settings.callbacks import callback_problem
from grantway.settings.setting import AnySetting
from grantway.store.apps import Apps
from grantway.store.custom_claims import custom_scopes_of
from grantway.store.people import permissions_of, user_and_password
from grantway.store.statement import Statement

Values = dict[AnySetting, Any]
DEVICE_CALLBACK: Final = "/services/oauth2/success"
_APPS_OF: Final = Statement("SELECT id FROM app WHERE org_id = :org_id ORDER BY name")
_ASSIGNMENTS: Final[dict[s.Setting[tuple[str, ...]], holders.Kind]] = {
    s.PROFILES: holders.PROFILES,
    s.PERMISSION_SETS: holders.PERMISSION_SETS,
}
_AUDIENCES: Final[tuple[s.Setting[tuple[str, ...]], ...]] = (s.ID_TOKEN_AUDIENCES, s.ASSET_TOKEN_AUDIENCES)
_APP_OF_KEY: Final = Statement(
    "SELECT id FROM app WHERE consumer_key = :consumer_key"
    " UNION SELECT app_id FROM app_credential WHERE consumer_key = :consumer_key"
)
# What takes the right to assign apps: who may use them, and what a SAML service provider is told of whom.
_TAKES_ASSIGNING: Final = frozenset(one for one in s.ALL if one in _ASSIGNMENTS or one.name.startswith("saml"))
# What decides how far an app goes as its run-as user.
_WHAT_IT_MAY_DO: Final = frozenset({s.CLIENT_CREDENTIALS, s.SCOPES})
_SIGNING_KEYS: Final[tuple[AnySetting, ...]] = (s.CERTIFICATE, s.JWKS, s.JWKS_URI)


def parse_values(asked: dict[str, Any]) -> Values:
    """Return values by setting; every problem is named at once.

    Raises:
        ManageProblem: an unknown setting, a setting of an org, or values that are not taken.
    """
    values: Values = {}
    problems: dict[str, str] = {}
    for name, raw in asked.items():
        setting = s.BY_NAME.get(name)
        if setting is None:
            near = difflib.get_close_matches(name, s.BY_NAME, 1)
            problems[name] = "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
        elif setting.held_by is s.Holder.ORG:
            problems[name] = "is a setting of the org; use grantway org set"
        else:
            try:
                values[setting] = setting.kind.parse(raw)
            except s.SettingProblem as problem:
                problems[name] = str(problem)
    if problems:
        raise ManageProblem.of(problems)
    return values


def demand_rights(desk: Desk, org: Org, values: Values, kind: AppKind) -> None:
    """Demand the rights that setting these values of an app takes; assignments take more than the rest (S37).

    Raises:
        ManageProblem: names the permission that is missing.
    """
    # Saving what is there already changes nothing, but only who may change something gets so far.
    if held(values, s.Holder.APP) or not (values or desk.caller.may(Right.APP_POLICIES, org.id, kind)):
        desk.caller.needs(Right.APPS, org.id, kind)
    if held(values, s.Holder.POLICY):
        desk.caller.needs(Right.APP_POLICIES, org.id, kind)
    if not _TAKES_ASSIGNING.isdisjoint(values):
        desk.caller.needs(Right.APP_ASSIGNMENTS, org.id, kind)
    if s.CUSTOM_SCOPES in values:
        desk.caller.needs(Right.CUSTOM_SCOPES, org.id)


def why_fixed(desk: Desk, org: Org, setting: AnySetting, app: InstalledApp | None, kind: AppKind) -> str:
    """Say why the caller cannot change a setting of an app of a kind (None: a new one); empty when they can."""
    if app is not None and setting.held_by is s.Holder.APP and app.app.org_id != org.id:
        return "It belongs to the org that made the app."
    if app is not None and setting.held_by is s.Holder.POLICY and app.policy is None:
        return "Policies exist once the app is installed in this org."
    try:
        demand_rights(desk, org, {setting: setting.default}, kind)
    except NotAllowed as problem:
        return f"{problem}."
    return ""


def with_placeholder(desk: Desk, values: Values, app: InstalledApp | None) -> Values:
    """Return the values with a callback URL on this server, where the device flow is on and none is given (2.3)."""
    after = (app.values() if app else {}) | values
    placeholder = f"{desk.base_url}{DEVICE_CALLBACK}"
    if not after.get(s.DEVICE_FLOW) or after.get(s.CALLBACK_URL) or not desk.base_url or callback_problem(placeholder):
        return values
    return values | {s.CALLBACK_URL: (placeholder,)}


async def fit_values(desk: Desk, org: Org, values: Values, app: InstalledApp | None) -> Values:
    """Return the values as they are stored, after checking what one value alone cannot tell.

    The run-as user must be an active user of the org, custom scopes must be the org's; one app an org may introspect
    all tokens; no audience is another app's consumer key; and the values give nobody more than the caller holds.
    `app`: whose they are, None for a new one.

    Raises:
        ManageProblem: names the setting, or the permissions that the caller lacks.
    """
    if run_as := values.get(s.RUN_AS):
        found = await user_and_password(desk.session, run_as)
        if found is None or found[0].org_id != org.id or not found[0].may_act:
            raise ManageProblem.at("run_as", f"there is no active user {run_as!r} in the org {org.name}")
        if found[0].is_guest:
            raise ManageProblem.at("run_as", f"{found[0].username} is a guest user: only visitors act as one")
        values = values | {s.RUN_AS: found[0].username}
    demand_edition(org.edition, values)
    after = (app.values() if app else {}) | values
    acts = s.RUN_AS in values or (after.get(s.CLIENT_CREDENTIALS) and not _WHAT_IT_MAY_DO.isdisjoint(values))
    if acts and after.get(s.RUN_AS):
        await demand_power_of(desk, after[s.RUN_AS], f"let an app run as {after[s.RUN_AS]}")
    swapped = any(values.get(one) and (app is None or values[one] != app[one]) for one in _SIGNING_KEYS)
    for setting, kind in _ASSIGNMENTS.items():
        before: tuple[str, ...] = app[setting] if app else ()
        if added := set(values.get(setting, ())).difference(before):
            await demand_power_of_holders(desk, org, kind, added, "pre-authorize")
        if swapped and (kept := set(before).intersection(after.get(setting, ()))):
            # Whoever has the key of the certificate, or one of the set, gets tokens of these users by an assertion.
            await demand_power_of_holders(desk, org, kind, kept, "swap the key that speaks for")
    if named := values.get(s.CUSTOM_SCOPES):
        there = {scope.name for scope in await custom_scopes_of(desk.session, org.id)}
        if missing := [name for name in named if name not in there]:
            hint = f"; there are: {', '.join(sorted(there))}" if there else "; grantway scope create makes one"
            raise ManageProblem.at("custom_scopes", f"there is no custom scope {', '.join(missing)}{hint}")
    if values.get(s.INTROSPECT_ALL) and (other := await introspecting_app(desk, org, app.id if app else "")):
        raise ManageProblem.at("introspect_all", f"one app an org may have it, and {other} has it")
    for audiences in _AUDIENCES:
        await _demand_no_apps_key(desk, audiences, values.get(audiences, ()), app)
    return values


async def _demand_no_apps_key(
    desk: Desk, setting: s.Setting[tuple[str, ...]], asked: tuple[str, ...], app: InstalledApp | None
) -> None:
    """Demand that no new audience is the consumer key of another app, of whichever org.

    A client takes an ID token whose `aud` has its key for a login of its own: the user of one app could be passed off
    as logged in to another (OpenID Connect Core, 3.1.3.7).
    """
    before: tuple[str, ...] = app[setting] if app else ()
    for audience in (one for one in asked if one not in before):
        owner = await desk.session.one(_APP_OF_KEY, audience)
        if owner is not None and (app is None or owner[0] != app.id):
            raise ManageProblem.at(
                setting.name,
                f"{audience[:40]!r} is the consumer key of another app, which would take these tokens for logins of "
                "its own: name the URL of a server, and let that one accept this app's key",
            )


async def demand_power_of_holders(desk: Desk, org: Org, kind: holders.Kind, names: set[str], doing: str) -> None:
    """Demand that the caller holds all that profiles or permission sets give; `doing` says what was tried.

    Raises:
        ManageProblem: names the permissions that the caller lacks.
    """
    if desk.caller.is_operator:
        return
    for holder in await holders.all_of(desk, kind, org.id):
        if holder.name in names:
            desk.caller.holds_all(read_permissions(holder.permissions), f"{doing} the {kind.word} {holder.name}")


async def demand_power_of(desk: Desk, username: str, doing: str) -> None:
    """Demand that the caller holds all that a user does; `doing` says what was tried.

    Raises:
        ManageProblem: names the permissions that the caller lacks.
    """
    if found := await user_and_password(desk.session, username):
        desk.caller.holds_all(await permissions_of(desk.session, found[0]), doing)


async def introspecting_app(desk: Desk, org: Org, but: str) -> str | None:
    """Return the name of the app of an org that may introspect all tokens, other than the one with the id `but`."""
    reader = Apps(desk.ring)
    for (app_id,) in await desk.session.all(_APPS_OF, org.id):
        if app_id != but:
            app = await reader.in_org(desk.session, cast(str, app_id), org.id)
            if app is not None and app[s.INTROSPECT_ALL]:
                return app.app.name
    return None


def held(values: Values, holder: s.Holder) -> Values:
    """Return those of the values that live in one kind of record."""
    return {setting: value for setting, value in values.items() if setting.held_by is holder}
