"""No operation of administration is forgotten in the matrix of rights: each has a row, or a reason to have none."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest

from grantway import manage
from grantway.manage.caller import Caller
from grantway.manage.desk import Desk
from tests.manage import rights_more
from tests.manage.rights_table import ROWS

ROOT: Final = Path(__file__).resolve().parents[2]
_FOUND: Final = "works on what another operation found and demanded the right for"
_PART: Final = "a part of operations that demand the right before it"
_NAMED: Final = "finds what is meant; the operation that asks demands the right"
_OWN: Final = "tells callers only of themselves and their own org"
_CLIENT: Final = "asked by a client, which a token of its own lets in: tests/endpoints/test_registration.py"
_OPERATOR: Final = "the start of the program, before anybody can ask"
WITHOUT: Final = {
    "access_keys.ensure": _PART,
    "administrators.demand_one_left": _PART,
    "app_values.demand_power_of": _PART,
    "app_values.demand_power_of_holders": _PART,
    "app_values.fit_values": _PART,
    "app_values.introspecting_app": _PART,
    "apps.id_of": _NAMED,
    "apps.id_of_app": _NAMED,
    "apps.id_of_name": _NAMED,
    "apps.is_key_taken": _PART,
    "apps.met": _NAMED,
    "apps.remove": _PART,
    "apps.unknown": _NAMED,
    "audit.record_changes": _PART,
    "certificates.ensure": _PART,
    "creation.demand_creation": _PART,
    "creation.offers": _OWN,
    "credentials.add_staged": _FOUND,
    "credentials.drop": _FOUND,
    "credentials.pairs_of": _FOUND,
    "credentials.put_in_force": _FOUND,
    "custom_files.import_custom": "how import_file does it: the row 'import a custom scope'",
    "custom_permissions.app_name_of": _FOUND,
    "custom_permissions.fields_of": _FOUND,
    "custom_scopes.keep_file": _PART,
    "demo.make_demo": _OPERATOR,
    "handler_files.import_handler": "how import_file does it: the row 'import a token exchange handler'",
    "keys.ensure": _OPERATOR,
    "left_out.end_grants": _FOUND,
    "left_out.left_out": _FOUND,
    "live_grants.count": _FOUND,
    "live_grants.count_each": _FOUND,
    "live_grants.holders_of": _FOUND,
    "live_grants.holding_scopes": _FOUND,
    "live_grants.past": _FOUND,
    "once.Once.answer": "demands every permission that the caller had when the answer was made",
    "once.Once.keep": _PART,
    "orgs.all_orgs": _OWN,
    "orgs.find": _OWN,
    "orgs.home_of": _OWN,
    "people.name_of": _OWN,
    "follow_pictures.follow_pictures": _PART,
    "pictures.shown": _FOUND,
    **{f"registering.{name}": _CLIENT for name in ("register", "let_in_by", "look", "change", "delete")},
    **{f"registering.{name}": _PART for name in ("add", "put", "demand_room")},
    "client_documents.take": _CLIENT,
    "registering.sweep_unused": _PART,
    "rules.names_in": _PART,
    "rules.warnings_about": _FOUND,
    "setup.make_ready": _OPERATOR,
    "single_tokens.count": _FOUND,
    "token_handlers.keep_file": _PART,
    "tokens.end": _PART,
    "users.permission_sets_of": _FOUND,
    "verdicts.Verdicts.needing_attention": _PART,
}
# About the caller's own org, whichever is asked for, or the server: the matrix of orgs cannot ask for them. The tests
# named try each missing permission.
ELSEWHERE: Final = {
    # It makes a key, which takes too long for every set of permissions.
    "certificates.create": "tests/endpoints/test_assets.py",
    "keys.demand_rotation": "tests/console/test_direct_posts.py",
    **{
        f"rest_credentials.{name}": "tests/endpoints/test_credentials_by_rest.py"
        for name in ("consumer", "reveal", "sets", "one_set", "stage", "rotate", "delete")
    },
}


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(manage.__path__, f"{manage.__name__}."):
        yield importlib.import_module(found.name)


def _takes_a_caller(thing: Any) -> bool:
    if not inspect.iscoroutinefunction(thing):
        return False
    return any(
        one.annotation in (Desk, Caller, "Desk", "Caller") for one in inspect.signature(thing).parameters.values()
    )


def _operations() -> dict[Any, str]:
    """Return every public coroutine of `manage`, function or method, that is given a desk or a caller, by its name."""
    found: dict[Any, str] = {}
    for module in _modules():
        place = module.__name__.rpartition(".")[2]
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != module.__name__:
                continue
            if _takes_a_caller(thing):
                found[thing] = f"{place}.{name}"
            elif inspect.isclass(thing):
                for inner, method in vars(thing).items():
                    if not inner.startswith("_") and _takes_a_caller(method):
                        found[method] = f"{place}.{name}.{inner}"
    return found


OPERATIONS: Final = _operations()


def _called(does: Any, seen: frozenset[Any] = frozenset()) -> set[str]:
    """Return the names of the operations that a row's function names: itself, or in its body or that of its helpers."""
    if does in OPERATIONS:
        return {OPERATIONS[does]}
    if not isinstance(does, FunctionType) or does in seen:
        return set()
    found: set[str] = set()
    names = does.__code__.co_names
    for name in names:
        thing = does.__globals__.get(name)
        if isinstance(thing, ModuleType):
            found |= {OPERATIONS[one] for other in names if (one := getattr(thing, other, None)) in OPERATIONS}
        elif inspect.isclass(thing):
            found |= {OPERATIONS[one] for other in names if (one := vars(thing).get(other)) in OPERATIONS}
        elif thing in OPERATIONS:
            found.add(OPERATIONS[thing])
        elif isinstance(thing, FunctionType) and thing.__module__.startswith("tests.manage.rights_"):
            found |= _called(thing, seen | {does})
    return found


IN_ROWS: Final = {name for row in ROWS for name in _called(row.does)}


@pytest.mark.requirement("S37")
def test_each_operation_has_a_row_or_a_reason_to_have_none() -> None:
    assert set(OPERATIONS.values()) - IN_ROWS - set(WITHOUT) - set(ELSEWHERE) == set()


def test_each_reason_is_for_an_operation_there_is() -> None:
    assert {*WITHOUT, *ELSEWHERE} - set(OPERATIONS.values()) == set()
    assert [file for file in ELSEWHERE.values() if not (ROOT / file).is_file()] == []


def test_an_operation_that_nobody_listed_would_be_missed() -> None:
    """What this file looks for is found: functions, methods, and what a helper of a row calls."""
    assert {"apps.create", "census.Census.live_grants", "rotation.apply", "usage.revoke"} <= IN_ROWS
    assert _called(rights_more._past) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_each_row_asks_for_an_operation(row: Any) -> None:
    assert _called(row.does)
