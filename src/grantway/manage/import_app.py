"""Importing connected apps from Salesforce's metadata files: nothing is dropped in silence (decision 18)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage import apps
from grantway.manage.desk import Desk
from grantway.manage.metadata_values import TYPE, read_settings
from grantway.manage.problem import ManageProblem
from grantway.metadata.document import MetadataDocument, paths, read, to_json, unnumbered, value
from grantway.metadata.names import name_of_file
from grantway.metadata.problem import MetadataProblem
from grantway.settings.setting import AnySetting
from grantway.store.people import user_and_password
from grantway.store.statement import Statement

_KEEP: Final = Statement("UPDATE app SET metadata = :metadata WHERE id = :id")
_KEY: Final = "oauthConfig/consumerKey"
_SECRET: Final = "oauthConfig/consumerSecret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file: done is created, updated, skipped or failed; kept names what no setting covers yet."""

    file: str
    name: str
    done: str
    kept: tuple[tuple[str, str], ...] = ()
    problem: str = ""


async def import_files(
    desk: Desk, org: Org, files: Iterable[tuple[str, bytes]], progress: Callable[[], None]
) -> tuple[Imported, ...]:
    """Import files one by one; each is taken whole or not at all, and a broken one does not stop the rest."""
    done = []
    for file, data in files:
        done.append(await _import_file(desk, org, file, data))
        progress()
    return tuple(done)


async def _import_file(desk: Desk, org: Org, file: str, data: bytes) -> Imported:
    named = name_of_file(file)
    if named is None or named.type != TYPE:
        word = named.type if named else "not a metadata file of an app"
        return Imported(file=file, name=named.name if named else file, done="skipped", problem=f"{word}: not read yet")
    try:
        document = read(data)
        if document.type != TYPE:
            raise MetadataProblem(f"the file says {document.type}, its name says {TYPE}")
        return await _import(desk, org, file, named.name, document)
    except (MetadataProblem, ManageProblem) as problem:
        return Imported(file=file, name=named.name, done="failed", problem=str(problem))


async def _import(desk: Desk, org: Org, file: str, full_name: str, document: MetadataDocument) -> Imported:
    reading = read_settings(document)
    values: dict[AnySetting, Any] = dict(reading.values)
    kept = [(path, "no setting yet") for path in dict.fromkeys(map(unnumbered, paths(document)))]
    kept = [(path, why) for path, why in kept if path not in reading.covered and path not in (_KEY, _SECRET)]
    kept += list(reading.kept)
    run_as = values.get(s.RUN_AS, "")
    if run_as:
        found = await user_and_password(desk.db, run_as)
        if found is None or found[0].org_id != org.id:
            values[s.RUN_AS] = ""
            kept.append(("oauthConfig/oauthClientCredentialUser", f"there is no user {run_as} in this org"))
    if values.get(s.INTROSPECT_ALL) and any(
        app[s.INTROSPECT_ALL] and app.app.name != apps.api_name(full_name) for app in await apps.all_apps(desk, org)
    ):
        values[s.INTROSPECT_ALL] = False
        kept.append(("oauthConfig/isIntrospectAllTokens", "another app of this org has it"))
    asked = {one.name: one.kind.write(found) for one, found in values.items()}
    name = apps.api_name(full_name)
    existing = next((app for app in await apps.all_apps(desk, org) if app.app.name == name), None)
    if existing is not None:
        changed = await apps.change(desk, org, name, asked)
        await _keep(desk, changed.app.id, document)
        return Imported(file=file, name=name, done="updated", kept=tuple(kept))
    key, secret = value(document, _KEY) or "", value(document, _SECRET) or ""
    new = apps.NewApp(
        name=full_name, values=asked, consumer_key=key, consumer_secret=secret, imported=True, metadata=""
    )
    try:
        created = await apps.create(desk, org, new)
    except ManageProblem as problem:
        # The key is the server's to give where the file's is taken or unusable; everything else must be right.
        if not str(problem).startswith(("consumer_key", "consumer_secret")):
            raise
        kept.append((_KEY, f"a new one was made: {problem}"))
        created = await apps.create(desk, org, apps.NewApp(name=full_name, values=asked, imported=True))
    await _keep(desk, created.app.id, document)
    return Imported(file=file, name=name, done="created", kept=tuple(kept))


async def _keep(desk: Desk, app_id: str, document: MetadataDocument) -> None:
    async with desk.db.transaction() as transaction:
        await transaction.run(_KEEP, msgspec.json.encode(to_json(document)).decode(), app_id)
