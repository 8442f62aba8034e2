"""The tables of the documentation name tests that there are, and all of them are in the right file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(test_\w+)::(test_\w+)`")


@pytest.mark.parametrize("document", ["clients.md", "conformance.md", "security.md"])
def test_every_test_that_a_table_names_exists(document: str) -> None:
    named = set(NAMED.findall((ROOT / "docs" / document).read_text()))
    there = {
        (file.stem, name)
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }

    assert named
    assert named - there == set()
