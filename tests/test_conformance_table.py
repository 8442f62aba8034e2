"""`docs/conformance.md` and `docs/security.md` name the tests of each demand: every name must be one of a test."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


TESTS = {
    (file.stem, name)
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
}


def test_every_test_that_the_table_of_conformance_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "conformance.md").read_text()))

    assert len(named) > 30
    assert named - {name for _, name in TESTS} == set()


def test_every_test_that_the_table_of_security_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)::(test_\w+)`", (ROOT / "docs" / "security.md").read_text()))

    assert len(named) > 30
    assert named - TESTS == set()
