"""How names and times are written on a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.pages import initials_of
from grantway.pages.wording import capped, utc_stamp, utc_text


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
