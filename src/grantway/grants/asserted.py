"""What an assertion needs to be decided, read or fetched, and what is written when it is accepted."""

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.jose import JwtRefused
from grantway.kit.key_sets import key_id_of
from grantway.outbound.key_sets import KeySets
from grantway.outbound.target import Unfetched
from grantway.policy.app_keys import NOTHING_FETCHED, Published, is_signed_at_hand
from grantway.policy.assertion import FAR_MS, LONGEST_SKEW_MS, OF_CLIENTS, AssertionCase, Rules
from grantway.protocol.assertion import Assertion
from grantway.store.assertions import ending_after, first_seen, remember
from grantway.store.database import Session
from grantway.store.statement import Step


async def assertion_case(
    db: Session,
    assertion: Assertion,
    app: InstalledApp | None,
    *,
    names: frozenset[str],
    rules: Rules,
    now_ms: int,
    published: Published = NOTHING_FETCHED,
) -> AssertionCase:
    """Return an assertion with what is known of earlier uses; of one that names no app nothing can be."""
    case = AssertionCase(assertion, app, names, rules, now_ms, published=published)
    if app is None:
        return case
    seen = await first_seen(db, case.digest)
    far = await ending_after(db, app.id, now_ms + FAR_MS) if case.is_far and seen is None else 0
    return AssertionCase(assertion, app, names, rules, now_ms, seen, far, published)


async def client_assertion(
    db: Session,
    assertion: Assertion,
    client: InstalledApp | None,
    *,
    names: frozenset[str],
    now_ms: int,
    key_sets: KeySets,
) -> AssertionCase:
    """Return an assertion by which a client proves itself, with what is known of it and of the client's keys."""
    published = NOTHING_FETCHED
    if client is not None:
        published = await published_keys(client, assertion.text, key_sets)
    return await assertion_case(
        db, assertion, client, names=names, rules=OF_CLIENTS, now_ms=now_ms, published=published
    )


async def published_keys(app: InstalledApp, token: str, key_sets: KeySets) -> Published:
    """Return the keys that an app publishes, as far as they are needed: nothing is fetched for what another key signed.

    Nothing is raised: why there are none to be had stands in the answer.
    """
    url = app[s.JWKS_URI]
    if not url or is_signed_at_hand(app, token):
        return NOTHING_FETCHED
    try:
        return Published(await key_sets.keys(url, key_id_of(token)))
    except Unfetched as problem:
        return Published(problem=problem.why)
    except JwtRefused:
        return NOTHING_FETCHED  # no key has such an id, and the checks say so


def remembers(case: AssertionCase | None) -> tuple[Step, ...]:
    """Return the step that remembers an assertion which was accepted, until it is refused for its age at both doors."""
    if case is None or case.app is None or case.first_seen is not None:
        return ()
    ends_at = (case.assertion.ends_at or case.now_ms) + LONGEST_SKEW_MS
    return (remember(case.digest, case.app.id, case.now_ms, ends_at),)
