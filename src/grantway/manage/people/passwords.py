"""Passwords: argon2id, 19 MiB, two passes (security.md S36). About 19 ms of CPU each, with the GIL released."""

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from grantway.manage.problem import ManageProblem

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of 32 random bytes that nobody has seen: verified where there is no password, so that both take as long.
NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$IOUasQJaivGMjNm67TkyBQ$ThozTdUlxXtbuiBISa9AoR54NB16r9ETLbXn2tqyzNo"
_LONGEST: Final = 256


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises:
        ManageProblem: it has not 1 to 256 characters.
    """
    if not _is_usable(password):
        raise ManageProblem(f"a password has 1 to {_LONGEST} characters")
    return _HASHER.hash(_bytes(password))


def password_matches(stored: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed. An empty hash matches none, in the same time as any other."""
    usable = _is_usable(password)
    try:
        _HASHER.verify(stored or NOBODYS, _bytes(password if usable else "-"))
    except (VerificationError, InvalidHashError):
        return False
    return usable and bool(stored)


def _is_usable(password: str) -> bool:
    return 1 <= len(password) <= _LONGEST


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def new_password() -> str:
    """Return a random password of 96 bits, easy to copy."""
    return secrets.token_urlsafe(12)
