"""Before something ends: a page with an address that says what, for how many, and asks for a tick."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from grantway.console.visit import Visit
from grantway.kit.http import Reply

_TICK: Final = "sure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """What a button is about to do.

    `lines` say what will happen, `tick` what must be ticked (empty: nothing must), `button` names the effect.
    `problem` stands above when the form came back without the tick.
    """

    template: ClassVar[str] = "setup/review.html"
    title: str
    lines: tuple[str, ...]
    tick: str
    button: str
    action: str
    back: str
    hidden: tuple[tuple[str, str], ...] = ()
    danger: bool = True
    problem: str = ""


def ticked(visit: Visit) -> bool:
    """Tell whether the form that was sent bears the tick."""
    return bool(visit.form.get(_TICK))


def ask_again(visit: Visit, page: ReviewPage, *, here: str, crumbs: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Show the review again to somebody who sent it without the tick."""
    problem = "Nothing was done yet: tick the box to say that you have seen this."
    return visit.show(replace(page, problem=problem), here=here, crumbs=crumbs, status=400)
