"""A decision is a list of named checks, and so it can be explained (style.md 5).

The first sentence of a check's docstring says what it demands. Traces show it for checks that were not reached, and
so it is written for administrators.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from grantway.protocol.refusal import Refusal

C = TypeVar("C")
_SENTENCE: Final = re.compile(r"\s*(.+?)(?:[.:;](?:\s|$)|\s+\(|$)", re.DOTALL)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What one check found: its name, what it saw, and the refusal if it refuses."""

    check: str
    says: str
    refusal: Refusal | None = None


Check = Callable[[C], Finding | None]
"""A check looks at a case and gives a finding, or None where it has nothing to say of it."""


class Trail:
    """The findings of one request, check by check; it ends with the first refusal.

    `ahead` are all the checks that a request of this kind meets, in order, whoever makes them.
    """

    __slots__ = ("_ahead", "_rest", "findings", "refusal")

    def __init__(self, ahead: Sequence[Check[Any]] = ()) -> None:
        self.findings: list[Finding] = []
        self.refusal: Refusal | None = None
        self._ahead: Final = ahead
        self._rest: Sequence[Check[Any]] = ()

    def passes(self, checks: Sequence[Check[C]], case: C) -> bool:
        """Make the checks in order; False as soon as one refuses."""
        for check in checks:
            finding = check(case)
            if finding is not None:
                self.findings.append(finding)
                if finding.refusal is not None:
                    self.refusal = finding.refusal
                    every = self._ahead if check in self._ahead else checks
                    self._rest = every[every.index(check) + 1 :]
                    return False
        return True

    @property
    def left(self) -> tuple[str, ...]:
        """What the checks demand that a refusal kept from being made, in order."""
        return demands(self._rest)


def demands(checks: Iterable[Check[Any]]) -> tuple[str, ...]:
    """Return what checks demand, each in one sentence without its end; parts of other checks have no words."""
    found = []
    for check in checks:
        name = getattr(check, "__name__", "_")
        if not name.startswith("_") and (sentence := _SENTENCE.match(check.__doc__ or "")):
            found.append(" ".join(sentence[1].split()))
    return tuple(dict.fromkeys(found))


def decide(checks: Sequence[Check[C]], case: C) -> Trail:
    """Make checks about one case and return what they found."""
    trail = Trail()
    trail.passes(checks, case)
    return trail
