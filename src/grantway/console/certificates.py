"""GET, POST /setup/certificates: the org's self-signed certificates, whose keys sign asset tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from grantway.console.fields import Field, Problems, with_problem
from grantway.console.places import app_path
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.caller import Right
from grantway.manage.problem import ManageProblem
from grantway.manage.server import certificates
from grantway.protocol.when import iso_seconds
from grantway.store.certificates import DEFAULT_NAME

PATH: Final = "/setup/certificates"
_USUAL_DAYS: Final = "730"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One certificate; times as ISO text."""

    id: str
    name: str
    kid: str
    pem: str
    ends: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatesPage:
    """The certificates, and a form for another one; without fields where this person may make none."""

    template: ClassVar[str] = "setup/certificates.html"
    title: str = "Certificates"
    rows: tuple[Row, ...]
    action: str = PATH
    fields: tuple[Field, ...]
    problems: Problems = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDeletePage:
    """What ends when a certificate is deleted; asked before it is done. While `apps` name it, it cannot be."""

    template: ClassVar[str] = "setup/certificate_delete.html"
    title: str
    id: str
    name: str
    kid: str
    is_default: bool
    apps: tuple[tuple[str, str], ...]


async def show(visit: Visit) -> Reply:
    """List them, without their private keys."""
    fields = _fields({}) if visit.desk.caller.may(Right.CERTIFICATES, visit.org.id) else ()
    return visit.show(CertificatesPage(rows=await _rows(visit), fields=fields), here=PATH)


async def create(visit: Visit) -> Reply:
    """Make one, with its key."""
    form = visit.form
    days = form.get("days", "").strip()
    try:
        number = int(days) if days.isascii() and days.isdigit() and len(days) < 9 else 0
        made = await certificates.create(visit.desk, visit.org, form.get("name", "").strip(), days=number)
    except ManageProblem as problem:
        if not problem.fields:
            raise
        fields, problems = with_problem(_fields(form), problem)
        page = CertificatesPage(rows=await _rows(visit), fields=fields, problems=problems)
        return visit.show(page, here=PATH, status=400)
    return visit.go(PATH, saying=f"{made.name} is made. Name it in an app's Asset Signing Certificate.")


async def ask_delete(visit: Visit) -> Reply:
    """Say what ends."""
    one = await certificates.find(visit.desk, visit.org, visit.params["certificate"])
    apps = await certificates.apps_signing_with(visit.desk, visit.org, one)
    page = CertificateDeletePage(
        title=f"Delete {one.name}?",
        id=one.id,
        name=one.name,
        kid=one.kid,
        is_default=one.name == DEFAULT_NAME,
        apps=tuple((name, app_path(name)) for name in apps),
    )
    return visit.show(page, here=PATH, crumbs=(("Certificates", PATH),))


async def delete(visit: Visit) -> Reply:
    """Delete one, and take its key out of use."""
    gone = await certificates.delete(visit.desk, visit.org, visit.params["certificate"])
    return visit.go(PATH, saying=f"{gone.name} is deleted. Its key stands in the key set no more.")


async def _rows(visit: Visit) -> tuple[Row, ...]:
    return tuple(
        Row(
            id=one.id,
            name=one.name,
            kid=one.kid,
            pem=one.pem,
            ends=iso_seconds(one.ends_at),
            is_default=one.name == DEFAULT_NAME,
        )
        for one in await certificates.all_of(visit.desk, visit.org)
    )


def _fields(form: Mapping[str, str]) -> tuple[Field, ...]:
    return (
        Field(
            name="name",
            label="Name",
            value=form.get("name", ""),
            help="Letters, digits and single underscores, a letter first.",
            required=True,
        ),
        Field(
            name="days",
            label="Good for how many days",
            value=form.get("days", _USUAL_DAYS),
            help=f"From 1 to {certificates.MOST_DAYS}. Asset tokens are verified by its key, whatever day it is.",
            required=True,
        ),
    )


ROUTES: Final = (
    Route(PATH, get=show, post=create),
    Route(f"{PATH}/{{certificate}}/delete", get=ask_delete, post=delete),
)
