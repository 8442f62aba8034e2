"""What holds for every setting (style.md 3): it is enforced, documented, carried everywhere, refused in words.

That a refusal blames its setting is in tests/endpoints/test_blame.py.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grantway import settings as s
from tests.cli.terminal import Terminal
from tests.settings.values import CUSTOM_SCOPES, RUN_AS_USER, refused, sound, valid

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "reference" / "settings.md"
OF_APPS = s.held_by(s.Holder.APP, s.Holder.POLICY)
every_setting = pytest.mark.parametrize("setting", s.ALL, ids=lambda setting: setting.name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all tests of this file."""
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="module")
def grantway(folder: Path) -> Terminal:
    """The command line with two orgs: Harbour, where apps are made, and Quay, where they arrive."""
    made = Terminal(["--data", str(folder / "data")])
    for org in ("Harbour", "Quay"):
        made.says("org", "create", org)
        for scope in CUSTOM_SCOPES:
            made.says("scope", "create", scope, "--description", scope.replace("_", " "), org=org)
    made.says("user", "create", RUN_AS_USER, "--email", RUN_AS_USER, org="Harbour")
    return made


@pytest.fixture
def app(grantway: Terminal) -> Iterator[str]:
    """An app of Harbour."""
    grantway.says("app", "create", "Sync", "--contact-email", "it@harbour.example", org="Harbour")
    yield "Sync"
    grantway.says("app", "delete", "Sync", org="Harbour")


@functools.cache
def enforced() -> dict[str, set[str]]:
    """Return which tests are marked as proving a setting: setting -> names of test files."""
    found: dict[str, set[str]] = {}
    for file in TESTS.rglob("test_*.py"):
        if "node_modules" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="enforces"), args=[ast.Constant(value=str(name))]):
                    found.setdefault(name, set()).add(file.relative_to(TESTS).as_posix())
    return found


@every_setting
def test_some_test_proves_what_the_setting_does_at_an_endpoint_or_on_a_page(setting: s.AnySetting) -> None:
    places = {file.partition("/")[0] for file in enforced().get(setting.name, ())}

    if setting.awaits:
        assert not places, f"{setting.name} is in force: it waits for nothing any more"
        return
    assert places & {"endpoints", "journeys", "pages"}, f"no test is marked enforces({setting.name!r})"


def test_no_test_claims_to_prove_a_setting_that_there_is_not() -> None:
    assert set(enforced()) <= set(s.BY_NAME)


@every_setting
def test_the_reference_page_has_the_setting_with_all_that_it_says(setting: s.AnySetting) -> None:
    entry = PAGE.read_text(encoding="utf-8").partition(f"### `{setting.name}`\n")[2].partition("\n##")[0]

    assert setting.help in entry
    for text in (setting.label, setting.effect, setting.shown_on, *(xml.path for xml in setting.xml.values())):
        assert text.replace("|", "\\|") in entry
    assert setting.effect or setting.shown_on, "a setting that does nothing and is shown nowhere is none"


@every_setting
def test_the_example_of_the_setting_is_a_value_that_it_takes(setting: s.AnySetting) -> None:
    written = setting.kind.write(setting.kind.parse(setting.example))

    assert setting.kind.write(setting.kind.parse(written)) == written
    assert setting.kind.parse(setting.example) not in (None, "", ())


@every_setting
def test_a_value_that_is_refused_names_the_setting_and_what_to_write(
    grantway: Terminal, app: str, setting: s.AnySetting
) -> None:
    value, says = refused(setting)
    of = ("org", "set") if setting.held_by is s.Holder.ORG else ("app", "set", app)

    complaint = grantway.refuses(*of, f"{setting.name}={value}", org="Harbour")

    assert complaint.startswith(f"grantway: {setting.name}: {says}")


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.fixed_dictionaries({}, optional={setting: valid(setting) for setting in OF_APPS}))
def test_what_is_set_is_shown_and_comes_back_from_its_file(
    grantway: Terminal, folder: Path, drawn: dict[s.AnySetting, Any]
) -> None:
    """Set, shown, exported, imported in another org: all the same. What the file cannot say, the export names."""
    drawn = sound(drawn)
    grantway.says("app", "create", "Sync", "--contact-email", "it@harbour.example", org="Harbour")
    try:
        if drawn:
            grantway.says("app", "set", "Sync", *(one.argument(value) for one, value in drawn.items()), org="Harbour")
        here = grantway.json("app", "show", "Sync", org="Harbour")["settings"]
        if here["device_flow"] and not drawn.get(s.CALLBACK_URL):
            drawn = drawn | {s.CALLBACK_URL: ("http://localhost:8400/services/oauth2/success",)}
        for setting, value in drawn.items():
            assert here[setting.name] == setting.kind.write(value)
        (told,) = grantway.json("app", "export", "Sync", "--without-keys", "--to", str(folder / "out"), org="Harbour")
        (imported,) = grantway.json("app", "import", told["file"], org="Quay")
        assert imported["done"] == "created"
        # A user of one org is none of another: that is told, and nobody is put in their place.
        run_as = told["left_out"].pop("run_as", "")
        named = [here["run_as"]] if here["run_as"] and not run_as else []
        assert [kept["why"] for kept in imported["kept"]] == [
            f"there is no active user {one!r} in the org Quay" for one in named
        ]
        if told["left_out"]:
            again = {s.BY_NAME[name]: s.BY_NAME[name].kind.parse(raw) for name, raw in told["left_out"].items()}
            grantway.says("app", "set", "Sync", *(one.argument(value) for one, value in again.items()), org="Quay")
        there = grantway.json("app", "show", "Sync", org="Quay")["settings"]
        assert there == here | {"run_as": ""}
    finally:
        grantway.says("app", "delete", "Sync", org="Harbour")
        if "Sync" in grantway.says("app", "list", org="Quay"):
            grantway.says("app", "delete", "Sync", org="Quay")


@hypothesis_settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.fixed_dictionaries({setting: valid(setting) for setting in s.held_by(s.Holder.ORG)}))
def test_what_is_set_for_an_org_is_shown(grantway: Terminal, drawn: dict[s.AnySetting, Any]) -> None:
    grantway.says("org", "set", *(one.argument(value) for one, value in drawn.items()), org="Harbour")

    (shown,) = (org for org in grantway.json("org", "list") if org["name"] == "Harbour")

    assert shown["settings"] == {one.name: one.kind.write(value) for one, value in drawn.items()}
