"""How names and times are written on a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.pages import initials_of
from grantway.pages.wording import capped, near_text, utc_stamp, utc_text


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Shipment Sync", "SS"), ("tomas.rivera@harbour.example", "TR"), ("Bare", "B"), ("ada@harbour.example", "A"),
        ("Anna Maria de la Cruz", "AC"), ("3PL Link", "3L"), ("émile zola", "ÉZ"), ("!!!", ""), ("", ""),
        ("@x.example", "XE"),
    ],
)  # fmt: skip
def test_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@given(st.text())
def test_initials_fit_their_tile(name: str) -> None:
    assert len(initials_of(name)) <= 2


@given(st.text(), st.integers(2, 50))
def test_a_cut_is_marked(text: str, limit: int) -> None:
    cut = capped(text, limit)
    assert cut == text if len(text) <= limit else (len(cut) <= limit and cut.endswith("…"))


def test_times_are_utc_to_the_second() -> None:
    assert utc_text(1_795_528_931_999) == "24 November 2026, 14:02:11 UTC"
    assert utc_stamp(1_795_528_931_999) == "2026-11-24T14:02:11Z"


@pytest.mark.parametrize(
    ("hours_ago", "text"),
    [
        (0, "today, 11:06"),
        (11, "today, 00:06"),
        (12, "yesterday, 23:06"),
        (36, "16 Nov, 23:06"),
        (24 * 400, "14 Oct 2025"),
    ],
)
def test_a_time_in_a_table_is_told_as_it_is_near(hours_ago: int, text: str) -> None:
    now = 1_795_000_000_000  # 18 November 2026, 11:06:40 UTC

    assert near_text(now - hours_ago * 3_600_000, now) == text
