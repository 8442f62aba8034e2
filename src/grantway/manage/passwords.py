"""Passwords: argon2id, 19 MiB, two passes (security.md S36). About 19 ms of CPU each, with the GIL released."""

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from grantway.manage.problem import ManageProblem

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
MAX_LENGTH: Final = 256


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises:
        ManageProblem: it has not 1 to 256 characters.
    """
    if not 1 <= len(password) <= MAX_LENGTH:
        raise ManageProblem(f"a password has 1 to {MAX_LENGTH} characters")
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def password_matches(stored: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; an empty hash matches none."""
    try:
        return _HASHER.verify(stored, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """Return a random password of 96 bits, easy to copy."""
    return secrets.token_urlsafe(12)
