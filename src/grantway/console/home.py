"""GET /setup/: what happens in the org, and which apps need attention."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.audit import Row, latest
from grantway.console.navigation import HOME
from grantway.console.places import TRACES, app_path, trace_path, with_query
from grantway.console.visit import Route, Visit
from grantway.kit.clock import DAY_MS, HOUR_MS
from grantway.kit.http import Reply
from grantway.manage.live.census import LiveGrants
from grantway.manage.problem import NotAllowed
from grantway.manage.usage.activity import LOOKED_AT, Activity, Attention, activity, flow_of, need_attention
from grantway.pages.bars import Bars, bars
from grantway.protocol.door import Voice
from grantway.protocol.no import by_id
from grantway.store.hour_counts import hour_of

_MOST: Final = 8
_BAR: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """How often one reason refused, as a number and a bar; `path` leads to the requests."""

    reason: str
    says: str
    setting: str
    number: int
    width: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An app that needs attention, in words; `path` is empty where the org has no page of it."""

    app: str
    path: str
    is_urgent: bool
    lines: tuple[str, ...]
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """The dashboard. `days` is 1 or 7; `is_live` when the page was asked to renew itself."""

    template: ClassVar[str] = "setup/home.html"
    title: str
    now_ms: int
    days: int
    is_live: bool
    tokens: Bars
    refused: tuple[RefusedRow, ...]
    refused_total: int
    grants: LiveGrants | None
    apps: int
    looks: tuple[Look, ...]
    more_looks: int
    all_looked_at: bool
    changes: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHomePage:
    """The first page of somebody who may not see apps."""

    template: ClassVar[str] = "setup/plain_home.html"
    title: str = "Setup"


async def home(visit: Visit) -> Reply:
    """Show the dashboard; who may not see apps is told what that takes."""
    now = visit.server.clock.now_ms()
    days = 7 if visit.query.get("days") == "7" else 1
    since = hour_of(now) - (23 * HOUR_MS if days == 1 else 0)
    if days == 7:
        since = now - now % DAY_MS - 6 * DAY_MS
    await visit.server.tally.flush()
    await visit.server.refusals.flush()
    try:
        found = await activity(visit.desk, visit.org, since)
    except NotAllowed:
        return visit.show(PlainHomePage(), here=HOME)
    looks = await need_attention(visit.desk, visit.org, now - DAY_MS, found.apps)
    refused = Counter[str]()
    for _, reason, number in found.refusals:
        refused[reason] += number
    page = HomePage(
        title=_title(looks, found.apps),
        now_ms=now,
        days=days,
        is_live=visit.query.get("live") == "1",
        tokens=_chart(found, since, days),
        refused=_refused(refused),
        refused_total=refused.total(),
        grants=await visit.server.census.live_grants(visit.desk, visit.org),
        apps=found.apps,
        looks=tuple(_look(one) for one in looks[:_MOST]),
        more_looks=max(len(looks) - _MOST, 0),
        all_looked_at=found.apps <= LOOKED_AT,
        changes=await latest(visit, 5),
    )
    return visit.show(page, here=HOME)


def _title(looks: Sequence[Attention], apps: int) -> str:
    if not apps:
        return "No app yet"
    if not looks:
        return "No app needs attention"
    return f"{len(looks)} of {apps} app{'s' if apps > 1 else ''} need{'s' if len(looks) == 1 else ''} attention"


def _chart(found: Activity, since: int, days: int) -> Bars:
    size, number = (HOUR_MS, 24) if days == 1 else (DAY_MS, 7)
    numbers: list[Counter[str]] = [Counter() for _ in range(number)]
    for hour, kind, count in found.tokens:
        place = (hour - since) // size
        if 0 <= place < number:
            numbers[place][flow_of(kind)] += count
    starts = [since + place * size for place in range(number)]
    short, full = ("%H", "%d %B, %H:00 UTC") if days == 1 else ("%d", "%d %B")
    columns = [
        (_said(short, start), _said(full, start).lstrip("0"), counts)
        for start, counts in zip(starts, numbers, strict=True)
    ]
    return bars(columns, every=3 if days == 1 else 1)


def _said(form: str, at_ms: int) -> str:
    return time.strftime(form, time.gmtime(at_ms // 1000))


def _refused(numbers: Counter[str]) -> tuple[RefusedRow, ...]:
    rows = []
    for reason_id, number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))[:_MOST]:
        reason = by_id(reason_id)
        rows.append(
            RefusedRow(
                reason=reason_id,
                says=reason.wire(Voice.SALESFORCE).says if reason else "",
                setting=reason.setting.label if reason and reason.setting else "",
                number=number,
                width=max(number * _BAR // max(numbers.values()), 1),
                path=with_query(TRACES, reason=reason_id),
            )
        )
    return tuple(rows)


def _look(one: Attention) -> Look:
    refused = tuple(
        f"{why.number} request{'s' if why.number > 1 else ''} refused in 24 hours: {why.reason}" for why in one.refused
    )
    trace = trace_path(one.refused[0].request_id) if one.refused else ""
    return Look(
        app=one.label,
        path=app_path(one.ref) if one.ref else "",
        is_urgent=one.is_urgent,
        lines=(*refused, *one.warnings),
        trace=trace,
    )


ROUTES: Final = (Route(HOME, get=home),)
