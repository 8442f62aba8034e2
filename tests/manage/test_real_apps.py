"""Every connected app that was collected from strangers is imported, and comes out saying what it said.

The rules that these files follow are tested on files of our own in test_import_rules.py.
"""

import pytest

from grantway import settings as s
from grantway.manage.files.custom_files import SCOPE, export_permission, export_scope
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import import_files
from grantway.manage.files.metadata_files import source_files
from grantway.manage.files.metadata_values import KEY, SECRET, covered_paths
from grantway.manage.server import orgs
from grantway.metadata.document import paths, read, unnumbered, without_secrets, write
from tests.manage.conftest import Office
from tests.metadata.real_files import FOLDER, MISSING

TAKEN = covered_paths() | {KEY, SECRET}
SOURCES = sorted(path for path in FOLDER.iterdir() if path.is_dir()) if FOLDER.is_dir() else []


@pytest.mark.skipif(not SOURCES, reason=MISSING)
async def test_the_apps_of_every_source_import_and_come_out_saying_the_same(office: Office) -> None:
    desk = office.desk
    count = 0
    for source in SOURCES:
        org = await orgs.create(desk, orgs.NewOrg(name=source.name))
        originals = {file.name: file.data for file in source_files(source)}

        done = await import_files(desk, org, source_files(source))

        assert [one for one in done if one.done == "failed"] == [], source.name
        # One source holds three apps twice, in both of Salesforce's formats: what is read last counts.
        last = {one.name: one for one in done if one.done != "skipped" and ".connectedApp" in one.file}
        count += len(last)
        for one in done:
            if one.done != "skipped" and one.name not in last:
                kind, name = one.name.split(" ")
                if one.file.endswith((".settings", ".settings-meta.xml")):
                    continue  # of the org: tests/manage/test_org_files.py
                file = await (export_scope if kind == SCOPE else export_permission)(desk, org, name)
                assert file.data == write(read(originals[one.file])), one.file
        for app in last.values():
            original = read(originals[app.file])
            exported = await export_app(desk, org, app.name)
            assert exported.data == write(original), app.file
            assert read(exported.data) == without_secrets(original), app.file
            assert exported.file.removesuffix("-meta.xml") == app.file.removesuffix("-meta.xml")
            assert set(exported.left_out) <= {s.CUSTOM_SCOPES}  # said by the files of the scopes
            named = {kept.path for kept in app.kept}
            assert {unnumbered(path) for path in paths(original)} <= named | TAKEN, app.file
    assert count == len({(path.parent, path.name.partition(".")[0]) for path in FOLDER.rglob("*.connectedApp*")})
