"""Access tokens that somebody shows: what is held of them, and whether they are good. Read anew each time (S15)."""

import hmac
from typing import Final

import msgspec

from grantway import settings as s
from grantway.kit.access_jwt import problem_of
from grantway.kit.secrets import fingerprint, looks_like_jwt, read_access_token
from grantway.protocol.decision import Finding
from grantway.protocol.door import Door
from grantway.protocol.no import bearer as no
from grantway.store.directory import Directory
from grantway.store.hot import HeldAccessToken, held_access_token

TOKEN: Final = "Access token"
_LIVE: Final = Finding(TOKEN, "known, not expired, not revoked")


class AccessCase(msgspec.Struct, frozen=True, gc=False):
    """A token that came, and what the server holds of it."""

    held: HeldAccessToken | None
    presented: bool
    now_ms: int
    door: Door | None
    """The door of the endpoint; None where tokens of both doors are good (introspection)."""
    stranger: str = ""
    """What is wrong with a JWT that is none of our access tokens."""


async def access_case(directory: Directory, token: str | None, door: Door | None, now_ms: int) -> AccessCase:
    """Return a token that came with all that decides about it."""
    held = await held_of(directory, token) if token else None
    stranger = problem_of(token) if held is None and token is not None and looks_like_jwt(token) else ""
    return AccessCase(held, token is not None, now_ms, door, stranger)


async def held_of(directory: Directory, token: str) -> HeldAccessToken | None:
    """Return what is held of an access token, dead or alive; None where nothing that was issued has this very text."""
    names = read_access_token(token)
    return await held_by(directory, token, names) if names else None


async def held_by(directory: Directory, token: str, names: tuple[str, str]) -> HeldAccessToken | None:
    """Return the same for a text that was read already: `names` are the row and the org that stand in it."""
    held = await held_access_token(directory, names[0])
    if held is None or names[1] != held.token.org_id[:15]:
        return None
    return held if hmac.compare_digest(held.token.hash, fingerprint(token)) else None


def live(case: AccessCase) -> Finding | None:
    """The token must be one of ours, of this door, within its time, and neither it nor its line revoked."""
    held = case.held
    if held is None:
        return _absent(case)
    token = held.token
    if case.door is not None and token.door != case.door.name:
        return Finding(TOKEN, "of the other door", no.TOKEN_OF_THE_OTHER_DOOR())
    if token.kid and token.kid != held.app.org.access_kid:
        org = held.app.org.name
        return Finding(TOKEN, "its signing key was rotated out", no.KEY_ROTATED(kid=token.kid, org=org))
    revoked_at = token.revoked_at if token.revoked_at is not None else held.family_revoked_at
    if revoked_at is not None:
        return Finding(TOKEN, "revoked", no.TOKEN_REVOKED(revoked_at=revoked_at))
    if case.now_ms >= token.expires_at:
        reason = no.TOKEN_EXPIRED if held.app[s.SESSION_TIMEOUT] else no.TOKEN_EXPIRED_FOR_ORG
        if token.kid:
            reason = no.JWT_EXPIRED
        return Finding(TOKEN, "expired", reason(ended_at=token.expires_at, app=held.app.app.name))
    return _LIVE


def _absent(case: AccessCase) -> Finding:
    if not case.presented:
        return Finding(TOKEN, "missing", no.TOKEN_MISSING())
    if case.stranger:
        return Finding(TOKEN, "a JWT, and none of our access tokens", no.JWT_NOT_OURS(problem=case.stranger))
    return Finding(TOKEN, "unknown", no.TOKEN_UNKNOWN())
