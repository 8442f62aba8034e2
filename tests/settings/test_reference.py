"""The reference page of the settings is what the catalogue says today."""

from pathlib import Path

from grantway import settings as s
from grantway.manage.settings_reference import reference_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def test_the_committed_page_is_current() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written == reference_page(), (
        "write it anew: grantway settings --format markdown > docs/reference/settings.md"
    )


def test_the_page_has_every_setting_in_the_order_of_the_administrators_page() -> None:
    headings = [line[5:-1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("### `")]

    assert headings == [setting.name for setting in s.ALL]
