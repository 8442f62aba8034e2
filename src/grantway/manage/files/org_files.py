"""Salesforce's org settings files (`OauthOidc.settings` …), both ways (connected-apps.md 1.19).

A loop over the org's settings and where each says it stands. What is absent from a file changes nothing (1.20, rule 7);
what no setting takes is kept, beside what earlier files left, and exported again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from grantway.domain.app import read_values
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.files.metadata_values import Kept, read_one
from grantway.manage.server import orgs
from grantway.metadata.archive import build_archive
from grantway.metadata.document import SECRETS as SECRET_ELEMENTS
from grantway.metadata.document import (
    MetadataDocument,
    count,
    from_json,
    has,
    line_of,
    merged,
    paths,
    replaced,
    to_json,
    unnumbered,
    value,
    without_secrets,
    write,
)
from grantway.metadata.element import Element
from grantway.metadata.names import SETTINGS, MetadataName, file_of_name
from grantway.metadata.problem import MetadataProblem
from grantway.metadata.values import boolean_text
from grantway.settings.catalogue import held_by
from grantway.settings.kinds import SettingProblem
from grantway.settings.setting import AnySetting, Holder, Xml
from grantway.store.statement import Statement

_AUDITED: Final = 100  # as for apps: paths of what was kept that the audit names
_FIND: Final = Statement("SELECT document FROM org_file WHERE org_id = :org_id AND member = :member")
_KEEP: Final = Statement(
    "INSERT INTO org_file (org_id, member, document) VALUES (:org_id, :member, :document)"
    " ON CONFLICT (org_id, member) DO UPDATE SET document = excluded.document"
)


def _by_member() -> dict[str, dict[AnySetting, Xml]]:
    found: dict[str, dict[AnySetting, Xml]] = {}
    for setting in held_by(Holder.ORG):
        for type_, xml in setting.xml.items():
            found.setdefault(type_.removesuffix(SETTINGS), {})[setting] = xml
    # Nothing in it decides anything here; whoever moves an org finds it again.
    return found | {"ExternalClientApp": {}}


MEMBERS: Final = _by_member()
"""The settings files that are read: what package.xml calls each, and the settings in it with their places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFileDone:
    """What a settings file did: what differs now, as (setting, before, after) in words; what was kept as text."""

    changes: tuple[tuple[str, str, str], ...]
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFile:
    """A settings file of an org. `left_out` are the values that it cannot say."""

    member: str
    file: str
    data: bytes
    left_out: dict[AnySetting, Any]


def member_of(root: str) -> str:
    """Return what package.xml calls the settings file with a root element, such as OauthOidcSettings."""
    return root.removesuffix(SETTINGS)


async def import_org_file(desk: Desk, org: Org, file: str, document: MetadataDocument) -> OrgFileDone:
    """Change an org's settings as a file says, within the open transaction; what it does not say stays as it is.

    Raises:
        MetadataProblem, ManageProblem: no right, elements where a value should be, or what the org cannot have.
    """
    desk.caller.needs(Right.ORG_SETTINGS, org.id)
    member = member_of(document.type)
    _demand_shape(document, MEMBERS[member])
    org = await orgs.find(desk, org.id)
    before = _values(org)
    kept = _uncovered(document, MEMBERS[member])
    asked: dict[AnySetting, Any] = {}
    for setting, xml in MEMBERS[member].items():
        word = (value(document, xml.path) or "").strip()
        if not word:
            continue
        try:
            asked[setting] = read_one(setting, xml, word)
        except (SettingProblem, MetadataProblem) as problem:
            kept.append(Kept(path=xml.path, why=f"{word[:60]!r}: {problem}", line=line_of(document, xml.path)))
    changed = {one: found for one, found in asked.items() if found != before[one]}
    if changed:
        await orgs.change(desk, org, {one.name: one.kind.write(found) for one, found in changed.items()})
    stored = await _stored(desk, org, member)
    document = without_secrets(document)
    text = msgspec.json.encode(to_json(merged(stored, document) if stored else document)).decode()
    await desk.run(_KEEP, org_id=org.id, member=member, document=text)
    left = [one.path for one in kept]
    await desk.audit("admin.org.import", org.id, name=member, file=file, kept=left[:_AUDITED], kept_in_all=len(left))
    return OrgFileDone(
        changes=tuple((one.name, one.kind.says(before[one]), one.kind.says(found)) for one, found in changed.items()),
        kept=tuple(kept),
    )


