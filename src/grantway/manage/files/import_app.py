"""Importing connected apps from Salesforce's metadata files: nothing is dropped in silence (decision 18, S63)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import msgspec

from grantway import settings as s
from grantway.domain.app import AppKind, InstalledApp
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.app_names import api_name_of_file, file_key_problem, file_secret_problem
from grantway.manage.connected_apps.app_values import Values, demand_rights, introspecting_app
from grantway.manage.desk import Desk
from grantway.manage.files.custom_files import TYPES as CUSTOM_FILE_TYPES
from grantway.manage.files.custom_files import import_custom
from grantway.manage.files.handler_files import HANDLER, import_handler
from grantway.manage.files.metadata_values import (
    KEY,
    SECRET,
    TYPE,
    Kept,
    Reading,
    covered_paths,
    demand_shape,
    read_settings,
)
from grantway.manage.files.org_files import MEMBERS, import_org_file, member_of
from grantway.manage.problem import ManageProblem
from grantway.metadata.document import SECRETS as SECRET_ELEMENTS
from grantway.metadata.document import (
    MetadataDocument,
    from_json,
    line_of,
    paths,
    read,
    replaced,
    to_json,
    unnumbered,
    value,
)
from grantway.metadata.document import values as document_values
from grantway.metadata.names import SETTINGS, MetadataName, name_of_file, type_of_root
from grantway.metadata.problem import MetadataProblem
from grantway.settings.certificates import holds_private_key
from grantway.settings.setting import AnySetting
from grantway.store.people import user_and_password
from grantway.store.statement import Statement

CUSTOM_TYPES: Final = CUSTOM_FILE_TYPES | {HANDLER}
_KEEP: Final = Statement("UPDATE app SET metadata = :metadata WHERE id = :id")
_KEPT: Final = Statement("SELECT name, metadata FROM app WHERE id = :id")
_ALL: Final = "oauthConfig/isIntrospectAllTokens"
_RUN_AS: Final = "oauthConfig/oauthClientCredentialUser"
_AUDITED: Final = 100  # paths of what was kept that the audit names; a file may hold fifty thousand
_PRIVATE_KEY: Final = "a private key: left out, for it is never stored; give the certificate alone, and make a new key"
_NO_SETTING: Final = "no setting for it yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file to import; `problem` says why it could not even be read."""

    name: str
    data: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a file changed in an app that was there: a setting, and what it says in words before and after."""

    setting: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file.

    - `done`: created, updated, skipped (a type that is not read yet) or failed.
    - `consumer_key`: the app's; empty where a dry run would have one made.
    - `changes`: what is different now in an app that was updated.
    - `kept`: what no setting took, kept as text and exported again.
    - `problem`: why it was skipped or failed.
    """

    file: str
    name: str
    done: str
    consumer_key: str = ""
    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""


class KeptFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file an app came from, as it is stored with the app.

    `read` are the values that were taken from it, by setting, and `refused` the texts of lists that were not.
    """

    name: str
    document: list[Any]
    read: dict[str, Any] = msgspec.field(default_factory=dict)
    refused: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def as_document(self) -> MetadataDocument:
        """Return the file as a document."""
        return from_json(self.document)


class _DryRun(Exception):
    """Takes back what one file would have changed; bears what would have become of it."""

    def __init__(self, imported: Imported) -> None:
        super().__init__()
        self.imported: Final = imported


async def import_files(
    desk: Desk,
    org: Org,
    files: Iterable[SourceFile],
    progress: Callable[[], None] = lambda: None,
    *,
    dry_run: bool = False,
) -> tuple[Imported, ...]:
    """Import files one by one; each is taken whole or not at all, and a broken one does not stop the rest.

    Custom scopes and permissions, and token exchange handlers, come last: they name apps that may be among the files.
    With `dry_run` nothing is changed: each file is told of as if it came alone.
    """
    done: list[Imported] = []
    for file in sorted(files, key=_is_custom):
        one = await import_file(desk, org, file, dry_run=dry_run)
        if one.done in ("created", "updated") and (
            earlier := [other.file for other in done if (other.name, other.problem) == (one.name, "")]
        ):
            why = f"{earlier[-1]} of this import is the same app: {one.file} was read later, and counts"
            one = replace(one, warnings=(*one.warnings, why))
        done.append(one)
        progress()
    return tuple(done)


def _is_custom(file: SourceFile) -> bool:
    named = name_of_file(file.name)
    return named is not None and named.type in CUSTOM_TYPES


async def import_file(desk: Desk, org: Org, file: SourceFile, *, dry_run: bool = False) -> Imported:
    """Import one file, or with `dry_run` only tell what would become of it; what goes wrong is told in the answer."""
    named = name_of_file(file.name)
    name = named.name if named else file.name
    try:
        if file.problem:
            raise MetadataProblem(file.problem)
        if named is not None and named.type == SETTINGS and named.name not in MEMBERS:
            why = f"{named.name}.settings has nothing that is read here; these are: {', '.join(MEMBERS)}"
            return Imported(file=file.name, name=name, done="skipped", problem=why)
        if named is not None and named.type not in (TYPE, SETTINGS, *CUSTOM_TYPES):
            return Imported(file=file.name, name=name, done="skipped", problem=f"{named.type} is not supported yet")
        document = read(file.data)
        if type_of_root(document.type) is None:
            raise MetadataProblem(
                f"this is no connected app: the file begins with <{document.type}>.", document.root.line
            )
        if document.type in CUSTOM_TYPES and named is not None:
            return await _import_custom(desk, org, file.name, named, document, dry_run=dry_run)
        if member_of(document.type) in MEMBERS and type_of_root(document.type) == SETTINGS:
            return await _import_org(desk, org, file.name, document, dry_run=dry_run)
        if document.type != TYPE:
            return Imported(file=file.name, name=name, done="skipped", problem=f"{document.type} is not supported yet")
        if named is None:
            raise MetadataProblem("name the file after the app: My_App.connectedApp-meta.xml")
        demand_shape(document)
        document, keys = _without_private_keys(document)
        async with desk.changing() as changing:
            done = await _import(changing, org, file.name, name, document, keys)
            if dry_run:
                is_made = done.done == "created" and done.consumer_key != (value(document, KEY) or "").strip()
                raise _DryRun(replace(done, consumer_key="") if is_made else done)
            return done
    except _DryRun as would:
        return would.imported
    except (MetadataProblem, ManageProblem) as problem:
        return Imported(file=file.name, name=name, done="failed", problem=str(problem))


async def _import_custom(
    desk: Desk, org: Org, file: str, named: MetadataName, document: MetadataDocument, *, dry_run: bool
) -> Imported:
    """Import a custom scope or permission, or a token exchange handler."""
    import_one = import_handler if document.type == HANDLER else import_custom
    async with desk.changing() as changing:
        done = await import_one(changing, org, named.local_name, document)
        word = "created" if done.created else "updated"
        imported = Imported(file=file, name=f"{document.type} {done.name}", done=word, kept=done.kept)
        if dry_run:
            raise _DryRun(imported)
        return imported


async def _import_org(desk: Desk, org: Org, file: str, document: MetadataDocument, *, dry_run: bool) -> Imported:
    """Import a file of settings of the org."""
    async with desk.changing() as changing:
        done = await import_org_file(changing, org, file, document)
        changes = tuple(Change(setting=name, before=before, after=after) for name, before, after in done.changes)
        name = f"{SETTINGS} {member_of(document.type)}"
        imported = Imported(file=file, name=name, done="updated", changes=changes, kept=done.kept)
        if dry_run:
            raise _DryRun(imported)
        return imported


def _without_private_keys(document: MetadataDocument) -> tuple[MetadataDocument, list[Kept]]:
    """Return the document without private keys that stand where certificates belong: they are never stored."""
    left_out = []
    for setting in (s.CERTIFICATE, s.SAML_CERTIFICATE):
        path = setting.xml[TYPE].path
        if any(map(holds_private_key, document_values(document, path))):
            left_out.append(Kept(path=path, why=_PRIVATE_KEY, line=line_of(document, path)))
            document = replaced(document, path, None)
    return document, left_out


async def _import(
    desk: Desk, org: Org, file: str, full_name: str, document: MetadataDocument, left_out: list[Kept]
) -> Imported:
    name = api_name_of_file(full_name)
    reading = read_settings(document)
    # Before anything of the org is looked at: what is told of a file would tell of the org.
    desk.caller.needs(Right.APPS, org.id)
    chosen = {one: value for one, value in reading.values.items() if value != one.default}
    demand_rights(desk, org, chosen, AppKind.CONNECTED_APP)
    existing = await apps.id_of_name(desk, org, name)
    values, kept = await _that_fit(desk, org, reading, existing or "")
    kept = [*_uncovered(document), *kept]
    changes: tuple[Change, ...] = ()
    if name != full_name:
        kept.append(Kept(path="file name", why=f"{full_name!r} is no API name; the app is named {name}"))
    if existing is None:
        key = await _key_of(desk, document, kept)
        secret = _secret_of(document, kept)
        taken = values if values.get(s.LABEL) else values | {s.LABEL: name}
        changed = await apps.add(desk, org, name, taken, key=key, secret=secret)
    else:
        await _demand_same_name(desk, existing, name, full_name)
        app = await apps.find(desk, org, name)
        # The file is kept whole: that is more than to change what differs.
        desk.caller.needs(Right.APPS, org.id, app.kind)
        kept += _credentials_stay(app, document)
        changed = await apps.put(desk, org, name, values)
        changes = tuple(
            Change(setting=one.name, before=one.kind.says(app[one]), after=one.kind.says(changed.app[one]))
            for one in s.ALL
            if app[one] != changed.app[one]
        )
    kept = [*left_out, *(replace(one, line=line_of(document, one.path)) for one in kept)]
    stored = KeptFile(
        name=full_name,
        document=to_json(document),
        read={one.name: one.kind.write(found) for one, found in values.items()},
        refused={one.name: texts for one, texts in reading.refused.items()},
    )
    await desk.run(_KEEP, msgspec.json.encode(stored).decode(), changed.app.id)
    done = "created" if existing is None else "updated"
    left = [one.path for one in kept]
    detail = {"name": name, "file": file, "done": done, "kept": left[:_AUDITED], "kept_in_all": len(left)}
    await desk.audit("admin.app.import", org.id, app_id=changed.app.id, **detail)
    return Imported(
        file=file,
        name=name,
        done=done,
        consumer_key=changed.app.consumer_key,
        changes=changes,
        kept=tuple(kept),
        warnings=changed.warnings,
    )


async def _demand_same_name(desk: Desk, app_id: str, name: str, full_name: str) -> None:
    """Demand that an app is updated from a file of its own name: two names may give one API name (My-App, My_App)."""
    ((its_name, stored),) = cast(Sequence[tuple[str, str]], await desk.session.all(_KEPT, app_id))
    if stored:
        its_name = msgspec.json.decode(stored, type=KeptFile).name
    if its_name != full_name:
        raise ManageProblem(
            f"name: {full_name!r} gives the API name {name}, which the app {its_name!r} has already; rename the file"
        )


async def _that_fit(desk: Desk, org: Org, reading: Reading, app_id: str) -> tuple[Values, list[Kept]]:
    """Return the values that fit this org: what names somebody or something that is not there is left unset."""
    values, kept = dict(reading.values), list(reading.kept)
    if run_as := values.get(s.RUN_AS):
        found = await user_and_password(desk.session, run_as)
        if found is None or found[0].org_id != org.id or not found[0].may_act or found[0].is_guest:
            del values[s.RUN_AS]
            kept.append(Kept(path=_RUN_AS, why=f"there is no active user {run_as!r} in the org {org.name}"))
    if values.get(s.INTROSPECT_ALL) and (other := await introspecting_app(desk, org, app_id)):
        del values[s.INTROSPECT_ALL]
        kept.append(Kept(path=_ALL, why=f"one app an org may have it, and {other} has it"))
    return values, kept


def _uncovered(document: MetadataDocument) -> list[Kept]:
    known = covered_paths() | {KEY, SECRET}
    found = dict.fromkeys(unnumbered(path) for path in paths(document))
    return [
        Kept(path=path, why="a secret: left out, for it is never stored in clear" if _is_secret(path) else _NO_SETTING)
        for path in found
        if path not in known
    ]


def _is_secret(path: str) -> bool:
    return any(name.lower() in SECRET_ELEMENTS for name in path.split("/"))


async def _key_of(desk: Desk, document: MetadataDocument, kept: list[Kept]) -> str:
    """Return the consumer key of the file if this server can use it; empty to have one generated."""
    key = (value(document, KEY) or "").strip()
    if not key:
        return ""
    problem = file_key_problem(key)
    if problem is None and await apps.is_key_taken(desk, key):
        problem = "it is taken by another app of this server"
    if problem is None:
        return key
    kept.append(Kept(path=KEY, why=f"{problem}: a new key was made"))
    return ""


def _secret_of(document: MetadataDocument, kept: list[Kept]) -> str:
    """Return the consumer secret of the file if it is one; empty to have one generated. Never quoted, never kept."""
    secret = (value(document, SECRET) or "").strip()
    problem = file_secret_problem(secret) if secret else None
    if problem is not None:
        kept.append(Kept(path=SECRET, why=f"{problem}: a new secret was made"))
        return ""
    return secret


def _credentials_stay(app: InstalledApp, document: MetadataDocument) -> list[Kept]:
    """Say so where a file would change the key or secret of an app that is there: neither can be (1.20, rule 11)."""
    kept = []
    key = (value(document, KEY) or "").strip()
    if key and key != app.consumer_key:
        kept.append(Kept(path=KEY, why=f"the app is there already and keeps its key {app.consumer_key}"))
    if value(document, SECRET):
        kept.append(Kept(path=SECRET, why="the app is there already and keeps its secret"))
    return kept


def settings_of(stored: dict[str, Any]) -> Values:
    """Return stored values by setting; those this release does not know are passed over."""
    known: dict[str, AnySetting] = s.BY_NAME
    return {known[name]: known[name].kind.parse(raw) for name, raw in stored.items() if name in known}
