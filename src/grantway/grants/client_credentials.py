"""Client Credentials Flow: an app gets a token without a person, as the run-as user (RFC 6749 4.4)."""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import AppUser
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, client_case, unasserted
from grantway.kit.secrets import KeyRing
from grantway.policy.app_use import UseCase
from grantway.policy.client import ClientCase, secret_always
from grantway.protocol.decision import Finding
from grantway.protocol.no import machine as no
from grantway.protocol.no import refresh as no_scope

FLOW: Final = "Client Credentials Flow"
RUN_AS: Final = "Run-as user"
SCOPE: Final = "Scope"
HOST: Final = "Host"
_ON: Final = Finding(FLOW, "on for the app")
_NAMED: Final = Finding(RUN_AS, "named by the app's policy")
_LEFT: Final = Finding(SCOPE, "within the app's scopes")
# A token without a person behind it is never a browser session, never everything, never renewed (3.10).
_DROPPED: Final = frozenset({"full", "web", "refresh_token", "offline_access"})


class MachineCase(msgspec.Struct, frozen=True, gc=False):
    """A client credentials request: who asks, and the user its org lets it run as."""

    call: TokenCall
    client: ClientCase
    run_as: AppUser | None
    scopes: tuple[str, ...]
    """The app's, as far as they are for a machine."""


async def load(call: TokenCall, sources: Sources) -> MachineCase:
    """Read the client and its run-as user together."""
    directory = sources.directory
    credentials = call.credentials
    key = credentials.client_id
    app, run_as = await directory.app_and_run_as(key) if key else (None, None)
    client = unasserted(call, app) if credentials.assertion is None else await client_case(call, sources, app)
    scopes = tuple([name for name in app[s.SCOPES] if name not in _DROPPED]) if app is not None else ()
    # Without a standard scope there is no token, whatever else the app may ask for.
    if scopes and app is not None:
        scopes += app[s.CUSTOM_SCOPES]
    return MachineCase(call, client, run_as, scopes)


def scope_taken(case: MachineCase) -> Finding | None:
    """At Salesforce's door client credentials take no scope. An empty parameter is a missing one (RFC 6749 3.2)."""
    if case.call.params.get("scope") and not case.call.door.scope_narrows:
        return Finding(SCOPE, "sent, and not taken here", no_scope.SCOPE_NOT_SUPPORTED())
    return None


def own_domain(case: MachineCase) -> Finding | None:
    """The request must come to an org's own name, not to a login host (salesforce-oauth.md 3.10)."""
    if case.call.at_login_host:
        return Finding(HOST, "a login host", no.NOT_AT_LOGIN_HOST())
    return None


def flow_on(case: MachineCase) -> Finding | None:
    """The app must have the flow switched on."""
    app = case.client.client
    if app is None or app[s.CLIENT_CREDENTIALS]:
        return _ON
    return Finding(FLOW, "off for the app", no.CLIENT_CREDENTIALS_OFF(app=app.app.name))


def run_as_named(case: MachineCase) -> Finding | None:
    """The org's policy must name a user there is."""
    app = case.client.client
    if case.run_as is not None or app is None:
        return _NAMED
    return Finding(RUN_AS, "none", no.NO_RUN_AS_USER(app=app.app.name, run_as=app[s.RUN_AS] or "none"))


def scope_left(case: MachineCase) -> Finding | None:
    """Something must be left of the app's scopes, and what is asked for must be within."""
    app = case.client.client
    if app is None:
        return None
    if not case.scopes:
        return Finding(SCOPE, "none is left", no.NO_VALID_SCOPES(app=app.app.name))
    asked = case.call.params.get("scope")
    if asked and (extra := set(asked.split()).difference(case.scopes)):
        refusal = no_scope.SCOPE_NOT_HELD(extra=" ".join(sorted(extra))[:200])
        return Finding(SCOPE, "more than the app has", refusal)
    return _LEFT


def use(case: MachineCase) -> UseCase:
    """The run-as user, in the app's home org: the Permitted Users policy holds for it like for anyone."""
    assert case.run_as is not None  # noqa: S101 - `run_as_named` refused otherwise
    return UseCase(case.run_as, None)


def prove(case: MachineCase, _ring: KeyRing) -> Proof:
    """A token for the run-as user; no refresh token, no ID token: nobody logged in."""
    assert case.run_as is not None  # noqa: S101 - `run_as_named` refused otherwise
    asked = case.call.params.get("scope", "").split()
    return Proof(
        of=case.run_as,
        scopes=tuple([name for name in case.scopes if name in asked]) if asked else case.scopes,
        event="token.client_credentials",
    )


GRANT: Final = Grant[MachineCase](
    grant_type="client_credentials",
    title="Client Credentials Flow",
    authentication=secret_always,
    load=load,
    client=lambda case: case.client,
    checks=(own_domain, scope_taken, flow_on, run_as_named, scope_left),
    use=use,
    prove=prove,
)
