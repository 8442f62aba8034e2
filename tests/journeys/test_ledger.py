"""What was answered is there after any crash, and what was spent or revoked stays so."""

import secrets

import pytest

from tests.journeys.engines import Engine
from tests.journeys.ledger.rounds import ENDINGS, Ledger

pytestmark = [pytest.mark.xdist_group("ledger"), pytest.mark.slow]
ROUNDS = 20


@pytest.mark.requirement("R1")
@pytest.mark.requirement("R3")
@pytest.mark.requirement("R4")
def test_twenty_crashes_under_load_lose_nothing_that_was_answered_and_revive_nothing(engine: Engine) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    ledger = Ledger(engine, seed)
    for number in range(ROUNDS):
        ending = ENDINGS[number % len(ENDINGS)]
        ledger.round(workers=1 + number // len(ENDINGS) % 2 if engine.name == "sqlite" else 2, ending=ending)
        assert ledger.broken == [], f"seed {seed}, killed {ending}"
    ledger.finish()
    print(f"told {ledger.told}, in doubt {ledger.doubts}")

    assert ledger.broken == [], f"seed {seed}, in the end"
    assert min(ledger.told.values()) > 0
    assert ledger.doubts
