"""GET /setup/traces and /setup/traces/{request_id}: what was refused lately, and why one request was."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.places import TRACES, app_path, field_path, trace_path, user_path, with_query
from grantway.console.visit import Route, Visit
from grantway.kit.clock import DAY_MS, HOUR_MS
from grantway.kit.http import Reply, normal_request_id
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.explain import Explanation, explain
from grantway.manage.usage.refusals import EVERY, Asked, RefusalList, refusals
from grantway.pages.sequence import Drawing, sequence
from grantway.protocol import no
from grantway.settings.catalogue import BY_NAME

PERIODS: Final = (("1h", "the last hour", HOUR_MS), ("24h", "24 hours", DAY_MS), ("7d", "7 days", 7 * DAY_MS))
_BEGINNINGS: Final = frozenset({"A", "An", "No", "Nobody", "One", "Only", "Something", "The", "There", "This"})
_ALL_OF_THEM: Final = 30 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesPage:
    """Recent refusals, and the form that narrows them. `problem` is said at the field for the app."""

    template: ClassVar[str] = "setup/traces.html"
    title: str
    found: RefusalList
    asked: Asked
    period: str
    reasons: tuple[str, ...]
    periods: tuple[tuple[str, str], ...]
    older: str
    newest: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """One refused request: the drawing, the checks in words, the remedy and the command."""

    template: ClassVar[str] = "setup/trace.html"
    title: str
    told: Explanation
    drawing: Drawing
    field: str
    field_label: str
    app: str
    user: str
    passed: int
    request: tuple[str, ...]


async def traces(visit: Visit) -> Reply:
    """Show recent refusals; a request id in the app's field leads to its page."""
    query = visit.query
    if (request_id := normal_request_id(query.get("request", ""))) is not None:
        return visit.go(trace_path(request_id))
    now = visit.server.clock.now_ms()
    period = query.get("period", "")
    length = next((ms for name, _, ms in PERIODS if name == period), _ALL_OF_THEM)
    await visit.server.refusals.flush()
    asked = Asked(
        app=query.get("app", "").strip()[:200],
        reason=query.get("reason", "")[:100],
        endpoint=query.get("endpoint", "").strip()[:300],
        since_ms=now - length,
        until_ms=_number(query.get("until", "")) or now,
        after=query.get("after", "")[:20] or EVERY,
    )
    problem = ""
    try:
        found = await refusals(visit.desk, visit.org, asked)
    except ManageProblem as told:
        if not asked.app:
            raise
        problem, found = str(told), RefusalList(found=(), has_more=False)
    narrowed = {"app": asked.app, "reason": asked.reason, "endpoint": asked.endpoint, "period": period}
    last = found.found[-1] if found.found else None
    older = with_query(TRACES, **narrowed, until=str(last.at_ms), after=last.request_id) if last else ""
    page = TracesPage(
        title="Refusals and traces",
        found=found,
        asked=asked,
        period=period,
        reasons=tuple(sorted(no.ALL)),
        periods=tuple((name, label) for name, label, _ in PERIODS),
        older=older if found.has_more else "",
        newest=with_query(TRACES, **narrowed) if query.get("until") else "",
        problem=problem,
    )
    return visit.show(page, here=TRACES, status=400 if problem else 200)


async def trace(visit: Visit) -> Reply:
    """Explain one refused request, whatever spelling its id has."""
    await visit.server.refusals.flush()
    told = await explain(visit.desk, visit.params["request_id"])
    setting = BY_NAME.get(told.setting)
    drawing = sequence(
        client=told.app or "An unknown client",
        asked=told.endpoint,
        checks=[(check["check"], check["says"], check["refused"]) for check in told.checks],
        setting=told.setting_label,
        answer=f"{told.status} {told.error}" if told.status else told.error,
        says=told.says,
        not_reached=len(told.not_reached),
    )
    field, field_label = field_path(setting, told.app) if setting is not None else "", told.setting_label
    if setting is None:
        field, field_label = _place_of(told)
    page = TracePage(
        title=f"Refused: {_in_sentence(told.means.partition(';')[0].rstrip('.'))}",
        told=told,
        drawing=drawing,
        field=field,
        field_label=field_label,
        app=app_path(told.app) if told.app else "",
        user=user_path(told.user) if told.user else "",
        passed=sum(not check["refused"] for check in told.checks),
        request=_request(told),
    )
    return visit.show(page, here=TRACES, crumbs=(("Refusals and traces", TRACES),))


def _in_sentence(text: str) -> str:
    """Return a sentence as it goes on after a colon; a name keeps its capital."""
    first, blank, rest = text.partition(" ")
    return f"{first.lower()}{blank}{rest}" if first in _BEGINNINGS else text


def _place_of(told: Explanation) -> tuple[str, str]:
    """Return where what refused is changed, where that is no setting: a user, an app's keys, an app; and its name."""
    what = told.reason.partition(".")[2]
    if what.endswith(("inactive", "user_inactive")) and told.user:
        return user_path(told.user), told.user
    if told.app and told.reason.startswith(("client.secret_", "client.key_")):
        return f"{app_path(told.app)}/keys", "Consumer key and secret"
    if told.app and what.endswith(("blocked", "not_installed")):
        return app_path(told.app), told.app
    return "", ""


def _request(told: Explanation) -> tuple[str, ...]:
    """Return the request as it came, line by line, as far as it was kept."""
    shown = [(where, name, "(hidden)" if value is None else value) for where, name, value in told.received]
    headers = [f"{name} {value}" for where, name, value in shown if where == "header"]
    query = [f"{'&' if number else '?'}{name}={value}" for number, (_, name, value) in enumerate(_of("query", shown))]
    body = [f"{name}={value}" for _, name, value in _of("body", shown)]
    return (told.endpoint, *query, *headers, *(("", *body) if body else ()))


def _of(place: str, shown: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [one for one in shown if one[0] == place]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


ROUTES: Final = (Route(TRACES, get=traces), Route(f"{TRACES}/{{request_id}}", get=trace))
