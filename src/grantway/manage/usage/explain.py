"""Why a request was refused: the checks in order, the setting, the remedy (contract.md, `explain`)."""

from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import AppKind
from grantway.kit.http import normal_request_id
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.manage.settings_reference import command_for
from grantway.protocol.door import door_of
from grantway.protocol.no import by_id
from grantway.protocol.refusal import Reason, Refusal, Wire
from grantway.protocol.when import iso_seconds
from grantway.store.statement import Statement

_FIND: Final = Statement(
    "SELECT f.request_id, f.at, f.endpoint, f.reason, f.error, f.facts, f.checks, f.org_id, f.address, a.name,"
    " u.username, f.at, f.app_id, f.received, q.name FROM refusal f LEFT JOIN app a ON a.id = f.app_id"
    " LEFT JOIN app q ON q.id = a.parent_id"
    " LEFT JOIN person u ON u.id = f.user_id WHERE f.request_id = :request_id"
)
_TIMES: Final = ("_at", "not_before")


class _Shown(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A refused request, in words for the administrator.

    - `change`: the command for the setting that refused; `setting_held_by`: whether an app, its policies or the org
      hold that setting.
    - `says`, `status`: the description and the HTTP status that belong to `error` at the door that was asked; an error
      that travelled to a callback, or stood on a page, has no status of its own (0).
    - `at_ms`: `at` as a number.
    - `not_reached`: what the checks demand that the refusal kept from being made, in order.
    - `received`: what the client sent: where (header, query, body), name, and value; None for what is hidden.
    """

    request_id: str
    at: str
    endpoint: str
    address: str
    app: str
    reason: str
    error: str
    means: str
    remedy: str
    setting: str
    setting_label: str
    change: str
    checks: tuple[dict[str, Any], ...]
    user: str = ""
    says: str = ""
    status: int = 0
    setting_held_by: str = ""
    at_ms: int = 0
    not_reached: tuple[str, ...] = ()
    received: tuple[tuple[str, str, str | None], ...] = ()


async def explain(desk: Desk, text: str) -> Explanation:
    """Explain a refused request by its id, in any spelling.

    Raises:
        ManageProblem: the text is no request id, nothing refused has it, or no right.
    """
    request_id = normal_request_id(text)
    if request_id is None:
        raise ManageProblem(f"{text!r} is no request id; they look like 7Q4M-K2XD-90VB")
    caller = desk.caller
    kinds = caller.kinds(Right.READ_APPS, caller.org_id)
    row = await desk.session.one(_FIND, request_id)
    # What belongs to no org (an unknown client id) is the operator's to look at; another org's, and an app's of a kind
    # that the caller may not read, is as if it were not there (S57, S62).
    if row is None or not (caller.is_operator or (row[7] == caller.org_id and _is_shown(cast(str, row[12]), kinds))):
        raise ManageProblem(f"no refused request {request_id} is known; refusals are kept for 30 days")
    shown = shown_facts(cast(str, row[5]))
    reason = by_id(cast(str, row[3]))
    setting = reason.setting if reason else None
    app = cast("str | None", row[9]) or ""
    # An app that belongs to another is not edited itself.
    parent = cast("str | None", row[14])
    checks = msgspec.json.decode(cast(str, row[6]), type=list[dict[str, Any]])
    received = cast(str, row[13])
    wire = _wire_of(reason, cast(str, row[2]), cast(str, row[4])) if reason else None
    return Explanation(
        request_id=request_id,
        at=iso_seconds(cast(int, row[1])),
        endpoint=cast(str, row[2]),
        address=cast(str, row[8]),
        app=app,
        reason=cast(str, row[3]),
        error=cast(str, row[4]),
        means=Refusal(reason=reason, facts=shown).explanation()
        if reason
        else "A reason that this release does not know.",
        remedy=reason.remedy.format_map(_Shown(shown)) if reason else "",
        setting=setting.name if setting else "",
        setting_label=setting.label if setting else "",
        change=command_for(setting, f"{setting.name}=VALUE", parent or app or "APP") if setting else "",
        checks=tuple(check for check in checks if check.get("reached", True)),
        user=cast("str | None", row[10]) or str(shown.get("user", "")),
        says=wire.says if wire else "",
        status=wire.status if wire and "/authorize" not in cast(str, row[2]) else 0,
        setting_held_by=setting.held_by.value if setting else "",
        at_ms=cast(int, row[11]),
        not_reached=tuple(check["check"] for check in checks if not check.get("reached", True)),
        received=tuple(msgspec.json.decode(received, type=list[tuple[str, str, str | None]])) if received else (),
    )


def in_words(refusal: Refusal) -> tuple[str, str]:
    """Return what a refusal means and what remedies it, in words for the administrator."""
    shown = shown_facts(msgspec.json.encode(refusal.facts).decode())
    means = Refusal(reason=refusal.reason, facts=shown).explanation()
    return means, refusal.reason.remedy.format_map(_Shown(shown))


def _is_shown(app_id: str, kinds: tuple[AppKind, ...]) -> bool:
    return not app_id or AppKind.of_id(app_id) in kinds


def shown_facts(facts: str) -> dict[str, Any]:
    """Return what was written down of a refusal's case (JSON), its times in words."""
    return {
        name: iso_seconds(value) if isinstance(value, int) and name.endswith(_TIMES) else value
        for name, value in msgspec.json.decode(facts, type=dict[str, Any]).items()
    }


def _wire_of(reason: Reason, endpoint: str, error: str) -> Wire | None:
    """Return the form in which a reason was told: of those with this error code, the one of the door that was asked."""
    fitting = [wire for wire in reason.wires.values() if wire.error == error]
    of_door = reason.wire(door_of(endpoint.partition(" ")[2]).voice)
    return of_door if of_door in fitting else next(iter(fitting), None)
