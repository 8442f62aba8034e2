"""Fields of the console's smaller forms: what was typed stays, and each problem stands at its field."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control of a form; with `choices` (value, label) a list to choose from."""

    name: str
    label: str
    value: str = ""
    type: str = "text"
    help: str = ""
    required: bool = False
    autocomplete: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    problem: str = ""


# (id of the field or empty, its label, what is wrong with it)
Problems = tuple[tuple[str, str, str], ...]


def with_problem(fields: tuple[Field, ...], problem: ManageProblem) -> tuple[tuple[Field, ...], Problems]:
    """Return the fields with what is wrong at each, and the summary of all that is wrong."""
    found: Mapping[str, str] = problem.fields
    marked = []
    summary = []
    for field in fields:
        text = _sentence(found.get(field.name, ""))
        marked.append(replace(field, problem=text))
        if text:
            summary.append((field.name, field.label, text))
    names = {field.name for field in fields}
    summary += [("", "", f"{name}: {text}") for name, text in found.items() if name not in names]
    return tuple(marked), tuple(summary) or (("", "", str(problem)),)


def status_of(problem: ManageProblem) -> int:
    """Return the status under which a form comes back with a problem."""
    return 403 if isinstance(problem, NotAllowed) else 409 if isinstance(problem, StaleVersion) else 400


def _sentence(text: str) -> str:
    """Put a problem, which elsewhere follows its field's name, as a sentence of its own."""
    ended = text if not text or text[-1] in ".!?" else text + "."
    return ended[:1].upper() + ended[1:]
