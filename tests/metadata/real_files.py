"""The metadata files of strangers that lie beside the checkout, in ../shared/fixtures/metadata."""

from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "metadata"
MISSING: Final = "the fixtures with real metadata files are missing: ../shared/fixtures/metadata beside the checkout"


def every_real_file() -> list[object]:
    """Give each file as a test parameter; one that skips and says why if there are none."""
    found = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.name != "INDEX.tsv")
    if not found:
        return [pytest.param(FOLDER, marks=pytest.mark.skip(reason=MISSING))]
    return [pytest.param(path, id=path.relative_to(FOLDER).as_posix()) for path in found]
