"""Trying a token at a token exchange handler: the decision that an app would get, check by check, and nothing issued.

The checks are those of `grants.exchange`; what is tried is not stored, and no user stays made.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Protocol, cast

import msgspec

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org
from grantway.domain.token_handler import TokenHandler, UsableHandler
from grantway.grants import token_exchange as exchange
from grantway.grants.exchange.asking import asked
from grantway.grants.exchange.case import ExchangeCase
from grantway.grants.exchange.checks import PERSON, believed, person
from grantway.grants.grant import TokenCall
from grantway.kit.clock import MINUTE_MS
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.exchange import new_people, token_handlers
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.explain import in_words
from grantway.policy.client import ClientCase, grant_registered, known
from grantway.policy.use_checks import USE_CHECKS
from grantway.protocol.credentials import Credentials
from grantway.protocol.decision import Finding, Trail
from grantway.protocol.door import SALESFORCE
from grantway.protocol.refusal import Wire
from grantway.protocol.token_handler import HandlerAnswer, Named, NewPerson
from grantway.settings.setting import AnySetting
from grantway.settings.token_handlers import NEW_USER_PROFILE, SUBJECT_TYPE_PREFIX, SUBJECT_TYPES
from grantway.store.apps import Apps
from grantway.store.directory import Directory
from grantway.store.statement import Statement

TOKEN_LIMIT: Final = 40_000
A_MINUTE: Final = 30
# Of what was administered last, which an index finds: nobody tries more than that in a minute.
_TRIED: Final = Statement(
    "SELECT COUNT(*) FROM (SELECT kind, at FROM event WHERE org_id = :org_id AND substr(kind, 1, 6) = 'admin.'"
    " ORDER BY id DESC LIMIT 200) latest WHERE kind = 'admin.handler.try' AND at >= :since"
)
_CLIENT: Final = (known, partial(grant_registered, grant_type=exchange.GRANT_TYPE))
_CHECKS: Final = exchange.GRANT.checks
_ASKED_AT: Final = _CHECKS.index(believed)
_PERSON_AT: Final = _CHECKS.index(person)


class AsksHandlers(Protocol):
    """What asks a handler about a token, as a running server does."""

    async def ask(
        self,
        chosen: UsableHandler,
        app: InstalledApp,
        token: str,
        token_type: str,
        *,
        names: frozenset[str],
        is_actor: bool,
    ) -> HandlerAnswer:
        """Ask it; see `grants.grant.HandlerSources`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would come of a token.

    - `findings`: what each check found, the handler's own among them; the last one refuses where one does.
    - `not_reached`: what the checks demand that were not made.
    - `reason`: why it would be refused, by its id, empty where it would not be; `means` and `remedy` in words,
      `setting` what can be changed, `told` what the app would be told.
    - `user`: as whom the app would act, by username, and their `profile`; `is_new`: who would be made first.
    - `visitor`: the unique visitor ID, where that is a guest user.
    - `scopes`: what the access token would have; `has_refresh_token`: one would come with it.
    """

    handler: str
    app: str
    findings: tuple[Finding, ...]
    not_reached: tuple[str, ...] = ()
    reason: str = ""
    means: str = ""
    remedy: str = ""
    setting: AnySetting | None = None
    told: Wire | None = None
    user: str = ""
    profile: str = ""
    is_new: bool = False
    visitor: str = ""
    scopes: tuple[str, ...] = ()
    has_refresh_token: bool = False

    @property
    def would_work(self) -> bool:
        """Whether the app would get a token."""
        return not self.reason

    def document(self) -> dict[str, Any]:
        """Return it as JSON, for programs."""
        return {
            "handler": self.handler,
            "app": self.app,
            "would_work": self.would_work,
            "user": self.user,
            "profile": self.profile,
            "is_new": self.is_new,
            "visitor": self.visitor,
            "scopes": list(self.scopes),
            "has_refresh_token": self.has_refresh_token,
            "checks": [
                {"check": one.check, "says": one.says, "refused": one.refusal is not None} for one in self.findings
            ],
            "not_reached": list(self.not_reached),
            "reason": self.reason,
            "means": self.means,
            "remedy": self.remedy,
            "setting": self.setting.name if self.setting is not None else "",
            "error": self.told.error if self.told is not None else "",
            "error_description": self.told.says if self.told is not None else "",
        }


@dataclass(slots=True)
class _Trying:
    """Sources of a trial: who is not there is made and taken back."""

    desk: Desk
    directory: Directory
    handlers: AsksHandlers
    made: list[NewPerson] = field(default_factory=list)

    async def ask_token_handler(
        self,
        chosen: UsableHandler,
        app: InstalledApp,
        token: str,
        token_type: str,
        *,
        names: frozenset[str],
        is_actor: bool,
    ) -> HandlerAnswer:
        return await self.handlers.ask(chosen, app, token, token_type, names=names, is_actor=is_actor)

    async def create_user(self, org: Org, chosen: UsableHandler, named: Named) -> str:
        desk = self.desk
        why = await new_people.make(desk.db, desk.clock, desk.ring, org, chosen, named, only_try=True)
        if not why and named.new is not None:
            self.made.append(named.new)
        return why


async def try_token(
    desk: Desk,
    org: Org,
    handler_name: str,
    app_name: str,
    token: str,
    token_type: str,
    *,
    handlers: AsksHandlers,
    names: frozenset[str],
) -> Trial:
    """Decide about a token as for an app that sends it and has proved itself, at Salesforce's door.

    `handlers` asks the handler; `names` are the audiences that mean this server there. That somebody tried is audited,
    what they tried is not.

    Raises:
        ManageProblem: less than the right to change the handler, no such handler, app or type, no token or one that is
            too long, or too many trials in a minute.
    """
    handler = await token_handlers.find(desk, org, handler_name)
    await token_handlers.demand_change(desk, org, handler)
    app = await apps.find(desk, org, app_name)
    if not app.is_at_home:
        raise ManageProblem.at("app", f"{app.app.name} is another org's, whose handlers validate its tokens")
    token, token_type = token.strip(), token_type.removeprefix(SUBJECT_TYPE_PREFIX)
    if token_type not in SUBJECT_TYPES:
        raise ManageProblem.at("token_type", f"say one of {', '.join(SUBJECT_TYPES)}")
    if not token:
        raise ManageProblem.at("token", "there is none")
    if len(token) > TOKEN_LIMIT:
        raise ManageProblem.at("token", f"at most {TOKEN_LIMIT:,} characters")
    now = desk.clock.now_ms()
    async with desk.changing() as changing:
        tried = await changing.session.one(_TRIED, org.id, now - MINUTE_MS)
        if tried is not None and cast(int, tried[0]) >= A_MINUTE:
            raise ManageProblem(f"{A_MINUTE} tokens were tried in the last minute: wait a little")
        await changing.audit("admin.handler.try", org.id, app_id=app.id, name=handler.name, app=app.app.name)
    params = {
        "grant_type": exchange.GRANT_TYPE,
        "subject_token": token,
        "subject_token_type": SUBJECT_TYPE_PREFIX + token_type,
        "token_handler": handler.name,
    }
    call = TokenCall(SALESFORCE, params, Credentials(app.consumer_key), now, now * 1000, names)
    case = ExchangeCase(call, ClientCase(SALESFORCE, app.consumer_key, app, (), now))
    sources = _Trying(desk, Directory(desk.db, Apps(desk.ring)), handlers)
    trail = Trail((*_CLIENT, *_CHECKS, *USE_CHECKS))
    if trail.passes(_CLIENT, case.client):
        case = await asked(case, app, sources)
    trial = Trial(handler=handler.name, app=app.app.name, findings=())
    if _would_work(trail, case, is_new=bool(sources.made)):
        trial = _with_new(trial, handler, sources.made[0]) if sources.made else _with_user(trial, desk, case)
    if sources.made and trail.refusal is None:
        trail.findings.append(Finding(PERSON, "is not there, and would be made"))
    means, remedy = in_words(trail.refusal) if trail.refusal is not None else ("", "")
    reason = trail.refusal.reason if trail.refusal is not None else None
    return replace(
        trial,
        findings=tuple(trail.findings),
        not_reached=trail.left,
        reason=reason.id if reason is not None else "",
        setting=reason.setting if reason is not None else None,
        means=means,
        remedy=remedy,
        told=reason.wire(SALESFORCE.voice) if reason is not None else None,
    )


def _would_work(trail: Trail, case: ExchangeCase, *, is_new: bool) -> bool:
    """Make the checks that the token endpoint makes, and show the handler's own one by one."""
    if trail.refusal is not None or not trail.passes(_CHECKS[:_ASKED_AT], case):
        return False
    before = len(trail.findings)
    passed = trail.passes((believed,), case)
    if case.subject is not None:
        # The check of the whole says again what they say.
        said = case.subject.findings
        if said and not passed:
            said = (*said[:-1], msgspec.structs.replace(said[-1], refusal=trail.refusal))
        trail.findings[before:] = said or trail.findings[before:]
    if not passed or not trail.passes(_CHECKS[_ASKED_AT + 1 : _PERSON_AT], case):
        return False
    # Of a user who is not there yet nothing more can be asked; that the profile is pre-authorized was.
    return is_new or (trail.passes(_CHECKS[_PERSON_AT:], case) and trail.passes(USE_CHECKS, exchange.use(case)))


def _with_new(trial: Trial, handler: TokenHandler, new: NewPerson) -> Trial:
    return replace(trial, user=new.username, profile=handler[NEW_USER_PROFILE], is_new=True)


def _with_user(trial: Trial, desk: Desk, case: ExchangeCase) -> Trial:
    """Return what the flow would give; what it would write is left unwritten."""
    proof = exchange.prove(case, desk.ring)
    user = proof.of.user
    return replace(
        trial,
        user=user.username,
        profile=user.profile_name,
        visitor=proof.visitor,
        scopes=proof.scopes,
        has_refresh_token=bool(proof.refresh_token),
    )
