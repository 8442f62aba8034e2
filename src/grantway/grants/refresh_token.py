"""Refresh Token Flow: a client trades a refresh token for a new access token (RFC 6749, section 6; decision 3)."""

import hmac
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.refresh_life import refresh_life
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, adds_refresh_token, client_of
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import REFRESH_TOKEN_PREFIX, KeyRing, fingerprint, refresh_token_row
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase, secret_for_refresh
from grantway.protocol.decision import Finding
from grantway.protocol.no import refresh as no
from grantway.protocol.refusal import Refused, RevokeFamily
from grantway.protocol.ties import is_tie
from grantway.store import hot, tokens

TOKEN: Final = "Refresh token"
ROTATION: Final = "Refresh token rotation"
POLICY: Final = "Refresh Token Policy"
SCOPE: Final = "Scope"
_LIVE: Final = Finding(TOKEN, "of this app, of this door, not revoked")
_CURRENT: Final = Finding(ROTATION, "the current one")
_OVERLAP: Final = Finding(ROTATION, "the one before, within the overlap: the same successor again")
_WITHIN: Final = Finding(POLICY, "within its time")
_HELD: Final = Finding(SCOPE, "what was granted")


class RefreshCase(msgspec.Struct, frozen=True, gc=False):
    """A refresh request: who asks, what was sent, and what the server holds of the token."""

    call: TokenCall
    client: ClientCase
    presented: str
    held: hot.HeldRefreshToken | None


async def load(call: TokenCall, sources: Sources) -> RefreshCase:
    """Read the client, and the refresh token with its family, user and app."""
    directory = sources.directory
    client = await client_of(call, sources)
    presented = call.params.get("refresh_token", "")
    row_id = refresh_token_row(presented)
    held = await hot.held_refresh_token(directory, row_id) if row_id else None
    if held is not None and not hmac.compare_digest(held.token.hash, fingerprint(presented)):
        held = None
    return RefreshCase(call, client, presented, held)


def scope_taken(case: RefreshCase) -> Finding | None:
    """At Salesforce's door a refresh takes no scope. An empty parameter is a missing one (RFC 6749 3.2)."""
    if case.call.params.get("scope") and not case.call.door.scope_narrows:
        return Finding(SCOPE, "sent, and not taken here", no.SCOPE_NOT_SUPPORTED())
    return None


def token(case: RefreshCase) -> Finding | None:
    """The refresh token must be this app's, of this door, and its line must not be revoked."""
    held = case.held
    app = case.client.client
    if not case.presented:
        return Finding(TOKEN, "missing", no.REFRESH_TOKEN_MISSING())
    if held is None or app is None:
        return Finding(TOKEN, "unknown", no.REFRESH_TOKEN_UNKNOWN())
    if held.family.app_id != app.id:
        return Finding(TOKEN, "of another app", no.REFRESH_TOKEN_OF_ANOTHER_APP(app=app.app.name))
    if held.family.door != case.call.door.name:
        return Finding(TOKEN, "of the other door", no.REFRESH_TOKEN_OF_THE_OTHER_DOOR())
    if held.family.revoked_at is not None:
        return Finding(TOKEN, "revoked", no.REFRESH_TOKEN_REVOKED(revoked_at=held.family.revoked_at))
    return _LIVE


def rotation(case: RefreshCase) -> Finding | None:
    """A token that was rotated out is a tie, a repeat within the overlap, or a replay that ends its line."""
    held = case.held
    assert held is not None  # noqa: S101 - `token` refused otherwise
    spent_at = held.token.spent_at
    if spent_at is None:
        return _CURRENT
    if within_overlap(case):
        return _OVERLAP
    if is_tie(case.call.arrived_us, case.call.now_ms, spent_at, held.token.settled_us):
        return Finding(ROTATION, "another request uses it at this moment", no.REFRESH_TOKEN_TIE())
    refusal = no.REFRESH_TOKEN_REUSED(
        then=RevokeFamily(family_id=held.family.id, why="refresh.reused"), spent_at=spent_at
    )
    return Finding(ROTATION, "used before", refusal)


def within_overlap(case: RefreshCase) -> bool:
    """Tell whether a spent token is the immediate predecessor, still within the app's overlap, its successor unused."""
    held = case.held
    if held is None or held.token.spent_at is None or not held.successor_hash:
        return False
    overlap_ms = held.app[s.ROTATION_OVERLAP] * 1000
    # The winner of a race may have been decided after this request began: "since" is then negative, and no overlap.
    return overlap_ms > 0 and case.call.now_ms - held.token.spent_at < overlap_ms


