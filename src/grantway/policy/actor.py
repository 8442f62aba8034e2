"""Checks of an actor token: who signed it, for whom, when, and whether it came before (S22, S23).

A device that shows its key in `cnf` signs with it, and so proves that it has it (RFC 7800). Without that the app
vouches for what is said, by its certificate or key set; it may vouch for a device's key too, as a gateway that
provisions devices does.
"""

from typing import Final

from grantway.kit.clock import HOUR_MS, MINUTE_MS
from grantway.kit.jose import JwtRefused
from grantway.policy.app_keys import KeyVoices, has_keys, jwt_signed
from grantway.policy.assertion import LONGEST_SKEW_MS, AssertionCase, Rules, Voices, statements
from grantway.protocol.decision import Check, Finding
from grantway.protocol.device import Device
from grantway.protocol.no import asset as no

SIGNED: Final = "Actor token"
# Salesforce says nothing of its times; an hour is what libraries make at most.
SALESFORCE_ACTOR: Final = Rules(use="actor", skew_ms=LONGEST_SKEW_MS, longest_ms=HOUR_MS, once=False)
STANDARDS_ACTOR: Final = Rules(use="actor", skew_ms=30_000, longest_ms=5 * MINUTE_MS, once=True)
_BY_DEVICE: Final = Finding(SIGNED, "signed by the device's own key, which stands in cnf")
_OF_APP: Final = KeyVoices(
    none=no.ACTOR_NOT_SIGNED,
    not_certificate=no.ACTOR_NOT_SIGNED,
    not_pasted=no.ACTOR_NOT_SIGNED,
    not_published=no.ACTOR_NOT_SIGNED,
    unreachable=no.ACTOR_NOT_SIGNED,
)

STATEMENTS: Final[tuple[Check[AssertionCase], ...]] = statements(
    Voices(
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


def by_device(token: str, device: Device) -> bool:
    """Tell whether the device's own key signed the actor token."""
    return _why_not_device(token, device) == ""


def signed(case: AssertionCase, device: Device) -> Finding:
    """Check that the device's own key, or a key of the app, signed the actor token."""
    token, app, problems = case.assertion.text, case.app, []
    not_device = _why_not_device(token, device)
    if not_device == "":
        return _BY_DEVICE
    if not_device:
        problems.append(f"by the key in cnf.jwk: {not_device}")
    if app is not None and has_keys(app):
        found = jwt_signed(app, token, case.published, case.now_ms, _OF_APP)
        if found.refusal is None:
            return Finding(SIGNED, f"signed {found.says}")
        problems.append(f"by the app: {found.says}")
    why = "; ".join(problems) or "it shows no key in cnf.jwk, and the app has neither certificate nor key set"
    return Finding(SIGNED, why[:200], no.ACTOR_NOT_SIGNED(why=why))


def _why_not_device(token: str, device: Device) -> str | None:
    """Return why the device's own key did not sign; empty where it did, None where it shows none."""
    if device.key is None:
        return None
    try:
        device.key.key.verify(token)
    except JwtRefused as problem:
        return str(problem)
    return ""
