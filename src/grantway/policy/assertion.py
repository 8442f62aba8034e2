"""Checks of an assertion: who signed it, for whom, when, and whether it came before (RFC 7521, section 5.2; S23).

The flows that take assertions, and client authentication by assertion, make the same checks; each refuses in its own
words, and has its own rules about time.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from grantway.domain.app import InstalledApp
from grantway.kit.clock import HOUR_MS, MINUTE_MS
from grantway.policy.app_keys import NOTHING_FETCHED, KeyVoices, Published, jwt_signed
from grantway.protocol.assertion import Assertion
from grantway.protocol.decision import Check, Finding
from grantway.protocol.refusal import Reason

AUDIENCE: Final = "Audience"
TIME: Final = "Time"
ONCE: Final = "Assertion used once"
FAR_MS: Final = HOUR_MS
FAR_LIMIT: Final = 1000
LONGEST_SKEW_MS: Final = 3 * MINUTE_MS
"""The most by which clocks may lie apart, at whichever door."""
_WINDOW_MS: Final = 5 * MINUTE_MS
_NAMED: Final = Finding(AUDIENCE, "this server")
_WITHIN: Final = Finding(TIME, "within its time")
_FIRST: Final = Finding(ONCE, "first use")
_AGAIN: Final = Finding(ONCE, "seen before, less than five minutes ago, and it has no jti")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How strictly an assertion's time is taken (decision 9).

    - `skew_ms`: how far the clocks may lie apart.
    - `longest_ms`: how far ahead `exp` may lie; None for any.
    - `once`: it counts once, with or without a `jti`; else one without comes again within five minutes.
    - `use`: what it is for. Ids are told apart by it: a client may number its own assertions and its grants alike.
    """

    use: str
    skew_ms: int
    longest_ms: int | None
    once: bool


# Salesforce allows three minutes either way and any exp; its CLI sends one in milliseconds (salesforce-oauth.md 3.6).
SALESFORCE_BEARER: Final = Rules(use="grant", skew_ms=LONGEST_SKEW_MS, longest_ms=None, once=False)
STANDARDS_BEARER: Final = Rules(use="grant", skew_ms=30_000, longest_ms=5 * MINUTE_MS, once=True)
# Libraries make client assertions of a minute up to an hour; each is good for one request, whatever it says.
OF_CLIENTS: Final = Rules(use="client", skew_ms=30_000, longest_ms=HOUR_MS, once=True)


class AssertionCase(msgspec.Struct, frozen=True, gc=False):
    """An assertion, the app whose key should have signed it, and what is known of earlier uses.

    - `published`: what was had of the key set that the app publishes, where that was needed.
    - `names`: the audiences that mean this server.
    - `first_seen`: when (ms) it was accepted before; None when it was not.
    - `far`: how many assertions of the app are remembered for longer than an hour from now.
    """

    assertion: Assertion
    app: InstalledApp | None
    names: frozenset[str]
    rules: Rules
    now_ms: int
    first_seen: int | None = None
    far: int = 0
    published: Published = NOTHING_FETCHED

    @property
    def digest(self) -> str:
        """What a repetition is recognized by; empty where no app can be known."""
        return self.assertion.digest(self.rules.use, self.app.id) if self.app is not None else ""

    @property
    def is_far(self) -> bool:
        """Whether the replay table would have to remember it for long."""
        return self.assertion.ends_at is not None and self.assertion.ends_at > self.now_ms + FAR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """The reasons these checks refuse with."""

    no_audience: Reason
    other_audience: Reason
    no_end: Reason
    ended: Reason
    too_early: Reason
    too_long: Reason
    seen: Reason
    too_many: Reason


def checks(keys: KeyVoices, no: Voices) -> tuple[Check[AssertionCase], ...]:
    """Return the checks of a JWT assertion in their order, refusing with the reasons given."""
    return (lambda case: signed(case, keys), *statements(no))


def statements(no: Voices) -> tuple[Check[AssertionCase], ...]:
    """Return the checks of what an assertion says, whatever its format: signed by whom is found out before."""
    return (
        lambda case: _audience(case, no),
        lambda case: _time(case, no),
        lambda case: _once(case, no),
    )


def signed(case: AssertionCase, no: KeyVoices) -> Finding | None:
    """A key of the app must have signed the assertion."""
    if case.app is None:
        return None
    return jwt_signed(case.app, case.assertion.text, case.published, case.now_ms, no)


def _audience(case: AssertionCase, no: Voices) -> Finding:
    audiences = case.assertion.audiences
    if not audiences:
        return Finding(AUDIENCE, "missing", no.no_audience(names=_shown(case.names)))
    # Salesforce's CLI puts a slash behind its login URL (clients.md 7.5).
    if case.names.isdisjoint(one.rstrip("/") for one in audiences):
        sent = ", ".join(audiences)[:200]
        return Finding(AUDIENCE, f"another: {sent}", no.other_audience(sent=sent, names=_shown(case.names)))
    return _NAMED


def _time(case: AssertionCase, no: Voices) -> Finding:
    assertion, rules, now = case.assertion, case.rules, case.now_ms
    if assertion.ends_at is None:
        return Finding(TIME, "exp is missing", no.no_end())
    if assertion.ends_at + rules.skew_ms <= now:
        return Finding(TIME, "ended", no.ended(ended_at=assertion.ends_at))
    starts_at = max(assertion.starts_at or 0, assertion.issued_at or 0)
    if starts_at - rules.skew_ms > now:
        return Finding(TIME, "not yet", no.too_early(starts_at=starts_at))
    if rules.longest_ms is not None and assertion.ends_at > now + rules.longest_ms + rules.skew_ms:
        minutes = rules.longest_ms // MINUTE_MS
        return Finding(TIME, "ends too late", no.too_long(ends_at=assertion.ends_at, minutes=minutes))
    return _WITHIN


def _once(case: AssertionCase, no: Voices) -> Finding:
    if case.first_seen is None:
        if case.is_far and case.far >= FAR_LIMIT:
            return Finding(ONCE, "too many of this app end late", no.too_many(limit=FAR_LIMIT))
        return _FIRST
    if case.rules.once or case.assertion.jti or case.now_ms - case.first_seen > _WINDOW_MS:
        return Finding(ONCE, "used before", no.seen(first_at=case.first_seen))
    return _AGAIN


def _shown(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
