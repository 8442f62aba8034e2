"""Handlers that are webhooks: a token is sent, signed, to an endpoint of the org's own, which says whom it is about."""

import asyncio
import hmac
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from grantway.domain.token_handler import SECRET_PURPOSES, TokenHandler
from grantway.endpoints.handler_code import is_whole
from grantway.kit.jose import JwtRefused, json_object
from grantway.kit.secrets import KeyRing, KeyRingError
from grantway.outbound.fetch import DEADLINE_S, Fetcher, Lane
from grantway.outbound.target import Unfetched
from grantway.protocol.decision import Finding
from grantway.protocol.no import exchange as no
from grantway.protocol.token_handler import Believed, HandlerAnswer, IncomingToken, Named, NewPerson
from grantway.settings import token_handlers as f

WEBHOOK: Final = "Webhook"
SIGNATURE: Final = "Grantway-Signature"
_JSON: Final = "application/json"
# Of the requests that the server makes at once, one host's webhooks have half; others wait for their turn.
_AT_ONCE: Final = 8
_WAITING: Final = 64
_LANE: Final = Lane("webhooks", _AT_ONCE)
_PATH: Final = re.compile(r"`(\$[.a-z_]*)`$")


class _New(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    username: str
    email: str
    first_name: str = ""
    last_name: str = ""


class _User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    by: f.Matches
    value: str
    new: _New | None = None
    visitor: str = ""


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a webhook answers; `claims` are what `act` is made of, and of an actor's token must have `sub`."""

    valid: bool
    says: str = ""
    user: _User | None = None
    claims: dict[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Asks webhooks, by the guarded fetch, a bounded number at a time, the waiting included in the time they have."""

    fetcher: Fetcher
    ring: KeyRing
    deadline_s: float = DEADLINE_S
    _turns: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _present: Counter[str] = field(default_factory=Counter)

    async def ask(self, handler: TokenHandler, token: IncomingToken) -> HandlerAnswer:
        """Ask a handler's webhook about a token. Whatever it gives but an answer is a no; nothing is raised."""
        try:
            answer = await self._in_turn(handler, token)
        except TimeoutError:
            return _failed(handler, f"it took longer than {self.deadline_s:g} s")
        except (Unfetched, JwtRefused, KeyRingError) as problem:
            return _failed(handler, f"its answer is {problem}" if isinstance(problem, JwtRefused) else str(problem))
        except msgspec.ValidationError as problem:
            # Of the text only the place: the rest may be the answer's own words.
            place = _PATH.search(str(problem))
            return _failed(handler, f"its answer has another form than is asked for, at {place[1] if place else '$'}")
        if not answer.valid:
            return HandlerAnswer(
                (Finding(WEBHOOK, "does not believe the token"),), no.said_no(handler.name, answer.says)
            )
        named = None if token.is_actor else _named(answer.user)
        if named is not None and not is_whole(named):
            return _failed(handler, "what names the user is too long, or cannot be shown")
        return HandlerAnswer((Finding(WEBHOOK, "believes the token"),), None, Believed(answer.claims, named))

    async def _in_turn(self, handler: TokenHandler, token: IncomingToken) -> _Answer:
        host = urlsplit(handler[f.WEBHOOK_URL]).hostname or ""  # as the fetcher counts them, whatever the port
        if self._present[host] >= _AT_ONCE + _WAITING:
            raise Unfetched("too many requests to it are under way")
        turns = self._turns.setdefault(host, asyncio.Semaphore(_AT_ONCE))
        self._present[host] += 1
        try:
            async with asyncio.timeout(self.deadline_s), turns:
                return await self._ask(handler, token)
        finally:
            self._present[host] -= 1
            if not self._present[host]:
                del self._present[host], self._turns[host]

    async def _ask(self, handler: TokenHandler, token: IncomingToken) -> _Answer:
        secret = self.ring.open(handler.box(f.WEBHOOK_SECRET), SECRET_PURPOSES[f.WEBHOOK_SECRET])
        body = msgspec.json.encode(asked_of(token))
        fetched = await self.fetcher.fetch(
            handler[f.WEBHOOK_URL],
            accept=_JSON,
            body=body,
            content_type=_JSON,
            more=((SIGNATURE, signature(secret, body, token.now_ms // 1000)),),
            lane=_LANE,
            deadline_s=self.deadline_s,
        )
        if fetched.status != 200:
            raise Unfetched(f"it answered {fetched.status}")
        return msgspec.convert(json_object(fetched.body), type=_Answer)


def asked_of(token: IncomingToken) -> Mapping[str, str | bool | int]:
    """Return what a webhook is sent about a token: `now` in seconds, the rest as in `IncomingToken`."""
    return {
        "token": token.token,
        "token_type": token.token_type,
        "is_actor": token.is_actor,
        "handler": token.handler,
        "app": token.app,
        "app_kind": token.app_kind,
        "run_as": token.run_as,
        "now": token.now_ms // 1000,
    }


def signature(secret: bytes, body: bytes, now_s: int) -> str:
    """Return the value of `Grantway-Signature`: the time in seconds, and the HMAC-SHA256 of time, dot and body."""
    return f"t={now_s},v1={hmac.digest(secret, b'%d.' % now_s + body, 'sha256').hex()}"


def _named(user: _User | None) -> Named | None:
    if user is None:
        return None
    new = user.new
    person = None
    if new is not None:
        person = NewPerson(username=new.username, email=new.email, first_name=new.first_name, last_name=new.last_name)
    return Named(by=user.by, value=user.value, new=person, visitor=user.visitor)


def _failed(handler: TokenHandler, why: str) -> HandlerAnswer:
    return HandlerAnswer((Finding(WEBHOOK, why),), no.WEBHOOK_FAILED(handler=handler.name, why=why))
