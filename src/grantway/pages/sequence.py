"""A refused request as a sequence diagram: who said what to whom, laid out in pixels; a template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grantway.pages.wording import capped

WIDTH: Final = 896
_CLIENT, _SERVER, _SETTING = 110, 430, 770
_HEAD: Final = 48
_BOX_WIDTH: Final = 340
_LINE: Final = 20
_PAD: Final = 14
_GAP: Final = 10
# How many characters of the drawing's type fit into a box, and between two lifelines.
_IN_BOX: Final = 50
_BETWEEN: Final = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifeline:
    """One of those who take part: its place, its name, and what it is."""

    x: int
    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of a drawing; `kind` is a class: empty, strong, no or code."""

    y: int
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A check, standing on the server's line."""

    x: int
    y: int
    height: int
    refused: bool
    lines: tuple[Text, ...]
    is_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The whole drawing. `asked_y`, `answered_y`: where the first and the last message run; `setting_y`: where the
    setting's no comes in, 0 when no setting refused."""

    height: int
    story: str
    lifelines: tuple[Lifeline, ...]
    asked_y: int
    asked: str
    boxes: tuple[Box, ...]
    setting_y: int
    answered_y: int
    answer: str
    says: str
    client_x: int = _CLIENT
    server_x: int = _SERVER
    setting_x: int = _SETTING
    width: int = WIDTH


def sequence(
    *,
    client: str,
    asked: str,
    checks: Sequence[tuple[str, str, bool]],
    setting: str,
    answer: str,
    says: str,
    not_reached: int = 0,
) -> Drawing:
    """Lay out a refused request.

    Args:
        client: who asked; `asked`: method and path.
        checks: what was looked at, in order: name, finding, whether it refused. Empty when nothing was.
        not_reached: how many checks the refusal kept from being made.
        setting: the label of the setting that refused; empty where none did.
        answer: status and error as the client got them; `says`: the description beside them.
    """
    y = _HEAD + 64
    boxes, setting_y = [], 0
    for name, found, refused in checks or (("No check was made", "the request itself could not be taken", True),):
        mark, kind = ("✕", "no") if refused else ("✓", "")
        lines = [Text(y=y + 21, text=capped(f"{mark} {name}: {found}", _IN_BOX), kind=kind)]
        if refused and setting:
            lines.append(Text(y=y + 21 + _LINE, text=capped(setting, _IN_BOX - 4), kind="strong"))
            setting_y = y + 17
        height = _LINE * len(lines) + _PAD
        boxes.append(Box(x=_SERVER - _BOX_WIDTH // 2, y=y, height=height, refused=refused, lines=tuple(lines)))
        y += height + _GAP
    lifelines = [
        Lifeline(x=_CLIENT, name=capped(client, 24), what="the client"),
        Lifeline(x=_SERVER, name="Grantway", what="makes the checks"),
    ]
    if not_reached:
        words = f"– not reached: {not_reached} more check{'' if not_reached == 1 else 's'}"
        height = _LINE + _PAD
        line = Text(y=y + 21, text=words)
        x = _SERVER - _BOX_WIDTH // 2
        boxes.append(Box(x=x, y=y, height=height, refused=False, lines=(line,), is_off=True))
        y += height + _GAP
    if setting_y:
        lifelines.append(Lifeline(x=_SETTING, name="Setup", what="the setting that refused"))
    answered_y = y + 26
    passed = sum(not refused for _, _, refused in checks)
    by = f", because of {setting}" if setting else ""
    story = (
        f"{client} asks {asked}. {passed} check{'' if passed == 1 else 's'} passed, then it is refused{by}."
        f" The client gets {answer}. The list below says the same in words."
    )
    return Drawing(
        height=answered_y + 44,
        story=story,
        lifelines=tuple(lifelines),
        asked_y=_HEAD + 40,
        asked=capped(asked, _BETWEEN),
        boxes=tuple(boxes),
        setting_y=setting_y,
        answered_y=answered_y,
        answer=capped(answer, _BETWEEN),
        says=capped(says, _BETWEEN),
    )
