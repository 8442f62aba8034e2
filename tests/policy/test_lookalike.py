"""Which names a person takes for one another (S8), and which a warning would only annoy."""

import pytest

from grantway.policy.lookalike import lookalike_of

pytestmark = pytest.mark.requirement("S8")


@pytest.mark.parametrize(
    ("imitation", "name"),
    [
        ("Data Loader", "Data Loader"),
        ("data-loader", "Data Loader"),
        ("Data\u200bLoader", "Data Loader"),  # zero-width space
        ("D\u0430t\u0430 Load\u0435r", "Data Loader"),  # Cyrillic
        ("D\u03b1ta L\u03bfader", "Data Loader"),  # Greek
        ("\uff24\uff41\uff54\uff41 Loader", "Data Loader"),  # full width
        ("D\u00e2ta L\u00f6ader", "Data Loader"),  # accents
        ("Data L0ader", "Data Loader"),
        ("Data Ioader", "Data loader"),
        ("Data Loaders", "Data Loader"),
        ("Data Loadr", "Data Loader"),
        ("Data Looder", "Data Loader"),
        ("Sa1es Cl0ud", "Sales Cloud"),
        ("Modern Mail", "Modem Mail"),
        ("VVorkbench", "Workbench"),
        ("\u041c\u043e\u0440\u0435", "Mope"),  # a whole word of another script
    ],
)
def test_names_that_look_alike(imitation: str, name: str) -> None:
    assert lookalike_of(imitation, ("Something Else", name)) == name
    assert lookalike_of(name, (imitation,)) == imitation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sales 1", "Sales 2"),
        ("App", "Map"),
        ("Data Loader", "Data Exporter"),
        ("Data Loader", "Loader Data"),
        ("Tide Tables", "Tide Labels"),
        ("\U0001f381", "\U0001f680"),
        ("", "Data Loader"),
        ("---", "..."),
    ],
)
def test_names_that_stand_apart(one: str, other: str) -> None:
    assert lookalike_of(one, (other,)) is None
