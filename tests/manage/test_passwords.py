"""Passwords at rest, and which of them are taken (S36)."""

import pytest

from grantway.manage.people.passwords import hash_password, new_password, password_matches
from grantway.manage.problem import ManageProblem

pytestmark = pytest.mark.requirement("S36")


@pytest.mark.parametrize("password", ["x", "correct horse", "p" * 256, "pässwörd 🐎" * 20, " blanks count ", "\ud800"])
def test_a_password_matches_its_own_hash_to_the_last_character(password: str) -> None:
    stored = hash_password(password)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password_matches(stored, password)
    assert not password_matches(stored, password[:-1])
    assert not password_matches(stored, password[:-1] + "~")


@pytest.mark.parametrize("password", ["", "p" * 257])
def test_a_password_has_1_to_256_characters(password: str) -> None:
    with pytest.raises(ManageProblem, match="1 to 256 characters"):
        hash_password(password)


@pytest.mark.parametrize("password", ["", "-", "p" * 257, "anything"])
def test_who_has_no_password_is_let_in_with_none(password: str) -> None:
    assert not password_matches("", password)


def test_a_longer_password_is_not_cut_to_fit() -> None:
    assert not password_matches(hash_password("-"), "p" * 257)
    assert not password_matches(hash_password("p" * 256), "p" * 257)


def test_a_damaged_hash_matches_nothing() -> None:
    assert not password_matches("$argon2id$v=19$m=19456,t=2,p=1$damaged", "anything")


def test_generated_passwords_differ_and_are_usable() -> None:
    made = {new_password() for _ in range(100)}

    assert len(made) == 100
    assert password_matches(hash_password(min(made)), min(made))
