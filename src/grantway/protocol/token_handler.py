"""What a token exchange handler is asked and says; the protocol of handlers that are Python code (decision 24).

A package gives one by an entry point of the group `grantway.token_exchange_handlers`, named as the field `code` of the
handler's record: an object, or a class without arguments, that has the two methods of `TokenExchangeHandler`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from grantway.protocol.decision import Finding
from grantway.protocol.refusal import Refusal
from grantway.settings.token_handlers import Matches

ENTRY_POINTS: Final = "grantway.token_exchange_handlers"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingToken:
    """A token that an app would exchange.

    - `token_type`: `access_token`, `id_token`, `jwt`, `refresh_token` or `saml2`.
    - `is_actor`: it is the actor's token, not the subject's (RFC 8693, section 2.1).
    - `handler`, `app`, `app_kind`: the names of the handler and the app; `CA` for a connected app, `ECA` for an
      external client app.
    - `run_as`: the username of the execution user.
    - `now_ms`: the server's time.
    """

    token: str = field(repr=False)
    token_type: str
    is_actor: bool
    handler: str
    app: str
    app_kind: str
    run_as: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """Whether a token is believed. `data` goes to `user_for`; `says` is told to the client where it is not valid."""

    valid: bool
    data: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A user who is not there yet, and could be made where the handler's record allows it."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a token is about: the user of the handler's org of whom `by` equals `value`, else `new`, else a guest.

    `visitor`: by what a guest is known to the issuer; left out, by `value`.
    """

    by: Matches
    value: str
    new: NewPerson | None = None
    visitor: str = ""


@runtime_checkable
class TokenExchangeHandler(Protocol):
    """Code that validates tokens of others. Both methods run in a thread, and have five seconds together."""

    def validate(self, token: IncomingToken) -> Validated:
        """Say whether the token is believed; whatever is raised counts as no."""

    def user_for(self, token: IncomingToken, data: Mapping[str, Any]) -> Named | None:
        """Say whom a subject's token is about, given what `validate` found; None for nobody."""


class Believed(msgspec.Struct, frozen=True, gc=False):
    """A token that a handler believes: what it says, and whom it names (None where nobody was asked, or named)."""

    claims: Mapping[str, Any]
    named: Named | None


class HandlerAnswer(msgspec.Struct, frozen=True, gc=False):
    """What a handler made of one token: its findings, then a refusal or what it believes."""

    findings: tuple[Finding, ...]
    refusal: Refusal | None = None
    believed: Believed | None = None
