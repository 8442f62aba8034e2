"""One request to the admin API, one answer, and a row of the table of routes."""

import base64
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from grantway.adminapi.schema import Schema
from grantway.domain.org import Org
from grantway.domain.token import AccessToken
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header
from grantway.manage.desk import Desk
from grantway.manage.files.import_app import SourceFile
from grantway.manage.listing import Listed, Piece, Place
from grantway.manage.problem import ManageProblem

ROOT: Final = "/setup/api/v1"
USUAL_LIMIT: Final = 50
_CURSOR: Final = b"admin-api-cursor"
_MAC: Final = 32
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
T = TypeVar("T")


class BadRequest(ManageProblem):
    """A parameter of the URL, a header or the body cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of a token's user.

    - `desk`: where operations are carried out with the user's rights; `org`: the user's org; `token`: what was shown.
    - `params`: what stands in the path's places; `query`: the parameters of the URL; `body`: the JSON. All are as the
      route's schemas say.
    - `files`: what came instead of JSON, where the route takes files; archives are opened.
    """

    call: Call
    server: Server
    base: str
    org: Org
    desk: Desk
    token: AccessToken
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[SourceFile, ...] = ()

    @property
    def _query_text(self) -> str:
        rest = {name: value for name, value in self.query.items() if name not in ("limit", "cursor")}
        return f"{self.desk.caller.user_id} {self.call.path} {sorted(rest.items())}"

    def piece(self) -> Piece:
        """Return which piece of the list is asked for.

        Raises:
            BadRequest: the cursor was not given out for this list, these filters and this user (S40).
        """
        limit = self.query.get("limit", USUAL_LIMIT)
        cursor = self.query.get("cursor")
        if cursor is None:
            return Piece(limit=limit)
        wrong = BadRequest.at("cursor", "it is not one that this list gave with the same filters; begin without it")
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, place = raw[:_MAC], raw[_MAC:]
            digests = self.server.ring.digests(self._query_text + place.decode(), _CURSOR)
        except ValueError:
            raise wrong from None
        if not any(hmac.compare_digest(mac, digest) for digest in digests):
            raise wrong
        return Piece(limit=limit, after=msgspec.json.decode(place, type=tuple[str | int, ...]))

    def piece_of(self, found: Listed[Any], items: list[Any]) -> dict[str, Any]:
        """Return a piece of a list as it is answered, with the address of the next."""
        following = None
        if found.next is not None:
            place = msgspec.json.encode(found.next)
            mac = self.server.ring.digest(self._query_text + place.decode(), _CURSOR)
            cursor = base64.urlsafe_b64encode(mac + place).rstrip(b"=").decode()
            asked = {name: value for name, value in self.query.items() if name != "cursor"} | {"cursor": cursor}
            following = f"{self.base}{self.call.path}?{_urlencoded(asked)}"
        return {"items": items, "next": following}

    def cut(self, ordered: Sequence[T], place: Callable[[T], Place]) -> Listed[T]:
        """Return the piece that is asked for of a short list, all of which was read; `place` orders it."""
        piece = self.piece()
        found = [one for one in sorted(ordered, key=place) if piece.after is None or place(one) > piece.after]
        shown = found[: piece.limit]
        return Listed(items=shown, next=place(shown[-1]) if len(found) > len(shown) else None)


def moment_of(ask: Ask, name: str) -> int | None:
    """Return a moment (ms) that a parameter of the URL says, None where it is not there.

    Raises:
        BadRequest: it says none (RFC 3339), or one that no record can have.
    """
    text = ask.query.get(name)
    if text is None:
        return None
    try:
        at_ms = round(datetime.fromisoformat(text.upper()).timestamp() * 1000) if _MOMENT.fullmatch(text) else -1
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        raise BadRequest.at(name, "write a time as 2026-11-25T06:30:00Z")
    return at_ms


def _urlencoded(asked: Mapping[str, Any]) -> str:
    return urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler answers; `tagged`: it is the resource itself, as GET gives it. `body` instead of JSON."""

    value: Any = None
    status: int = 200
    tagged: bool = True
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    media_type: bytes = b"application/json"


Handler = Callable[[Ask], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parameter of the URL."""

    name: str
    schema: Schema
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: how it is asked, what it takes and gives, and which right it needs, in words.

    - `gives`, `takes`: schemas; `status` of success.
    - `guarded`: needs If-Match with the ETag that GET of the same path gives.
    - `body_required`: whether a body must be there, where the route takes one.
    - `takes_files`: takes multipart/form-data and application/zip besides JSON.
    - `once`: takes Idempotency-Key. `whole`: carried out in one transaction.
    """

    method: str
    path: str
    name: str
    summary: str
    right: str
    answer: Handler
    gives: Schema | None = None
    gives_type: str = "application/json"
    takes: Schema | None = None
    body_required: bool = True
    takes_files: bool = False
    query: tuple[Query, ...] = ()
    status: int = 200
    guarded: bool = False
    once: bool = False
    whole: bool = True

    @property
    def places(self) -> tuple[str, ...]:
        """The places of the path, by name."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


PAGING: Final = (
    Query(
        name="limit",
        schema={"type": "integer", "minimum": 1, "maximum": 200, "default": USUAL_LIMIT},
        help="How many at most.",
    ),
    Query(
        name="cursor",
        schema={"type": "string", "minLength": 1, "maxLength": 2000, "pattern": "^[A-Za-z0-9_-]+$"},
        help="Where the piece before ended: use the `next` address that it gave.",
    ),
)
SEARCH: Final = Query(name="search", schema={"type": "string", "maxLength": 256}, help="Letters to look for.")
