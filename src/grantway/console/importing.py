"""GET, POST /setup/import: metadata files, tried and told first, imported when that is confirmed."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.places import IMPORT, ORG, app_path
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.files import uploads
from grantway.manage.files.import_app import Imported
from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion
from grantway.metadata.names import SETTINGS

_REVIEW: Final = f"{IMPORT}/review"
_WEIGHTS: Final = {"created": "ok", "updated": "info", "skipped": "", "failed": "bad"}
_WOULD: Final = {"created": "Is created", "updated": "Is changed", "skipped": "Is skipped", "failed": "Is refused"}
_DID: Final = {"created": "Created", "updated": "Changed", "skipped": "Skipped", "failed": "Refused"}
_CRUMBS: Final = (("Import metadata", IMPORT),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """Asks for files."""

    template: ClassVar[str] = "setup/import.html"
    title: str = "Import metadata"
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one file: `changes` are (setting, before, after), `kept` reasons with the places they are of."""

    file: str
    name: str
    badge: str
    weight: str
    path: str
    key: str
    problem: str
    changes: tuple[tuple[str, str, str], ...]
    kept: tuple[tuple[str, tuple[str, ...]], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPage:
    """What an import would do (`seen` names it), or, with `done`, what it did."""

    template: ClassVar[str] = "setup/imported.html"
    title: str
    files: tuple[Told, ...]
    good: int
    refused: int
    done: bool
    seen: str = ""
    problem: str = ""


async def ask(visit: Visit) -> Reply:
    """Ask for files."""
    uploads.demand_some_right(visit.desk, visit.org)
    return visit.show(ImportPage(), here=IMPORT)


async def upload(visit: Visit) -> Reply:
    """Keep what was sent, and lead to the page that tells what it would do."""
    sent = tuple((file.name, file.data) for file in visit.files)
    try:
        await uploads.keep(visit.desk, visit.org, visit.person.session.id, sent)
    except NotAllowed:
        raise
    except ManageProblem as problem:
        said = problem.fields.get("files", str(problem))
        return visit.show(ImportPage(problem=said), here=IMPORT, status=400)
    return visit.go(_REVIEW)


async def review(visit: Visit) -> Reply:
    """Show what the files would do; nothing is changed."""
    return await _review(visit)


async def confirm(visit: Visit) -> Reply:
    """Import what was looked at, and tell what became of each file."""
    seen = visit.form.get("seen", "-")
    try:
        done = await uploads.confirm(visit.desk, visit.org, visit.person.session.id, seen)
    except StaleVersion as problem:
        return await _review(visit, f"Nothing was imported: {problem}.", status=409)
    if done is None:
        return _gone(visit)
    refused = sum(one.done == "failed" for one in done)
    page = ImportedPage(
        title="Imported" if not refused else f"Imported, but for {_files(refused)}",
        files=tuple(_told(one, done=True) for one in done),
        good=sum(one.done in ("created", "updated") for one in done),
        refused=refused,
        done=True,
    )
    return visit.show(page, here=IMPORT, crumbs=_CRUMBS)


async def _review(visit: Visit, problem: str = "", *, status: int = 200) -> Reply:
    found = await uploads.preview(visit.desk, visit.org, visit.person.session.id)
    if found is None:
        return _gone(visit)
    page = ImportedPage(
        title=f"Review the import of {_files(len(found.files))}",
        files=tuple(_told(one, done=False) for one in found.files),
        good=sum(one.done in ("created", "updated") for one in found.files),
        refused=sum(one.done == "failed" for one in found.files),
        done=False,
        seen=found.seen,
        problem=problem,
    )
    return visit.show(page, here=IMPORT, crumbs=_CRUMBS, status=status)


def _gone(visit: Visit) -> Reply:
    text = "No files wait to be imported: an upload is kept for half an hour, and is gone once it was imported."
    return visit.go(IMPORT, saying=text, kind="info")


def _files(number: int) -> str:
    return f"{number} file{'s' if number != 1 else ''}"


def _told(one: Imported, *, done: bool) -> Told:
    kept: dict[str, list[str]] = {}
    for part in one.kept:
        kept.setdefault(part.why, []).append(part.path + (f" (line {part.line})" if part.line else ""))
    return Told(
        file=one.file,
        name=one.name,
        badge=(_DID if done else _WOULD)[one.done],
        weight=_WEIGHTS[one.done],
        path=_path_of(one) if done and one.done in ("created", "updated") else "",
        key=one.consumer_key if one.done == "created" else "",
        problem=one.problem,
        changes=tuple((s.BY_NAME[made.setting].label, made.before, made.after) for made in one.changes),
        kept=tuple((why, tuple(places)) for why, places in kept.items()),
        warnings=one.warnings,
    )


def _path_of(one: Imported) -> str:
    """Return where what was imported is shown; a blank parts the type from the name of what is no app."""
    type_, blank, _ = one.name.partition(" ")
    if not blank:
        return app_path(one.name)
    return ORG if type_ == SETTINGS else ""


ROUTES: Final = (Route(IMPORT, get=ask, post=upload, takes_files=True), Route(_REVIEW, get=review, post=confirm))
