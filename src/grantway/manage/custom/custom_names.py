"""Names, labels and descriptions of what an org defines for its apps (connected-apps.md 1.17)."""

import re
from typing import Any, Final

from grantway.manage.problem import ManageProblem
from grantway.settings.kinds import SettingProblem, text

_API_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){0,79}")
_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
DESCRIPTION_LIMIT: Final = 60


def permission_name(raw: str) -> str:
    """Return the API name of a custom permission.

    Raises:
        ManageProblem: it is none.
    """
    if len(raw) > 80 or not _API_NAME.fullmatch(raw):
        raise ManageProblem.at("name", "begin with a letter; letters, digits and single underscores, 80 at most")
    return raw


def scope_label(raw: Any) -> str:
    """Return the label of a custom scope.

    Raises:
        ManageProblem: Salesforce would not take it.
    """
    label = line("label", raw, 80)
    if not _LABEL.fullmatch(label):
        raise ManageProblem.at("label", "begin with a letter; letters, digits and underscores, 80 at most")
    return label


def scope_description(raw: Any) -> str:
    """Return the description of a custom scope: what people read on the consent page.

    Raises:
        ManageProblem: it is longer, or holds more than letters, digits and blanks.
    """
    description = line("description", raw, DESCRIPTION_LIMIT)
    if not all(letter.isalnum() or letter == " " for letter in description):
        raise ManageProblem.at("description", "letters, digits and blanks only: it stands on the consent page")
    return description


def line(field: str, raw: Any, limit: int, *, required: bool = True) -> str:
    """Return a field's one line of text.

    Raises:
        ManageProblem: it is none, or empty where it must not be, or too long.
    """
    try:
        return text(limit, required=required).parse(raw)
    except SettingProblem as problem:
        raise ManageProblem.at(field, str(problem)) from problem
