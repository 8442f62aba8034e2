"""What an assertion needs to be decided, read from the store, and what is written when it is accepted."""

from grantway.domain.app import InstalledApp
from grantway.policy.assertion import FAR_MS, LONGEST_SKEW_MS, AssertionCase, Rules
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
) -> AssertionCase:
    """Return an assertion with what is known of earlier uses; of one that names no app nothing can be."""
    case = AssertionCase(assertion, app, names, rules, now_ms)
    if app is None:
        return case
    seen = await first_seen(db, case.digest)
    far = await ending_after(db, app.id, now_ms + FAR_MS) if case.is_far and seen is None else 0
    return AssertionCase(assertion, app, names, rules, now_ms, seen, far)


def remembers(case: AssertionCase | None) -> tuple[Step, ...]:
    """Return the step that remembers an assertion which was accepted, until it is refused for its age at both doors."""
    if case is None or case.app is None or case.first_seen is not None:
        return ()
    ends_at = (case.assertion.ends_at or case.now_ms) + LONGEST_SKEW_MS
    return (remember(case.digest, case.app.id, case.now_ms, ends_at),)
