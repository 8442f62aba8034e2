"""docs/rights.md says what the code's tables say."""

from pathlib import Path

import pytest

from grantway.domain.app import AppKind
from grantway.domain.editions import ADMIN_APPROVAL, CREATE_APPS, HEADLESS, Edition
from grantway.domain.permissions import ALL, UserPermission
from grantway.manage.caller import NEEDS, NEEDS_OF_EXTERNAL, Needs, Right

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rights.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]


def says(needs: Needs) -> str:
    """Return what a right takes, in the page's words."""
    parts = [" or ".join(one.label for one in group) for group in needs]
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if len(group) > 1 else part for part, group in zip(parts, needs, strict=True))


@pytest.mark.parametrize("right", Right, ids=lambda right: right.name)
def test_each_right_is_on_the_page_with_what_it_takes(right: Right) -> None:
    takes = says(NEEDS[right]) if right in NEEDS else "the operator alone"

    assert f"| {right.value.format(apps=AppKind.CONNECTED_APP.plural)} | {takes} |" in ROWS


@pytest.mark.parametrize("right", NEEDS_OF_EXTERNAL, ids=lambda right: right.name)
def test_what_differs_for_external_client_apps_is_on_the_page(right: Right) -> None:
    doing = right.value.format(apps=AppKind.EXTERNAL_CLIENT_APP.plural)

    assert f"| {doing} | {says(NEEDS_OF_EXTERNAL[right])} |" in ROWS


@pytest.mark.parametrize("permission", ALL.values(), ids=lambda permission: permission.name)
def test_each_user_permission_is_on_the_page(permission: UserPermission) -> None:
    waits = f" Nothing yet: waits for {permission.awaits}." if permission.awaits else ""

    assert f"| `{permission.name}` | {permission.label} | {permission.allows}{waits} |" in ROWS


@pytest.mark.parametrize("permission", ALL.values(), ids=lambda permission: permission.name)
def test_a_permission_that_no_right_takes_says_what_it_is_for(permission: UserPermission) -> None:
    taken = {one for needs in (*NEEDS.values(), *NEEDS_OF_EXTERNAL.values()) for group in needs for one in group}

    elsewhere = {"ApiEnabled", "CanApproveUninstalledApps", "UseAnyApiClient"}
    assert permission in taken or permission.awaits or permission.name in elsewhere


@pytest.mark.parametrize("editions", [CREATE_APPS, ADMIN_APPROVAL, HEADLESS], ids=["create", "approve", "headless"])
def test_the_editions_are_on_the_page(editions: frozenset[Edition]) -> None:
    names = ", ".join(one.value.removesuffix(" Edition") for one in Edition if one in editions)

    assert any(row.endswith(f"| {names} |") for row in ROWS)
