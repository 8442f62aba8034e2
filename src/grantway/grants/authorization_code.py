"""Web server flow: a client trades an authorization code for tokens (RFC 6749 4.1.3, RFC 7636 4.5)."""

import hmac
import re
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.token import Family
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, adds_refresh_token, client_of
from grantway.kit.jose import s256
from grantway.kit.secrets import KeyRing, code_row, fingerprint, new_refresh_token
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase, secret_for_web_server
from grantway.protocol.decision import Finding
from grantway.protocol.no import code as no
from grantway.protocol.refusal import RevokeFamily
from grantway.protocol.scopes import allows_refresh
from grantway.protocol.ties import is_tie
from grantway.store import hot, tokens

CALLBACK: Final = "Callback URL"
CODE: Final = "Authorization code"
PKCE: Final = "PKCE"
ONCE: Final = "Code used once"
_REGISTERED: Final = Finding(CALLBACK, "registered for the app")
_NOT_SENT: Final = Finding(CALLBACK, "not sent")
_LIVE: Final = Finding(CODE, "of this app, of this door, not expired")
_VERIFIED: Final = Finding(PKCE, "the verifier fits the challenge")
_NO_CHALLENGE: Final = Finding(PKCE, "asked for without a challenge, redeemed without a verifier")
_FIRST: Final = Finding(ONCE, "first use")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,256}")


class CodeCase(msgspec.Struct, frozen=True, gc=False):
    """A token request with a code: who asks, what was sent, and what the server holds of the code."""

    call: TokenCall
    client: ClientCase
    held: hot.HeldCode | None


async def load(call: TokenCall, sources: Sources) -> CodeCase:
    """Read the client, and the code with its user and app."""
    directory = sources.directory
    client = await client_of(call, sources)
    presented = call.params.get("code", "")
    row_id = code_row(presented)
    held = await hot.held_code(directory, row_id) if row_id else None
    if held is not None and not hmac.compare_digest(held.code.hash, fingerprint(presented)):
        held = None
    return CodeCase(call, client, held)


def callback(case: CodeCase) -> Finding | None:
    """A redirect_uri that is sent must be registered; this is said before the code is looked at."""
    sent = case.call.params.get("redirect_uri", "")
    app = case.client.client
    if app is None:
        return None
    if not sent:
        return _NOT_SENT
    if sent not in app[s.CALLBACK_URL]:
        return Finding(CALLBACK, "not registered for the app", no.REDIRECT_URI_MISMATCH())
    return _REGISTERED


def code(case: CodeCase) -> Finding | None:
    """The code must be this app's, of this door, asked for with this redirect_uri, and not expired."""
    held = case.held
    app = case.client.client
    if not case.call.params.get("code"):
        return Finding(CODE, "missing", no.CODE_MISSING())
    if held is None or app is None:
        return Finding(CODE, "unknown", no.CODE_UNKNOWN())
    if held.code.app_id != app.id:
        return Finding(CODE, "of another app", no.CODE_OF_ANOTHER_APP(app=app.app.name))
    if held.code.door != case.call.door.name:
        return Finding(CODE, "of the other door", no.CODE_OF_THE_OTHER_DOOR())
    sent = case.call.params.get("redirect_uri", "")
    if not sent and held.code.redirect_uri_sent:
        return Finding(CODE, "redirect_uri is missing", no.REDIRECT_URI_MISSING())
    if sent and sent != held.code.redirect_uri:
        return Finding(CODE, "asked for with another redirect_uri", no.REDIRECT_URI_MISMATCH())
    if case.call.now_ms >= held.code.expires_at:
        return Finding(CODE, "expired", no.CODE_EXPIRED(expired_at=held.code.expires_at))
    return _LIVE


def proof_key(case: CodeCase) -> Finding | None:
    """A challenge needs its verifier, and a verifier its challenge (RFC 9700 2.1.1: no downgrade)."""
    held = case.held
    assert held is not None  # noqa: S101 - `code` refused otherwise
    verifier = case.call.params.get("code_verifier", "")
    if not held.code.challenge:
        return Finding(PKCE, "a verifier without a challenge", no.VERIFIER_UNEXPECTED()) if verifier else _NO_CHALLENGE
    if not verifier:
        return Finding(PKCE, "the verifier is missing", no.VERIFIER_MISSING())
    longest = case.call.door.verifier_max
    if len(verifier) > longest or not _VERIFIER.fullmatch(verifier):
        return Finding(PKCE, "the verifier is malformed", no.VERIFIER_MALFORMED(longest=longest))
    if not hmac.compare_digest(s256(verifier), held.code.challenge):
        return Finding(PKCE, "the verifier does not fit", no.VERIFIER_WRONG())
    return _VERIFIED


def once(case: CodeCase) -> Finding | None:
    """A code counts once. Only a replay that is otherwise valid ends the tokens of the first use (decision 8)."""
    held = case.held
    assert held is not None  # noqa: S101 - `code` refused otherwise
    spent_at = held.code.spent_at
    if spent_at is None:
        return _FIRST
    if is_tie(case.call.arrived_us, case.call.now_ms, spent_at, held.code.settled_us):
        return Finding(ONCE, "another request redeems it at this moment", no.CODE_TIE())
    refusal = no.CODE_REUSED(then=RevokeFamily(family_id=held.code.family_id, why="code.reused"), spent_at=spent_at)
    return Finding(ONCE, "redeemed before", refusal)


def use(case: CodeCase) -> UseCase:
    """The user who approved, in the app as the user's org meets it."""
    held = case.held
    assert held is not None  # noqa: S101 - `code` refused otherwise
    return UseCase(held.of, held.code.issued_at)


def prove(case: CodeCase, _ring: KeyRing) -> Proof:
    """Spend the code; begin a family, with a refresh token where the scopes grant one."""
    held, now = case.held, case.call.now_ms
    assert held is not None  # noqa: S101 - `code` refused otherwise
    granted = held.code
    scopes = tuple(granted.scopes.split())
    with_refresh = allows_refresh(scopes)
    family = Family(
        id=granted.family_id,
        app_id=granted.app_id,
        org_id=granted.org_id,
        user_id=granted.user_id,
        door=granted.door,
        scopes=granted.scopes,
        auth_time=granted.auth_time,
        created_at=now,
        used_at=now,
        has_refresh=int(with_refresh),
        revoked_at=None,
        resources=granted.resources,
    )
    steps = [tokens.add_family(family)]
    refresh_token = ""
    if with_refresh:
        row_id, refresh_token = new_refresh_token(now)
        steps.append(tokens.drop_oldest_families(family.user_id, family.app_id, family.id, now))
        steps.append(adds_refresh_token(row_id, refresh_token, family.id, now))
    return Proof(
        of=held.of,
        scopes=scopes,
        event="token.code",
        family_id=family.id,
        only_of_family=not with_refresh,
        guard=tokens.spend_code(granted.id, now),
        settles=tokens.settle_code(granted.id),
        steps=tuple(steps),
        refresh_token=refresh_token,
        wants_id_token=True,
        nonce=granted.nonce,
        auth_time=granted.auth_time,
    )


GRANT: Final = Grant[CodeCase](
    grant_type="authorization_code",
    title="Web Server Flow",
    authentication=secret_for_web_server,
    load=load,
    client=lambda case: case.client,
    checks=(callback, code, proof_key, once),
    use=use,
    prove=prove,
    granted=lambda case: case.held.code.resources if case.held else "",
)
