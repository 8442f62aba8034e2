"""API names, consumer keys and consumer secrets that may be chosen (connected-apps.md 1.3, 1.20, 2.3)."""

import re
from typing import Final

from grantway.manage.problem import ManageProblem

_API_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,80}")
_KEY: Final = re.compile(r"[A-Za-z0-9._]{8,256}")
# Keys of real files break the documented alphabet: they hold base64, with its final =.
_KEY_OF_FILE: Final = re.compile(r"[A-Za-z0-9._=-]{8,256}")
_SECRET: Final = re.compile(r"[A-Za-z0-9]{8,256}")
# What people put in the place of a key before they publish a file. Never to be taken for one: everybody knows it.
_PLACEHOLDER: Final = re.compile(
    r"replace|placeholder|change_?me|client_?(id|secret|key)|consumer_?(key|secret)|your_|example|dummy|secret|x{6}|(.)\3{9}",
    re.IGNORECASE,
)


def api_name(text: str) -> str:
    """Return the API name made of a name or label: letters, digits and single underscores, 80 at most.

    Raises:
        ManageProblem: nothing usable is left.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:80].rstrip("_")
    if not _API_NAME.fullmatch(name):
        raise ManageProblem.at("name", f"{text!r} gives no API name; begin with a letter, use letters and digits")
    return name


def api_name_of_file(name: str) -> str:
    """Return the API name an imported app gets: the file's own wherever it has no character that names cannot have.

    Raises:
        ManageProblem: nothing usable is left.
    """
    return name if _FILE_NAME.fullmatch(name) else api_name(name)


def key_problem(key: str) -> str | None:
    """Say what is wrong with a consumer key that somebody chose; None if nothing is."""
    return None if _KEY.fullmatch(key) else "8 to 256 letters, digits, dots and underscores"


def secret_problem(secret: str) -> str | None:
    """Say what is wrong with a consumer secret that somebody chose; None if nothing is."""
    return None if _SECRET.fullmatch(secret) else "8 to 256 letters and digits"


def file_key_problem(key: str) -> str | None:
    """Say why the consumer key of a metadata file cannot be taken; None if it can."""
    if _PLACEHOLDER.search(key):
        return "it is a placeholder"
    return None if _KEY_OF_FILE.fullmatch(key) else "it is not 8 to 256 letters, digits, dots and underscores"


def file_secret_problem(secret: str) -> str | None:
    """Say why the consumer secret of a metadata file cannot be taken; None if it can. Never quotes it."""
    if _PLACEHOLDER.search(secret):
        return "it is a placeholder"
    return None if _SECRET.fullmatch(secret) else "it is not 8 to 256 letters and digits"
