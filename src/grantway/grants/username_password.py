"""Username-Password Flow: the app knows the password (salesforce-oauth.md 3.9). Off unless org and app switch it on.

Whatever is wrong, the client hears the same: an app that guesses learns nothing, not even whether the flow is on.
"""

import hmac
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppKind, AppUser
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, client_of
from grantway.kit.secrets import SECURITY_TOKEN_LENGTH, KeyRing, fingerprint
from grantway.policy.app_use import UseCase
from grantway.policy.approval import all_scopes
from grantway.policy.client import ClientCase, secret_always
from grantway.protocol.decision import Finding
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import password as no
from grantway.protocol.no import refresh as no_scope
from grantway.settings.ip_ranges import covers
from grantway.store.security_tokens import security_token_hash

FLOW: Final = "Username-Password Flow"
PASSWORD: Final = "Username and password"
TOKEN: Final = "Security token"
SCOPE: Final = "Scope"
_ON: Final = Finding(FLOW, "on for the app, not blocked by the org")


class PasswordCase(msgspec.Struct, frozen=True, gc=False):
    """A username-password request. `of` is who logged in, None where the password was wrong or nobody looked at it.

    `token_followed`: the security token stood behind the password.
    """

    call: TokenCall
    client: ClientCase
    of: AppUser | None = None
    token_followed: bool = False
    wait_ms: int = 0


async def load(call: TokenCall, sources: Sources) -> PasswordCase:
    """Read the client; look at the password only where the flow is on and the client authenticated."""
    client = await client_of(call, sources)
    app = client.client
    authenticated = secret_always(client)
    if app is None or _closed(client) or (authenticated is not None and authenticated.refusal is not None):
        return PasswordCase(call, client)
    username, sent = call.params.get("username", ""), call.params.get("password", "")
    stored = await security_token_hash(sources.directory.db, username)
    end = sent[-SECURITY_TOKEN_LENGTH:]
    followed = bool(stored) and hmac.compare_digest(fingerprint(end), stored)
    password = sent[:-SECURITY_TOKEN_LENGTH] if followed else sent
    looked = await sources.look_at_password(call, app.id, username, password)
    if looked.user is None:
        return PasswordCase(call, client, None, followed, looked.wait_ms)
    of = await sources.directory.app_user(app.id, looked.user.org_id, looked.user.id)
    return PasswordCase(call, client, of, followed)


def _closed(client: ClientCase) -> Finding | None:
    app = client.client
    if app is None:
        return None
    if app.kind is AppKind.EXTERNAL_CLIENT_APP:
        return Finding(FLOW, "not for external client apps", no.EXTERNAL_CLIENT_APP(app=app.app.name))
    if not app[s.USERNAME_PASSWORD]:
        return Finding(FLOW, "off for the app", no.FLOW_OFF(app=app.app.name))
    if app[s.BLOCK_USERNAME_PASSWORD_FLOW]:
        return Finding(FLOW, "blocked by the app's org", no.BLOCKED_BY_ORG(org=app.org.name))
    return None


def flow_on(case: PasswordCase) -> Finding:
    """App and org must have the flow on; until then nobody looks at the password."""
    return _closed(case.client) or _ON


def password(case: PasswordCase) -> Finding:
    """Username and password must belong together, and the tries must not come too fast."""
    if case.wait_ms:
        seconds = -(-case.wait_ms // 1000)
        return Finding(PASSWORD, "not looked at: too many failures", no.TOO_FAST(seconds=seconds))
    if case.of is None:
        return Finding(PASSWORD, "do not fit together", no.WRONG())
    return Finding(PASSWORD, "fit together")


def own_org(case: PasswordCase) -> Finding | None:
    """The user's org has a say too, where it is another than the app's."""
    of = case.of
    assert of is not None  # noqa: S101 - `password` refused otherwise
    if not of.app[s.BLOCK_USERNAME_PASSWORD_FLOW]:
        return None
    return Finding(FLOW, "blocked by the user's org", no.BLOCKED_BY_ORG(org=of.app.org.name))


def security_token(case: PasswordCase) -> Finding:
    """The security token must follow the password, unless the request comes from a trusted address."""
    of = case.of
    assert of is not None  # noqa: S101 - `password` refused otherwise
    if case.token_followed:
        return Finding(TOKEN, "followed the password")
    trusted = of.app[s.TRUSTED_IP_RANGES]
    if covers(trusted, case.call.address):
        return Finding(TOKEN, "not needed from a trusted address")
    refusal = no.NO_SECURITY_TOKEN(user=of.user.username, address=case.call.address)
    return Finding(TOKEN, "missing", refusal)


def _scopes(case: PasswordCase) -> tuple[str, ...]:
    of = case.of
    assert of is not None  # noqa: S101 - `password` refused otherwise
    return all_scopes(of.app)


def scope_held(case: PasswordCase) -> Finding | None:
    """What is asked for must be within the app's scopes; nothing asked for is all of them."""
    extra = set(case.call.params.get("scope", "").split()).difference(_scopes(case))
    if not extra:
        return Finding(SCOPE, "within the app's scopes")
    return Finding(SCOPE, "more than the app has", no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200]))


def use(case: PasswordCase) -> UseCase:
    """Who logged in, in the app as the user's org meets it."""
    assert case.of is not None  # noqa: S101 - `password` refused otherwise
    return UseCase(case.of, None)


def prove(case: PasswordCase, _ring: KeyRing) -> Proof:
    """A token for the user; never a refresh token."""
    assert case.of is not None  # noqa: S101 - `password` refused otherwise
    asked, scopes = case.call.params.get("scope", "").split(), _scopes(case)
    return Proof(
        of=case.of,
        scopes=tuple(name for name in scopes if name in asked) if asked else scopes,
        event="token.password",
        wants_id_token=True,
        auth_time=case.call.now_ms // 1000,
    )


GRANT: Final = Grant[PasswordCase](
    grant_type="password",
    title="Username-Password Flow",
    authentication=secret_always,
    load=load,
    client=lambda case: case.client,
    checks=(flow_on, password, own_org, security_token, scope_held),
    use=use,
    prove=prove,
    doors=(SALESFORCE,),
)
