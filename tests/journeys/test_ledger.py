"""What was answered is there after any crash, and what was spent or revoked stays so."""

import secrets

import pytest

from tests.journeys.engines import Engine
from tests.journeys.ledger.rounds import Ledger, plan

pytestmark = pytest.mark.slow
ROUNDS = 20
EVERYTHING = {
    "code",
    "redeemed code",
    "rotation",
    "revoked line",
    "revoked access token",
    "client credentials",
    "edit",
}


@pytest.mark.requirement("R1")
@pytest.mark.requirement("R3")
@pytest.mark.requirement("R4")
def test_twenty_crashes_under_load_lose_nothing_that_was_answered_and_revive_nothing(engine: Engine) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    ledger = Ledger(engine, seed)
    for number in range(ROUNDS):
        planned = plan(number, engine.name)
        ledger.round(planned)
        assert ledger.broken == [], f"seed {seed}, killed {planned.ending}"
    ledger.finish()
    print(f"told {ledger.told}, in doubt {ledger.doubts}")

    assert ledger.broken == [], f"seed {seed}, in the end"
    assert set(ledger.told) >= EVERYTHING
    assert ledger.doubts
