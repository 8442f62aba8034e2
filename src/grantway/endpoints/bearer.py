"""Who calls with this access token, and is it still good for anything? Read anew at each use (RFC 6750; S15)."""

import contextlib
from typing import Any, Final

import msgspec

from grantway.endpoints.issue import lifetime_of
from grantway.endpoints.legacy import token_in_url
from grantway.endpoints.parameters import form_of, is_form, refuse_secrets_in_url
from grantway.endpoints.server import Server
from grantway.grants.held_access import AccessCase, access_case, live
from grantway.kit.http import Call
from grantway.policy import app_use
from grantway.protocol.decision import Check, Finding, Trail
from grantway.protocol.door import DOORS, SALESFORCE, Door
from grantway.protocol.no import bearer as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.scopes import allows
from grantway.store import tokens
from grantway.store.hot import HeldAccessToken
from grantway.store.statement import Unavailable, Write

SCOPE: Final = "Scope"
AUDIENCE: Final = "Audience"
ACCOUNT: Final = "User"
_USE_CHECKS: Final = app_use.checks(
    app_use.Voices(
        app_blocked=no.APP_BLOCKED,
        oauth_off=no.OAUTH_OFF,
        off_in_org=no.OFF_IN_ORG,
        app_not_installed=no.APP_NOT_INSTALLED,
        external_not_installed=no.EXTERNAL_NOT_INSTALLED,
        external_is_local=no.EXTERNAL_IS_LOCAL,
        user_inactive=no.USER_INACTIVE,
        user_is_guest=no.USER_IS_GUEST,
        not_admin_approved=no.NOT_ADMIN_APPROVED,
        api_access_limited=no.API_ACCESS_LIMITED,
        tokens_ended=no.TOKENS_ENDED,
    )
)


class Bearer(msgspec.Struct, frozen=True, gc=False):
    """What came of looking at a token: the held token if it is good, else the refusal, and the checks either way."""

    held: HeldAccessToken | None
    trail: Trail

    @property
    def refusal(self) -> Refusal | None:
        """Why the token is no good, or None."""
        return self.trail.refusal


_LIVE_CHECKS: Final[tuple[Check[AccessCase], ...]] = (live,)
_AHEAD: Final[tuple[Check[Any], ...]] = (live, *_USE_CHECKS)


def header_token(call: Call, door: Door) -> str | None:
    """Return the token of the Authorization header, or None: Bearer, at Salesforce's door OAuth too (decision 16)."""
    value = call.header(b"authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(b" ")
    scheme = scheme.lower()
    if scheme == b"bearer" or (scheme == b"oauth" and door is SALESFORCE):
        return token.strip().decode("latin-1")
    return None


async def presented_token(call: Call, server: Server, door: Door) -> str | None:
    """Return the access token that came: in the header, or in a POST's form.

    In a URL it is one only at Salesforce's door, and only where its org allows that (decision 2).

    Salesforce's clients may send the same token in both places (clients.md 7.7).

    Raises:
        Refused: form or URL cannot be read, the URL holds something secret, or there are two tokens.
    """
    token = header_token(call, door)
    if token is None and door is SALESFORCE:
        token = await token_in_url(call, server)
    refuse_secrets_in_url(call, repeated=token, legacy=door is SALESFORCE)
    if call.method != "POST" or not call.body:
        return token
    if token is not None and not is_form(call):
        return token
    form = form_of(call, door)
    in_form = form.get("access_token") or (form.get("oauth_token") if door is SALESFORCE else None)
    if token is not None and in_form and (door is not SALESFORCE or in_form != token):
        raise Refused(no.TWO_TOKENS())
    return token or in_form


async def look_up(server: Server, token: str | None, door: Door | None) -> Bearer:
    """Read a token with all that decides about it, and decide whether it is good."""
    return judge(await access_case(server.directory, token, door, server.clock.now_ms()))


def judge(case: AccessCase) -> Bearer:
    """Decide whether a token is good for anything."""
    held, trail = case.held, Trail(_AHEAD)
    if trail.passes(_LIVE_CHECKS, case) and held is not None:
        trail.passes(_USE_CHECKS, app_use.UseCase(held.of, held.token.issued_at, True, bool(held.token.visitor)))
    return Bearer(held, trail)


def needs_scope(bearer: Bearer, *any_of: str) -> bool:
    """Check that the token has one of some scopes; adds the finding to the trail."""
    held = bearer.held
    if bearer.refusal is not None or held is None:
        return False
    if any(allows(held.token.scopes, name) for name in any_of):
        bearer.trail.findings.append(Finding(SCOPE, f"has {' or '.join(any_of)}"))
        return True
    refusal = no.SCOPE_LACKING(scopes=held.token.scopes, needs=" or ".join(any_of))
    bearer.trail.findings.append(Finding(SCOPE, "lacks what is needed", refusal))
    bearer.trail.refusal = refusal
    return False


def needs_account(bearer: Bearer) -> bool:
    """Check that the token is for a user with an account, not for a guest; adds the finding to the trail."""
    held = bearer.held
    if bearer.refusal is not None or held is None:
        return False
    if not held.token.visitor:
        return True
    refusal = no.NOT_FOR_GUESTS(user=held.user.username)
    bearer.trail.findings.append(Finding(ACCOUNT, "for a guest", refusal))
    bearer.trail.refusal = refusal
    return False


def needs_audience(bearer: Bearer, base: str) -> bool:
    """Check that the token is for us: asked for without a resource, or for one below the base URL (RFC 8707)."""
    held = bearer.held
    if bearer.refusal is not None or held is None:
        return False
    resources = held.token.resources.split()
    if not resources or any(one == base or one.startswith(f"{base}/") for one in resources):
        return True
    refusal = no.OTHER_RESOURCE(resources=held.token.resources[:200])
    bearer.trail.findings.append(Finding(AUDIENCE, "another resource", refusal))
    bearer.trail.refusal = refusal
    return False


async def renew(server: Server, held: HeldAccessToken) -> None:
    """Move on the end of a token that is in use, once half of its time has passed (salesforce-oauth.md 7).

    A timeout that was shortened since holds from then on. Tokens of the standards' door keep the end that their
    `expires_in` told, and JWTs the one that stands in them. Where nothing can be written the token keeps its end too,
    and whoever only reads is answered all the same (R5).
    """
    token = held.token
    if token.kid or DOORS[token.door].tells_expiry:
        return
    now = server.clock.now_ms()
    lifetime_ms = min(token.lifetime_ms, lifetime_of(held.app))
    if token.expires_at - now < lifetime_ms // 2:
        with contextlib.suppress(Unavailable):
            await server.db.commit(Write((tokens.renew_access(token.id, now + lifetime_ms),)))
