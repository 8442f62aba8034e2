"""The signing keys: those of ID tokens at most a second old, an org's for its JWT access tokens as the org names it."""

import asyncio
import time
from typing import Any, Final, cast

import msgspec

from grantway.domain.asset import OrgCertificate
from grantway.domain.org import Org
from grantway.kit.clock import Clock
from grantway.kit.jose import JwtRefused, SigningKey, read_header
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.server import access_keys, certificates
from grantway.store.database import Database, Session
from grantway.store.signing_keys import ACCESS_TOKEN, ASSET_TOKEN, ID_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Row, Statement

_ALL: Final = Statement(
    "SELECT kid, private_box FROM signing_key WHERE purpose = :purpose AND (retired_at IS NULL OR retired_at > :now)"
    " ORDER BY created_at DESC, kid DESC"
)
_ONE: Final = Statement("SELECT kid, private_box FROM signing_key WHERE kid = :kid")
_FRESH_S: Final = 1.0
_KEPT: Final = 1024


class Signing:
    """The signing keys. The newest signs ID tokens; all that are not retired yet are published and verify."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._read_at = float("-inf")
        self._published: tuple[SigningKey, ...] = ()
        self._published_at = float("-inf")
        self._jwks = b'{"keys":[]}'
        self._of_orgs: dict[str, SigningKey] = {}
        self._of_certificates: dict[str, SigningKey] = {}
        self._making = asyncio.Lock()

    async def keys(self, db: Session) -> tuple[SigningKey, ...]:
        """Return the keys of ID tokens, the one that signs first; a rotation elsewhere is seen within a second (R11).

        Raises:
            LookupError: there is no signing key: the database was never set up.
        """
        if time.monotonic() - self._read_at >= _FRESH_S:
            self._keys = await self._valid(db, ID_TOKEN, self._keys)
            self._read_at = time.monotonic()
        if not self._keys:
            raise LookupError("there is no signing key; `grantway keys rotate` makes one")
        return self._keys

    async def access_key(self, db: Database, org: Org) -> SigningKey:
        """Return the key that signs an org's JWT-based access tokens; it is made at the first need.

        Raises:
            LookupError: the key that the org names is not there.
            Unavailable: there is no key yet, and none can be written.
        """
        key = self._of_orgs.get(org.id)
        if key is not None and key.kid == org.access_kid:
            return key
        kid = org.access_kid or await self._first(db, org.id)
        row = await db.one(_ONE, kid)
        if row is None:
            raise LookupError(f"there is no signing key {kid}")
        key = self._opened(row)
        if len(self._of_orgs) >= _KEPT:
            del self._of_orgs[next(iter(self._of_orgs))]
        self._of_orgs[org.id] = key
        return key

    async def asset_key(self, db: Database, org_id: str, certificate: OrgCertificate | None) -> SigningKey:
        """Return the key of an org's certificate, which signs its asset tokens; without one, of the org's own.

        The org's own is made at the first need.

        Raises:
            LookupError: its key is not there.
            Unavailable: there is none yet, and none can be written.
        """
        if certificate is None:
            async with self._making:
                desk = Desk(db=db, clock=self._clock, ring=self._ring, caller=OPERATOR)
                certificate = await certificates.ensure(desk, org_id)
        key = self._of_certificates.get(certificate.kid)
        if key is None:
            row = await db.one(_ONE, certificate.kid)
            if row is None:
                raise LookupError(f"there is no signing key {certificate.kid}")
            key = self._opened(row)
            if len(self._of_certificates) >= _KEPT:
                del self._of_certificates[next(iter(self._of_certificates))]
            self._of_certificates[certificate.kid] = key
            # Whoever gets the first token that it signs may look for the key at once.
            self._published_at = float("-inf")
        return key

    async def jwks(self, db: Session) -> bytes:
        """Return the JWK set as it is served: the keys of ID tokens, then those of access tokens and asset tokens."""
        keys = await self.keys(db)
        if time.monotonic() - self._published_at >= _FRESH_S or self._published_at < self._read_at:
            access = await self._valid(db, ACCESS_TOKEN, self._published)
            self._published = (*access, *await self._valid(db, ASSET_TOKEN, self._published))
            self._published_at = time.monotonic()
            self._jwks = msgspec.json.encode({"keys": [key.public_jwk() for key in (*keys, *self._published)]})
        return self._jwks

    async def read(self, db: Session, token: str) -> dict[str, Any]:
        """Return the claims of an ID token that one of our keys signed, expired or not.

        Raises:
            JwtRefused: it is not ours.
        """

        kid = read_header(token).get("kid")
        for key in await self.keys(db):
            if key.kid == kid:
                return key.read(token)
        raise JwtRefused("its key is none of ours")

    async def _first(self, db: Database, org_id: str) -> str:
        # To make a key takes long: of this process only one request at a time.
        async with self._making:
            desk = Desk(db=db, clock=self._clock, ring=self._ring, caller=OPERATOR)
            return await access_keys.ensure(desk, org_id)

    async def _valid(self, db: Session, purpose: str, held: tuple[SigningKey, ...]) -> tuple[SigningKey, ...]:
        known = {key.kid: key for key in held}
        rows = await db.all(_ALL, purpose, self._clock.now_ms())
        return tuple([known.get(cast(str, row[0])) or self._opened(row) for row in rows])

    def _opened(self, row: Row) -> SigningKey:
        kid, box = row
        return SigningKey(cast(str, kid), self._ring.open(cast(bytes, box), SEAL_PURPOSE))
