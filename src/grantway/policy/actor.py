"""Checks of an actor token: who signed it, for whom, when, and whether it came before (S22, S23).

A device that shows its key in `cnf` signs with it, and so proves that it has it (RFC 7800). Without that the app's
certificate vouches for what is said; it may vouch for a device's key too, as a gateway that provisions devices does.
"""

from typing import Final

from grantway import settings as s
from grantway.kit.certified import PublicKey
from grantway.kit.clock import HOUR_MS, MINUTE_MS
from grantway.kit.jose import JwtRefused
from grantway.policy.assertion import LONGEST_SKEW_MS, AssertionCase, Rules, Voices, statements
from grantway.protocol.decision import Check, Finding
from grantway.protocol.device import Device
from grantway.protocol.no import asset as no

SIGNED: Final = "Actor token"
# Salesforce says nothing of its times; an hour is what libraries make at most.
SALESFORCE_ACTOR: Final = Rules(use="actor", skew_ms=LONGEST_SKEW_MS, longest_ms=HOUR_MS, once=False)
STANDARDS_ACTOR: Final = Rules(use="actor", skew_ms=30_000, longest_ms=5 * MINUTE_MS, once=True)
_BY_DEVICE: Final = Finding(SIGNED, "signed by the device's own key, which stands in cnf")
_BY_APP: Final = Finding(SIGNED, "signed by the key of the app's certificate")

STATEMENTS: Final[tuple[Check[AssertionCase], ...]] = statements(
    Voices(
        no_certificate=no.ACTOR_NOT_SIGNED,
        not_signed=no.ACTOR_NOT_SIGNED,
        no_audience=no.ACTOR_NO_AUDIENCE,
        other_audience=no.ACTOR_OTHER_AUDIENCE,
        no_end=no.ACTOR_NO_END,
        ended=no.ACTOR_ENDED,
        too_early=no.ACTOR_TOO_EARLY,
        too_long=no.ACTOR_TOO_LONG,
        seen=no.ACTOR_SEEN,
        too_many=no.ACTOR_SEEN,
    )
)
"""For whom, when, and whether it came before: what every signed statement is checked for."""


def signed(case: AssertionCase, device: Device) -> Finding:
    """Check that the device's own key, or the key of the app's certificate, signed the actor token."""
    problems = []
    if device.key is not None:
        try:
            device.key.key.verify(case.assertion.text)
        except JwtRefused as problem:
            problems.append(f"by the key in cnf.jwk: {problem}")
        else:
            return _BY_DEVICE
    certificate = case.app[s.CERTIFICATE] if case.app is not None else None
    if certificate is not None:
        try:
            PublicKey.of_certificate(certificate.pem).verify(case.assertion.text)
        except JwtRefused as problem:
            problems.append(f"by the app's certificate: {problem}")
        else:
            return _BY_APP
    why = "; ".join(problems) or "it shows no key in cnf.jwk, and the app has no certificate"
    return Finding(SIGNED, why[:200], no.ACTOR_NOT_SIGNED(why=why))
