"""What a grant is, and what it hands to the endpoint: its case, its checks, its proof."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.org import Org
from grantway.domain.token import RefreshToken
from grantway.domain.token_handler import UsableHandler
from grantway.grants.asserted import client_assertion
from grantway.kit.secrets import KeyRing, fingerprint
from grantway.kit.urls import Urls
from grantway.outbound.key_sets import KeySets
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase
from grantway.policy.login_pace import Looked
from grantway.protocol.asset_token import AssetTerms
from grantway.protocol.credentials import Credentials
from grantway.protocol.decision import Check
from grantway.protocol.door import SALESFORCE, STANDARDS, Door
from grantway.protocol.token_handler import HandlerAnswer, Named
from grantway.store.directory import Directory
from grantway.store.statement import Step
from grantway.store.tokens import add_refresh

C = TypeVar("C")


def every(_params: Mapping[str, str]) -> bool:
    """Claim every request of the grant type."""
    return True


class TokenCall(msgspec.Struct, frozen=True, gc=False):
    """A token request, read: at which door, with which parameters, by which client, when.

    `now_ms` is the one time of the whole request; `arrived_us` when its first byte reached the server. `names` are the
    audiences by which an assertion may mean this server. `at_login_host`: the name that was called is one where people
    of any org log in, and not an org's own. `address`: where it came from.
    """

    door: Door
    params: Mapping[str, str]
    credentials: Credentials
    now_ms: int
    arrived_us: int
    names: frozenset[str] = frozenset()
    at_login_host: bool = False
    address: str = ""
    request_id: str = ""


class HandlerSources(Protocol):
    """Where a token exchange reads what its decision needs of an org and its handlers."""

    @property
    def directory(self) -> Directory:
        """Orgs, people and apps, and by its `db` the database."""

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
        """Ask a handler whether it believes a token; it may ask others in turn, within seconds. Nothing is raised.

        `names` are the audiences that mean this server.
        """

    async def create_user(self, org: Org, chosen: UsableHandler, named: Named) -> str:
        """Make the user that a handler named, as its execution user; return why that could not be, or nothing."""


class Sources(HandlerSources, Protocol):
    """Where a grant may read what its decision needs. It writes nothing: what follows is in its `Proof`."""

    @property
    def urls(self) -> Urls:
        """The names of this server."""

    @property
    def client_keys(self) -> KeySets:
        """The key sets that apps publish, fetched when they are needed."""

    async def look_at_password(self, call: TokenCall, app_id: str, username: str, password: str) -> Looked:
        """Look whether username and password belong together, at the pace that failures allow; a failure is noted."""


async def client_of(call: TokenCall, sources: Sources) -> ClientCase:
    """Read the client that a request names."""
    credentials = call.credentials
    app = await sources.directory.app_by_key(credentials.client_id) if credentials.client_id else None
    # Most clients have a secret; for these nothing more has to be read.
    return unasserted(call, app) if credentials.assertion is None else await client_case(call, sources, app)


async def client_case(call: TokenCall, sources: Sources, app: InstalledApp | None) -> ClientCase:
    """Return the client that was found for a request, with how it proves itself."""
    credentials = call.credentials
    if credentials.assertion is None:
        return unasserted(call, app)
    asserted = await client_assertion(
        sources.directory.db,
        credentials.assertion,
        app,
        names=call.names,
        now_ms=call.now_ms,
        key_sets=sources.client_keys,
    )
    return ClientCase(call.door, credentials.client_id, app, credentials.secrets, call.now_ms, asserted)


def unasserted(call: TokenCall, app: InstalledApp | None) -> ClientCase:
    """Return the client that was found for a request which brings no assertion of the client's."""
    return ClientCase(call.door, call.credentials.client_id, app, call.credentials.secrets, call.now_ms)


def adds_refresh_token(row_id: str, token: str, family_id: str, now_ms: int) -> Step:
    """Return the step that stores a new refresh token, as its hash."""
    return add_refresh(RefreshToken(row_id, fingerprint(token), family_id, now_ms, None, None, ""))


class Proof(msgspec.Struct, frozen=True, gc=False):
    """What a grant proved: who gets which scopes in which app, and what that uses up.

    - `family_id`: the family the access token joins; empty when there is none.
    - `only_of_family`: the family has no refresh token, and so no other access token than this one.
    - `guard`, `settles`, `steps`: what is to be written beside the access token.
    - `refresh_token`: the refresh token that goes with the answer; empty for none.
    - `wants_id_token`: whether an ID token goes with it, if `openid` is among the scopes.
    - `auth_time`: when the user logged in (seconds), for the ID token; 0 when no user did.
    - `event`: what the event log says happened.
    - `issued_token_type`: what a token exchange says it gave; empty elsewhere.
    - `actor`: who acts for the user, as the JSON of the claim `act`; empty where nobody does.
    - `visitor`: the guest whom the token is for, by the unique visitor ID; empty where the user is a named one.
    - `asset`: what the asset token says that is given in the access token's place; None for an access token.
    """

    of: AppUser
    scopes: tuple[str, ...]
    event: str
    family_id: str = ""
    only_of_family: bool = False
    guard: Step | None = None
    settles: Step | None = None
    steps: tuple[Step, ...] = ()
    refresh_token: str = ""
    wants_id_token: bool = False
    nonce: str = ""
    auth_time: int = 0
    issued_token_type: str = ""
    actor: str = ""
    visitor: str = ""
    asset: AssetTerms | None = None

    @property
    def stands_alone(self) -> bool:
        """Whether no refresh token stands behind the access token."""
        return not self.family_id or self.only_of_family


@dataclass(frozen=True, kw_only=True)  # no slots: Python 3.11 cannot make a slotted generic by Grant[Case](…)
class Grant(Generic[C]):
    """A grant type.

    - `load`: reads what the decision needs; gives a case, whatever is missing in it.
    - `authentication`: how the client must prove itself.
    - `checks`: everything this flow has an opinion on, in order.
    - `use`: who would use which app; asked only after `checks` found nothing to refuse.
    - `prove`: what follows; asked only when every check has passed.
    - `granted`: the resources that were approved (RFC 8707), so that a token is for none besides; None where the grant
      follows no approval of a person's.
    - `doors`: where the grant is offered; elsewhere it is an unknown one.
    - `claims`: whether a request of this grant type is for this grant; pure, by the parameters alone. Only where two
      grants share a type is it more than `every`.
    """

    grant_type: str
    title: str
    authentication: Check[ClientCase]
    load: Callable[[TokenCall, Sources], Awaitable[C]]
    client: Callable[[C], ClientCase]
    checks: tuple[Check[C], ...]
    use: Callable[[C], UseCase]
    prove: Callable[[C, KeyRing], Proof]
    granted: Callable[[C], str] | None = None
    doors: tuple[Door, ...] = (SALESFORCE, STANDARDS)
    claims: Callable[[Mapping[str, str]], bool] = every
