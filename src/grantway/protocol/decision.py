"""A decision is a list of named checks, and so it can be explained (style.md 5)."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from grantway.protocol.refusal import Refusal

C = TypeVar("C")


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What one check found: its name, what it saw, and the refusal if it refuses."""

    check: str
    says: str
    refusal: Refusal | None = None


Check = Callable[[C], Finding | None]
"""A check looks at a case and gives a finding, or None where it has nothing to say of it."""


class Trail:
    """The findings of one request, check by check; it ends with the first refusal."""

    __slots__ = ("findings", "refusal")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.refusal: Refusal | None = None

    def passes(self, checks: Sequence[Check[C]], case: C) -> bool:
        """Make the checks in order; False as soon as one refuses."""
        for check in checks:
            finding = check(case)
            if finding is not None:
                self.findings.append(finding)
                if finding.refusal is not None:
                    self.refusal = finding.refusal
                    return False
        return True


def decide(checks: Sequence[Check[C]], case: C) -> Trail:
    """Make checks about one case and return what they found."""
    trail = Trail()
    trail.passes(checks, case)
    return trail