async def export_org(desk: Desk, org: Org) -> tuple[OrgFile, ...]:
    """Return an org's settings files: every setting that has a place, with today's value, and all that was kept.

    Raises:
        ManageProblem: no right.
    """
    desk.caller.needs(Right.ORG_SETTINGS, org.id)
    org = await orgs.find(desk, org.id)
    now = _values(org)
    files = []
    for member, placed in MEMBERS.items():
        stored = await _stored(desk, org, member)
        if stored is None and not placed:
            continue
        document = stored or MetadataDocument(root=Element(name=member + SETTINGS))
        left_out = {}
        for setting, xml in placed.items():
            text = _text(setting, xml, now[setting])
            if text is None and now[setting] != setting.default:
                left_out[setting] = now[setting]
            if not _says(document, setting, xml, now[setting]):
                document = replaced(document, xml.path, None if text is None else [text])
        name = MetadataName(type=SETTINGS, name=member)
        files.append(OrgFile(member=member, file=file_of_name(name), data=write(document), left_out=left_out))
    return tuple(files)


async def export_org_archive(desk: Desk, org: Org) -> bytes:
    """Return a zip for deployment with `package.xml` and an org's settings files.

    Raises:
        ManageProblem: no right.
    """
    return build_archive((one.file, one.data) for one in await export_org(desk, org))


def _values(org: Org) -> dict[AnySetting, Any]:
    return {one: one.default for one in held_by(Holder.ORG)} | read_values(org.settings)


async def _stored(desk: Desk, org: Org, member: str) -> MetadataDocument | None:
    row = await desk.session.one(_FIND, org.id, member)
    return from_json(msgspec.json.decode(cast(str, row[0]))) if row else None


def _demand_shape(document: MetadataDocument, placed: dict[AnySetting, Xml]) -> None:
    """Demand one plain element for each setting, in groups of elements, so that it can be changed later."""
    for xml in placed.values():
        steps = xml.path.split("/")
        for end in range(1, len(steps) + 1):
            path = "/".join(steps[:end])
            if count(document, path) > 1:
                raise MetadataProblem(f"<{path}> stands there more than once.", line_of(document, path))
            text = value(document, path)
            if end < len(steps) and (text or "").strip():
                raise MetadataProblem(f"<{path}> holds text where its settings should be.", line_of(document, path))
            if end == len(steps) and text is None and has(document, path):
                raise MetadataProblem(f"<{path}> holds elements where its value should be.", line_of(document, path))


def _uncovered(document: MetadataDocument, placed: dict[AnySetting, Xml]) -> list[Kept]:
    known = {xml.path for xml in placed.values()}
    found: Sequence[str] = list(dict.fromkeys(unnumbered(path) for path in paths(document)))
    return [Kept(path=path, why=_why(path), line=line_of(document, path)) for path in found if path not in known]


def _why(path: str) -> str:
    if any(name.lower() in SECRET_ELEMENTS for name in path.split("/")):
        return "a secret: left out, for it is never stored in clear"
    return "no setting for it: nothing here depends on it"


def _says(document: MetadataDocument, setting: AnySetting, xml: Xml, now: Any) -> bool:
    """Tell whether the document says a value already, in whatever spelling: that stays as it was written."""
    word = (value(document, xml.path) or "").strip()
    try:
        return bool(word) and bool(read_one(setting, xml, word) == now)
    except (SettingProblem, MetadataProblem):
        return bool(now == setting.default)  # kept as it was written


def _text(setting: AnySetting, xml: Xml, now: Any) -> str | None:
    """Return the element's text for a value; None where it is said by absence, or cannot be said."""
    written = setting.kind.write(now)
    if isinstance(written, bool):
        return boolean_text(written != xml.inverted)
    if xml.words:
        return next((word for word, ours in xml.words.items() if ours == str(written)), None)
    return str(written) or None
