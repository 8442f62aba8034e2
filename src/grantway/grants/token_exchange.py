"""Token Exchange Flow: another identity provider's token stands for a user (RFC 8693; salesforce-oauth.md 3.11)."""

from typing import Final

import msgspec

from grantway.domain.token import Family
from grantway.grants.exchange.asking import asked
from grantway.grants.exchange.case import REFRESH_SCOPES, ExchangeCase
from grantway.grants.exchange.checks import (
    ACCESS_TOKEN,
    BEFORE_ASKING,
    actor_named,
    approved,
    believed,
    person,
    scope_asked,
    scope_left,
)
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, adds_refresh_token, client_of
from grantway.kit.ids import new_row_id
from grantway.kit.secrets import KeyRing, new_refresh_token
from grantway.policy import approval
from grantway.policy.app_use import UseCase
from grantway.policy.client import known, secret_for_token_exchange
from grantway.protocol.decision import decide
from grantway.store import tokens

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"


async def load(call: TokenCall, sources: Sources) -> ExchangeCase:
    """Read the client; go on only for one that proved itself."""
    client = await client_of(call, sources)
    case = ExchangeCase(call, client)
    app = client.client
    if app is None or decide((known, secret_for_token_exchange), client).refusal is not None:
        return case
    return await asked(case, app, sources)


def use(case: ExchangeCase) -> UseCase:
    """The user that the token names, in the app as the org meets it."""
    assert case.approval is not None  # noqa: S101 - `person` refused otherwise
    found = approval.use(case.approval)
    return msgspec.structs.replace(found, as_guest=True) if case.visitor else found


def prove(case: ExchangeCase, _ring: KeyRing) -> Proof:
    """A token for the user, with a refresh token where that is among the scopes."""
    held, now = case.approval, case.call.now_ms
    assert held is not None and held.of is not None  # noqa: S101, PT018 - `person` refused otherwise
    of = held.of
    asked, scopes = case.parameter("scope").split(), case.allowed
    scopes = tuple(name for name in scopes if name in asked) if asked else scopes
    proof = Proof(
        of=of,
        scopes=scopes,
        event="token.exchange",
        wants_id_token=True,
        issued_token_type=ACCESS_TOKEN,
        actor=case.acting or "",
        visitor=case.visitor,
    )
    if REFRESH_SCOPES.isdisjoint(scopes):
        return proof
    family = Family(
        id=new_row_id(now),
        app_id=of.app.id,
        org_id=of.user.org_id,
        user_id=of.user.id,
        door=case.call.door.name,
        scopes=" ".join(scopes),
        auth_time=0,
        created_at=now,
        used_at=now,
        has_refresh=1,
        revoked_at=None,
        resources=" ".join(case.resources),
    )
    row_id, refresh_token = new_refresh_token(now)
    steps = (
        tokens.add_family(family),
        tokens.drop_oldest_families(family.user_id, family.app_id, family.id, now),
        adds_refresh_token(row_id, refresh_token, family.id, now),
    )
    return msgspec.structs.replace(proof, family_id=family.id, steps=steps, refresh_token=refresh_token)


GRANT: Final = Grant[ExchangeCase](
    grant_type=GRANT_TYPE,
    title="Token Exchange Flow",
    authentication=secret_for_token_exchange,
    load=load,
    client=lambda case: case.client,
    checks=(*BEFORE_ASKING, believed, actor_named, scope_asked, person, approved, scope_left),
    use=use,
    prove=prove,
)
