"""What endpoints are given: database, clock, keys, names. Nothing is fetched from a global (style.md 2)."""

from asyncio import Event
from concurrent.futures import Executor
from dataclasses import dataclass, field

from grantway.endpoints.passwords import Passwords
from grantway.endpoints.refusals import RefusalLog
from grantway.endpoints.signing import Signing
from grantway.endpoints.tally import Tally
from grantway.kit.clock import Clock
from grantway.kit.secrets import KeyRing
from grantway.kit.urls import STANDARDS_PREFIX, Urls
from grantway.manage.census import Census
from grantway.manage.verdicts import Verdicts
from grantway.protocol.door import SALESFORCE, Door
from grantway.store.apps import Apps
from grantway.store.custom_claims import PublicScopes
from grantway.store.database import Database
from grantway.store.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server.

    - `root_door`: whose discovery document and issuer stand at the root.
    - `stopping`: set when the server is about to end, and should be given no more requests.
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
    root_door: Door = SALESFORCE
    passwords: Passwords = field(default_factory=Passwords)
    census: Census = field(default_factory=Census)
    verdicts: Verdicts = field(default_factory=Verdicts)
    public_scopes: PublicScopes = field(default_factory=PublicScopes)
    stopping: Event = field(default_factory=Event)

    @property
    def apps(self) -> Apps:
        """Apps read from the database itself."""
        return self.directory.apps

    def issuer(self, door: Door, base: str) -> str:
        """Return a door's issuer under the name that was called: the base URL, unless the other door has the root."""
        return base if door in (SALESFORCE, self.root_door) else base + STANDARDS_PREFIX
