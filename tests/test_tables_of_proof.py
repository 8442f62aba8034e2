"""`docs/conformance.md` and `docs/security.md` say which test proves a demand: each must be a test that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("table", ["conformance.md", "security.md"])
def test_every_test_that_a_table_names_exists(table: str) -> None:
    named = set(re.findall(r"`(test_\w+::test_\w+)`", (ROOT / "docs" / table).read_text()))
    written = {
        f"{file.stem}::{name}"
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }

    assert len(named) > 30
    assert named - written == set()
