"""The keys that sign ID tokens: read from the database, at most a second old, opened once."""

import time
from typing import Any, Final, cast

import msgspec

from grantway.kit.clock import Clock
from grantway.kit.jose import JwtRefused, SigningKey, read_header
from grantway.kit.secrets import KeyRing
from grantway.store.database import Session
from grantway.store.signing_keys import ID_TOKEN, SEAL_PURPOSE
from grantway.store.statement import Statement

_ALL: Final = Statement(
    "SELECT kid, private_box FROM signing_key WHERE purpose = :purpose AND (retired_at IS NULL OR retired_at > :now)"
    " ORDER BY created_at DESC, kid DESC"
)
_FRESH_S: Final = 1.0


class Signing:
    """The signing keys. The newest signs; all that are not retired yet are published and verify."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._read_at = float("-inf")
        self._jwks = b'{"keys":[]}'

    async def keys(self, db: Session) -> tuple[SigningKey, ...]:
        """Return the keys, the one that signs first; a rotation elsewhere is seen within a second (R11).

        Raises:
            LookupError: there is no signing key: the database was never set up.
        """
        if time.monotonic() - self._read_at >= _FRESH_S:
            rows = await db.all(_ALL, ID_TOKEN, self._clock.now_ms())
            known = {key.kid: key for key in self._keys}
            self._keys = tuple(
                known.get(cast(str, kid)) or SigningKey(cast(str, kid), self._ring.open(cast(bytes, box), SEAL_PURPOSE))
                for kid, box in rows
            )
            self._jwks = msgspec.json.encode({"keys": [key.public_jwk() for key in self._keys]})
            self._read_at = time.monotonic()
        if not self._keys:
            raise LookupError("there is no signing key; `grantway keys rotate` makes one")
        return self._keys

    async def jwks(self, db: Session) -> bytes:
        """Return the JWK set as it is served."""
        await self.keys(db)
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
