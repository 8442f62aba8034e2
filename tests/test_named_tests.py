"""The tables of the documentation name tests: each of them must be there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_NAMED = re.compile(r"`(?:(test_\w+)::)?(test_\w+)`")
_WRITTEN = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)


@pytest.mark.parametrize("document", ["clients.md", "conformance.md", "operations.md", "security.md"])
def test_every_test_that_a_table_names_exists_in_the_file_it_names(document: str) -> None:
    named = set(_NAMED.findall((ROOT / "docs" / document).read_text()))
    written = {
        (file.stem, name) for file in (ROOT / "tests").rglob("test_*.py") for name in _WRITTEN.findall(file.read_text())
    }
    written |= {("", name) for _, name in written}

    assert named
    assert named - written == set()
