"""The style sheet and the mark."""

import re
import subprocess
import sys

import pytest

from grantway.pages import asset, asset_path


def test_the_path_of_a_file_holds_the_hash_that_is_its_tag() -> None:
    sheet = asset("grantway.css")

    assert sheet is not None
    assert sheet.content_type == "text/css; charset=utf-8"
    assert asset_path("grantway.css") == f"/assets/{sheet.etag[1:-1]}/grantway.css"


def test_the_style_sheet_is_small_and_loads_nothing() -> None:
    sheet = asset("grantway.css")

    assert sheet is not None
    assert len(sheet.body) < 20_000
    assert not re.search(rb"@import|url\(", sheet.body)


@pytest.mark.parametrize("name", ["", "..", "../screens.py", "door.html", "grantway.css\x00", "/etc/passwd"])
def test_no_other_file_is_given_out(name: str) -> None:
    assert asset(name) is None
    with pytest.raises(KeyError):
        asset_path(name)


def test_importing_pages_does_not_load_the_template_engine() -> None:
    """The server starts fast; the first page pays for the engine."""
    program = "import sys, grantway.pages; print('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
