"""Whatever the console can do, a program can do: each operation that a page calls is called by the admin API too."""

import ast
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

from grantway import adminapi, console, manage

# Where each module of operations stands: the rooms of `manage` are no part of an operation's name here.
MODULES = {
    found.name.rpartition(".")[2]: found.name
    for found in pkgutil.walk_packages(manage.__path__, "grantway.manage.")
    if not found.ispkg
}

# What the API calls in place of an operation that is made for pages; or why there is none to call.
IN_PLACE = {
    "app_activity.refused_to": "refusals.refusals",
    "apps.all_apps": "app_pages.page",
    "app_list.page_of": "app_pages.page",
    "certificates.apps_signing_with": "certificates.delete",
    "creation.offers": "apps.create",
    "custom_permissions.app_name_of": "custom_permissions.find",
    "keys.demand_rotation": "keys.rotate",
    "live_grants.count": "app_activity.out_of",
    "people.name_of": "users.find",
    "people.page_of_users": "user_pages.page",
    "token_handlers.demand_change": "trials.try_token",
    "users.all_users": "user_pages.page",
    "uploads.confirm": "import_app.import_files",
    "uploads.keep": "import_app.import_files",
    "uploads.preview": "import_app.import_files",
    # One profile or permission set at a time.
    "permission_use.givers": "custom_permissions.given_by",
    "usage.revoke": "tokens.revoke",
}


def operations_of(package: ModuleType) -> set[str]:
    """Return the operations (coroutines of `manage`) that a package's modules name, as module.function."""
    found = set()
    for path in Path(package.__path__[0]).rglob("*.py"):
        found |= _named(ast.parse(path.read_text()))
    return found


def _named(tree: ast.Module) -> set[str]:
    modules: dict[str, str] = {}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grantway.manage"):
            of = str(node.module)
            for one in node.names:
                if MODULES.get(one.name) == f"{of}.{one.name}":
                    modules[one.asname or one.name] = one.name
                else:
                    found.add(f"{of.rpartition('.')[2]}.{one.name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add(f"{modules[node.value.id]}.{node.attr}")
    return {one for one in found if _is_operation(one)}


def _is_operation(named: str) -> bool:
    module, _, name = named.partition(".")
    return module in MODULES and inspect.iscoroutinefunction(getattr(import_module(MODULES[module]), name, None))


def test_no_two_rooms_have_a_module_of_one_name() -> None:
    """Operations are told apart here, and in the matrix of rights, by the names of their modules alone."""
    modules = [one.name for one in pkgutil.walk_packages(manage.__path__, "grantway.manage.") if not one.ispkg]

    assert sorted(MODULES.values()) == sorted(modules)


def test_each_operation_of_the_console_has_its_counterpart() -> None:
    asked, offered = operations_of(console), operations_of(adminapi)

    assert len(asked) > 40  # so many are found at all
    missing = {one for one in asked if one not in offered and IN_PLACE.get(one) not in offered}
    assert missing == set()


def test_what_stands_in_the_place_of_another_is_needed() -> None:
    asked, offered = operations_of(console), operations_of(adminapi)

    assert {one for one in IN_PLACE if one not in asked or one in offered} == set()
