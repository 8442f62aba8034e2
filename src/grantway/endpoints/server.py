"""What endpoints are given: database, clock, keys, names. Nothing is fetched from a global (style.md 2)."""

from asyncio import Event
from concurrent.futures import Executor
from dataclasses import dataclass, field

from grantway.domain.app import InstalledApp
from grantway.domain.org import Org, User
from grantway.domain.token_handler import UsableHandler
from grantway.endpoints.client_documents import ClientDocuments
from grantway.endpoints.handler_code import HandlerCode
from grantway.endpoints.passwords import Passwords
from grantway.endpoints.refusals import RefusalLog
from grantway.endpoints.signing import Signing
from grantway.endpoints.tally import Tally
from grantway.endpoints.token_handlers import TokenHandlers
from grantway.grants.grant import TokenCall
from grantway.kit.clock import Clock
from grantway.kit.secrets import KeyRing
from grantway.kit.urls import Urls
from grantway.manage.connected_apps.verdicts import Verdicts
from grantway.manage.live.census import Census
from grantway.outbound.fetch import Fetcher
from grantway.outbound.key_sets import KeySets
from grantway.policy.login_pace import Looked, account_principal
from grantway.protocol.door import SALESFORCE, Door, issuer_of
from grantway.protocol.token_handler import HandlerAnswer, Named
from grantway.store.apps import Apps
from grantway.store.custom_claims import PublicScopes
from grantway.store.database import Database
from grantway.store.directory import Directory
from grantway.store.events import add_event
from grantway.store.statement import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server.

    - `root_door`: whose discovery document and issuer stand at the root.
    - `stopping`: set when the server is about to end, and should be given no more requests.
    - `fetcher`: asks other servers, within bounds.
    - `workers`: threads for what takes long and releases the GIL: password hashes.
    """

    db: Database
    clock: Clock
    ring: KeyRing
    urls: Urls
    directory: Directory
    signing: Signing
    refusals: RefusalLog
    tally: Tally
    workers: Executor
    fetcher: Fetcher
    root_door: Door = SALESFORCE
    passwords: Passwords = field(default_factory=Passwords)
    census: Census = field(default_factory=Census)
    client_documents: ClientDocuments = field(default_factory=ClientDocuments)
    verdicts: Verdicts = field(default_factory=Verdicts)
    public_scopes: PublicScopes = field(default_factory=PublicScopes)
    stopping: Event = field(default_factory=Event)
    handler_code: HandlerCode = field(default_factory=HandlerCode)
    token_handlers: TokenHandlers = field(init=False)
    client_keys: KeySets = field(init=False)

    def __post_init__(self) -> None:
        handlers = TokenHandlers.of(self.directory, self.clock, self.ring, self.urls, self.fetcher, self.handler_code)
        object.__setattr__(self, "token_handlers", handlers)
        # Apart from the handlers': whoever makes many clients cannot push those sets out.
        object.__setattr__(self, "client_keys", KeySets(self.fetcher, self.clock))

    @property
    def apps(self) -> Apps:
        """Apps read from the database itself."""
        return self.directory.apps

    async def look_at_password(self, call: TokenCall, app_id: str, username: str, password: str) -> Looked:
        """Look whether username and password belong together; see `grants.grant.Sources`."""

        def failed(user: User | None) -> Step:
            return add_event(
                "login.failed",
                at=self.clock.now_ms(),
                org_id=user.org_id if user else "",
                app_id=app_id,
                user_id=user.id if user else "",
                address=call.address,
                request_id=call.request_id,
            )

        return await self.passwords.look(
            db=self.db,
            clock=self.clock,
            workers=self.workers,
            username=username,
            password=password,
            account=account_principal(username),
            address=call.address,
            failed=failed,
        )

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
        """Ask a token exchange handler about a token; see `grants.grant.Sources`."""
        return await self.token_handlers.ask(chosen, app, token, token_type, names=names, is_actor=is_actor)

    async def create_user(self, org: Org, chosen: UsableHandler, named: Named) -> str:
        """Make the user that a handler named; see `grants.grant.Sources`."""
        return await self.token_handlers.create_user(org, chosen, named)

    def issuer(self, door: Door, base: str) -> str:
        """Return a door's issuer under the name that was called: the base URL, unless the other door has the root."""
        return issuer_of(door, self.root_door, base)
