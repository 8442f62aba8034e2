"""GET /setup/audit and /setup/audit.csv: the Setup Audit Trail, who changed what and when."""

import calendar
import csv
import io
import re
import time
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.moments import Moment, moment
from grantway.console.places import AUDIT, app_path, with_query
from grantway.console.visit import Route, Visit
from grantway.kit.clock import DAY_MS
from grantway.kit.http import Reply
from grantway.manage.audit import MOST, AuditEntry, AuditFilter, audit_trail
from grantway.manage.connected_apps import apps
from grantway.manage.problem import ManageProblem, NotAllowed
from grantway.pages import security_headers

CSV: Final = AUDIT + ".csv"
_FILTERS: Final = ("who", "app", "text", "since", "until", "security")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What a spreadsheet takes for the beginning of a formula (S39).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# A download holds so many records; a narrower filter gives the rest.
DOWNLOADED: Final = 10_000
_COLUMNS: Final = ("time", "user", "action", "section", "what", "app", "setting", "from", "to", "request", "address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record with its time in words and, where its app is still there, the way to it."""

    entry: AuditEntry
    when: Moment
    app_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The records that fit, and the form that narrows them. `problem` is said above the list."""

    template: ClassVar[str] = "setup/audit.html"
    title: str
    rows: tuple[Row, ...]
    asked: dict[str, str]
    older: str
    csv: str
    problem: str = ""


async def trail(visit: Visit) -> Reply:
    """Show the audit trail."""
    asked = _asked(visit)
    rows: tuple[Row, ...] = ()
    problem, cursor = "", ""
    try:
        found = await audit_trail(
            visit.desk, visit.org, await _filter(visit, asked), cursor=visit.query.get("before", "")
        )
        rows, cursor = _rows(visit, found.entries), found.cursor
    except NotAllowed:
        raise
    except ManageProblem as told:
        problem = str(told)
    page = AuditPage(
        title="Setup Audit Trail",
        rows=rows,
        asked=asked,
        older=with_query(AUDIT, **asked, before=cursor) if cursor else "",
        csv=with_query(CSV, **asked),
        problem=problem,
    )
    return visit.show(page, here=AUDIT, status=400 if problem else 200)


async def latest(visit: Visit, number: int) -> tuple[Row, ...]:
    """Return the last records, for a page about something else; none for who may not read the trail."""
    try:
        return _rows(visit, (await audit_trail(visit.desk, visit.org, limit=number)).entries)
    except NotAllowed:
        return ()


async def download(visit: Visit) -> Reply:
    """Give the records that fit as a file for spreadsheets, in which no cell can be a formula."""
    wanted, cursor, written = await _filter(visit, _asked(visit)), "", 0
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(_COLUMNS)
    while written < DOWNLOADED:
        found = await audit_trail(visit.desk, visit.org, wanted, cursor=cursor, limit=MOST)
        for one in found.entries:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.at // 1000))
            cells = (
                *(at, one.username, one.action, one.section, one.display, one.app_name),
                *(one.setting, one.before, one.after, one.request_id, one.address),
            )
            sheet.writerow([neutral(cell) for cell in cells])
        written += len(found.entries)
        cursor = found.cursor
        if not cursor:
            break
    headers = (
        (b"content-type", b"text/csv;charset=UTF-8"),
        (b"content-disposition", b'attachment; filename="setup-audit-trail.csv"'),
        *security_headers(),
    )
    return Reply(200, text.getvalue().encode("utf-8", "replace"), headers)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet reads as a formula (S39)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _asked(visit: Visit) -> dict[str, str]:
    return {name: visit.query.get(name, "").strip()[:200] for name in _FILTERS}


async def _filter(visit: Visit, asked: dict[str, str]) -> AuditFilter:
    app = (await apps.find(visit.desk, visit.org, asked["app"])).id if asked["app"] else ""
    since, until = _day(asked["since"], "from"), _day(asked["until"], "until")
    return AuditFilter(
        username=asked["who"],
        app=app,
        text=asked["text"],
        since=since,
        # The day named is meant whole.
        until=until + DAY_MS if until is not None else None,
        security_only=bool(asked["security"]),
    )


def _day(text: str, field: str) -> int | None:
    if not text:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        at_ms = calendar.timegm(time.strptime(text, "%Y-%m-%d")) * 1000
    except ValueError as problem:
        raise ManageProblem.at(field, f"{text!r} is no day; write it like 2026-11-25") from problem
    if at_ms < 0:
        raise ManageProblem.at(field, "no record is older than 1970")
    return at_ms


def _rows(visit: Visit, entries: tuple[AuditEntry, ...]) -> tuple[Row, ...]:
    now = visit.server.clock.now_ms()
    return tuple(
        Row(entry=one, when=moment(one.at, now), app_path=app_path(one.app_name) if one.app_id and one.app_name else "")
        for one in entries
    )


ROUTES: Final = (Route(AUDIT, get=trail), Route(CSV, get=download))
