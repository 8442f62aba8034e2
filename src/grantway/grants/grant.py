"""What a grant is, and what it hands to the endpoint: its case, its checks, its proof."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from grantway.domain.app import AppUser
from grantway.domain.token import RefreshToken
from grantway.kit.secrets import KeyRing, fingerprint
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase
from grantway.protocol.credentials import Credentials
from grantway.protocol.decision import Check
from grantway.protocol.door import Door
from grantway.store.directory import Directory
from grantway.store.statement import Step
from grantway.store.tokens import add_refresh

C = TypeVar("C")


class TokenCall(msgspec.Struct, frozen=True, gc=False):
    """A token request, read: at which door, with which parameters, by which client, when.

    `now_ms` is the one time of the whole request; `arrived_us` when its first byte reached the server.
    """

    door: Door
    params: Mapping[str, str]
    credentials: Credentials
    now_ms: int
    arrived_us: int


async def client_of(call: TokenCall, directory: Directory) -> ClientCase:
    """Read the client that a request names."""
    credentials = call.credentials
    app = await directory.app_by_key(credentials.client_id) if credentials.client_id else None
    return ClientCase(call.door, credentials.client_id, app, credentials.secrets, call.now_ms)


def adds_refresh_token(row_id: str, token: str, family_id: str, now_ms: int) -> Step:
    """Return the step that stores a new refresh token, as its hash."""
    return add_refresh(RefreshToken(row_id, fingerprint(token), family_id, now_ms, None, None, ""))


class Proof(msgspec.Struct, frozen=True, gc=False):
    """What a grant proved: who gets which scopes in which app, and what that uses up.

    - `family_id`: the family the access token joins; empty when there is none.
    - `stands_alone`: no refresh token stands behind the access token. If it has a family, it is the only one of it, and
      bears its id: so it is found by it.
    - `guard`, `settles`, `steps`: what is to be written beside the access token.
    - `refresh_token`: the refresh token that goes with the answer; empty for none.
    - `wants_id_token`: whether an ID token goes with it, if `openid` is among the scopes.
    - `auth_time`: when the user logged in (seconds), for the ID token; 0 when no user did.
    - `event`: what the event log says happened.
    """

    of: AppUser
    scopes: tuple[str, ...]
    event: str
    family_id: str = ""
    stands_alone: bool = False
    guard: Step | None = None
    settles: Step | None = None
    steps: tuple[Step, ...] = ()
    refresh_token: str = ""
    wants_id_token: bool = False
    nonce: str = ""
    auth_time: int = 0


@dataclass(frozen=True, kw_only=True)  # no slots: Python 3.11 cannot make a slotted generic by Grant[Case](…)
class Grant(Generic[C]):
    """A grant type.

    - `load`: reads what the decision needs; gives a case, whatever is missing in it.
    - `authentication`: how the client must prove itself.
    - `checks`: everything this flow has an opinion on, in order.
    - `use`: who would use which app; asked only after `checks` found nothing to refuse.
    - `prove`: what follows; asked only when every check has passed.
    """

    grant_type: str
    title: str
    authentication: Check[ClientCase]
    load: Callable[[TokenCall, Directory], Awaitable[C]]
    client: Callable[[C], ClientCase]
    checks: tuple[Check[C], ...]
    use: Callable[[C], UseCase]
    prove: Callable[[C, KeyRing], Proof]