def policy(case: RefreshCase) -> Finding | None:
    """The refresh token must be within the time its app's policy gives it; checked at use only (3.5)."""
    held = case.held
    assert held is not None  # noqa: S101 - `token` refused otherwise
    app, family = held.app, held.family
    life = refresh_life(app)
    ended_at = life.ends_at(family.created_at, family.used_at)
    if ended_at is None or case.call.now_ms < ended_at:
        return _WITHIN
    if not life.ended_idle(family.created_at, family.used_at):
        says = s.REFRESH_TOKEN_POLICY.kind.says(app[s.REFRESH_TOKEN_POLICY])
        return Finding(POLICY, says, no.REFRESH_TOKEN_EXPIRED(ended_at=ended_at, app=app.app.name, policy=says))
    if life.capped_by is s.LIMIT_IDLE_REFRESH_TOKENS:
        refusal = no.REFRESH_TOKEN_IDLE(ended_at=ended_at, app=app.app.name)
    else:
        refusal = no.REFRESH_TOKEN_IDLE_IN_ORG(ended_at=ended_at, app=app.app.name, org=app.org.name)
    return Finding(POLICY, "unused for 30 days", refusal)


def scope_held(case: RefreshCase) -> Finding | None:
    """Where scope is taken it narrows, and never widens (RFC 6749, section 6)."""
    held = case.held
    assert held is not None  # noqa: S101 - `token` refused otherwise
    extra = set(case.call.params.get("scope", "").split()) - set(held.family.scopes.split())
    if extra:
        return Finding(SCOPE, "more than was granted", no.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200]))
    return _HELD


def use(case: RefreshCase) -> UseCase:
    """The user of the line, in the app as the user's org meets it."""
    held = case.held
    assert held is not None  # noqa: S101 - `token` refused otherwise
    return UseCase(held.of, held.family.created_at, is_token=True)


def prove(case: RefreshCase, ring: KeyRing) -> Proof:
    """Rotate where the app says so, give the same successor again within the overlap, else only note the use."""
    held, now = case.held, case.call.now_ms
    assert held is not None  # noqa: S101 - `token` refused otherwise
    asked = case.call.params.get("scope", "").split()
    granted = held.family.scopes.split()
    scopes = tuple(name for name in granted if name in asked) if asked else tuple(granted)
    guard = settles = None
    steps = [tokens.use_family(held.family.id, now)]
    refresh_token = ""
    if held.token.spent_at is not None:
        refresh_token = _successor_again(case, ring)
    elif held.app[s.REFRESH_TOKEN_ROTATION]:
        row_id = new_row_id(now)
        refresh_token = REFRESH_TOKEN_PREFIX + row_id + ring.derived_refresh_secret(case.presented)
        guard = tokens.spend_refresh(held.token.id, row_id, now)
        settles = tokens.settle_refresh(held.token.id)
        steps.append(adds_refresh_token(row_id, refresh_token, held.family.id, now))
    return Proof(
        of=held.of,
        scopes=scopes,
        event="token.refresh",
        family_id=held.family.id,
        guard=guard,
        settles=settles,
        steps=tuple(steps),
        refresh_token=refresh_token,
        wants_id_token=True,
        auth_time=held.family.auth_time,
    )


def _successor_again(case: RefreshCase, ring: KeyRing) -> str:
    """Return the very token that succeeded the one presented: derived from it, so nothing was stored in clear.

    Raises:
        Refused: the key it was derived under is no longer in the key file.
    """
    held = case.held
    assert held is not None  # noqa: S101 - only asked with a held token
    for secret in ring.derived_refresh_secrets(case.presented):
        found = REFRESH_TOKEN_PREFIX + held.token.successor_id + secret
        if hmac.compare_digest(fingerprint(found), held.successor_hash):
            return found
    raise Refused(no.REFRESH_TOKEN_UNKNOWN())


GRANT: Final = Grant[RefreshCase](
    grant_type="refresh_token",
    title="Refresh Token Flow",
    authentication=secret_for_refresh,
    load=load,
    client=lambda case: case.client,
    checks=(scope_taken, token, rotation, policy, scope_held),
    use=use,
    prove=prove,
    granted=lambda case: case.held.family.resources if case.held else "",
)
