"""The language of custom attributes: texts in quotes and references such as `$User.Email`, joined by `&`.

What a reference may name is an allow-list (`FIELDS`): a formula is written by whoever registers an app, and its value
is told to that app. What the references stand for is found in `protocol/custom_claims.py`.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LENGTH_LIMIT: Final = 3900
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "User": (
        "Id",
        "Username",
        "Email",
        "FirstName",
        "LastName",
        "CommunityNickname",
        "MobilePhone",
        "Phone",
        "Street",
        "City",
        "State",
        "PostalCode",
        "Country",
        "LanguageLocaleKey",
        "LocaleSidKey",
        "TimeZoneSidKey",
        "ProfileId",
        "ContactId",
    ),
    "Organization": ("Id", "Name"),
    "Profile": ("Id", "Name"),
    "Permission": (),
    "Api": (),
}
"""What may be referred to, by object, in Salesforce's spelling; Permission and Api take what their patterns allow."""
_OPEN: Final = {
    "Permission": (re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){0,79}"), "the API name of a custom permission"),
    "Api": (
        re.compile(r"(?:Enterprise|Partner)_Server_URL_[1-9][0-9]{1,2}0", re.IGNORECASE),
        "Enterprise_Server_URL_N or Partner_Server_URL_N, where N is ten times an API version, such as 640",
    ),
}
_OBJECTS: Final = {name.lower(): name for name in FIELDS}
_OFFERED: Final = ", ".join(f"${name}" for name in FIELDS)
_BLANKS: Final = " \t\r\n"
_REFERENCE: Final = re.compile(r"\$?([A-Za-z][A-Za-z0-9_]*)(?:\s*\.\s*([A-Za-z][A-Za-z0-9_]*))?")
_ESCAPES: Final = frozenset("'\"\\")
_EXPECTED: Final = "a text in quotes or a reference such as $User.Email is expected"
_ONE_LINE: Final = str.maketrans("\r\n\t", "   ")


class FormulaProblem(ValueError):
    """A formula that cannot be evaluated here: at which character (counted from 1), and what is possible there."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(f"at character {at}: {text}")
        self.at: Final = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a formula refers to: an object of `FIELDS` and a field of it, in Salesforce's spelling."""

    of: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula as it was written, on one line, and its parts: texts, and references to what is put in their place."""

    text: str
    parts: tuple[str | Reference, ...]

    def evaluate(self, value_of: Callable[[Reference], str]) -> str:
        """Return the formula's value, given what each reference stands for."""
        return "".join(part if isinstance(part, str) else value_of(part) for part in self.parts)

    def refers_to(self, of: str) -> bool:
        """Tell whether any reference is to an object."""
        return any(isinstance(part, Reference) and part.of == of for part in self.parts)


def parse_formula(text: str) -> Formula:
    """Return the formula that a text holds. Line ends between its parts count as blanks.

    Raises:
        FormulaProblem: with the place, and what is possible there.
    """
    text = text.strip(_BLANKS)
    if len(text) > LENGTH_LIMIT:
        raise FormulaProblem(LENGTH_LIMIT + 1, f"a formula has at most {LENGTH_LIMIT} characters, this has {len(text)}")
    parts: list[str | Reference] = []
    at = 0
    while True:
        at = _after_blanks(text, at)
        part, at = _part(text, at)
        parts.append(part)
        at = _after_blanks(text, at)
        if at == len(text):
            # Only now: within a text in quotes a line end was refused, so that none is changed here.
            return Formula(text=text.translate(_ONE_LINE), parts=tuple(parts))
        if text[at] != "&":
            raise FormulaProblem(at + 1, f"parts are joined by &, here stands {text[at]!r}")
        at += 1


def _part(text: str, at: int) -> tuple[str | Reference, int]:
    """Return the part that begins at a place, and the place after it."""
    if at == len(text):
        raise FormulaProblem(at + 1, f"{_EXPECTED}, and the formula ends")
    if text[at] in "'\"":
        return _literal(text, at)
    found = _REFERENCE.match(text, at)
    if found is None:
        raise FormulaProblem(at + 1, f"{_EXPECTED}, not {text[at]!r}")
    after = _after_blanks(text, found.end())
    if text[after : after + 1] == "(":
        raise FormulaProblem(at + 1, f"{found[1]}(…) is a function, and functions are not evaluated here; {_EXPECTED}")
    return _reference(found[1], found[2] or "", at + 1), found.end()


def _literal(text: str, begin: int) -> tuple[str, int]:
    quote, at = text[begin], begin + 1
    letters: list[str] = []
    while at < len(text):
        letter = text[at]
        if letter == quote:
            return "".join(letters), at + 1
        if letter in "\r\n\t":
            raise FormulaProblem(at + 1, "a text in quotes holds no line end and no tab")
        if letter == "\\":
            at += 1
            letter = text[at : at + 1]
            if letter not in _ESCAPES:
                raise FormulaProblem(at, "after \\ comes a quotation mark or another \\")
        letters.append(letter)
        at += 1
    raise FormulaProblem(begin + 1, f"the text that begins with {quote} here never ends")


def _reference(of: str, field: str, place: int) -> Reference:
    name = _OBJECTS.get(of.lower())
    if name is None:
        raise FormulaProblem(place, f"${of} cannot be referred to here; these can: {_OFFERED}")
    if not field:
        raise FormulaProblem(place, f"${name} needs a field: ${name}.{_example_of(name)}")
    if name in _OPEN:
        pattern, takes = _OPEN[name]
        if pattern.fullmatch(field):
            return Reference(of=name, field=field)
        raise FormulaProblem(place, f"${name}.{field} cannot be referred to here; ${name} takes {takes}")
    spelt = {one.lower(): one for one in FIELDS[name]}
    if field.lower() in spelt:
        return Reference(of=name, field=spelt[field.lower()])
    near = difflib.get_close_matches(field.lower(), spelt, 1)
    hint = f"did you mean ${name}.{spelt[near[0]]}?" if near else f"${name} has {', '.join(FIELDS[name])}"
    raise FormulaProblem(place, f"${name}.{field} cannot be referred to here; {hint}")


def _example_of(name: str) -> str:
    return {"Permission": "My_Permission", "Api": "Enterprise_Server_URL_640"}.get(name) or FIELDS[name][0]


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
