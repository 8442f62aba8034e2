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


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The findings in the order the checks were made; the last one refuses, or none does."""

    findings: tuple[Finding, ...]

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, or None when everything was found in order."""
        return self.findings[-1].refusal if self.findings else None


def decide(checks: Sequence[Check[C]], case: C) -> Decision:
    """Make the checks in order and stop at the first that refuses."""
    findings: list[Finding] = []
    for check in checks:
        finding = check(case)
        if finding is not None:
            findings.append(finding)
            if finding.refusal is not None:
                break
    return Decision(tuple(findings))
