"""No user locks everybody out of an org, not even by going themselves."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from grantway.domain.org import User
from grantway.manage.desk import Desk
from grantway.manage.people import holders, users
from grantway.manage.problem import ManageProblem
from tests.conftest import one_engine
from tests.manage.conftest import Office

Deed = Callable[[Desk, Office, User], Awaitable[Any]]
LOCKING_OUT: dict[str, Deed] = {
    "freeze oneself": lambda d, o, u: users.freeze(d, o.org, u.username, frozen=True),
    "deactivate oneself": lambda d, o, u: users.change(d, o.org, u.username, {"is_active": False}),
    "take a weaker profile": lambda d, o, u: users.change(d, o.org, u.username, {"profile": "Standard User"}),
    "weaken one's profile": lambda d, o, u: holders.change(d, holders.PROFILES, o.org.id, u.profile_name, ()),
}
ways_out = pytest.mark.parametrize(
    "deed", [pytest.param(deed, id=name.replace(" ", "-")) for name, deed in LOCKING_OUT.items()]
)


@ways_out
async def test_the_last_who_manages_users_cannot_lock_everybody_out(office: Office, deed: Deed) -> None:
    last = await office.user("ManageUsers", "ManageProfilesPermissionsets", "ApiEnabled")
    await users.freeze(office.desk, office.org, (await office.user("ManageUsers")).username, frozen=True)

    with pytest.raises(ManageProblem, match="nobody would be left who can manage the users"):
        await deed(await office.seat_of(last), office, last)

    assert await users.find(office.desk, office.org, last.username) == last


async def test_the_last_permission_set_that_manages_users_is_not_taken_back(office: Office) -> None:
    last = await office.user("ManageProfilesPermissionsets")
    await holders.create(office.desk, holders.PERMISSION_SETS, office.org.id, "Help desk", ("ManageUsers",))
    await users.assign(office.desk, office.org, last.username, "Help desk")

    with pytest.raises(ManageProblem, match="nobody would be left who can manage the users"):
        await users.assign(await office.seat_of(last), office.org, last.username, "Help desk", assigned=False)


@one_engine
@ways_out
async def test_one_of_two_who_manage_users_can_go(office: Office, deed: Deed) -> None:
    first = await office.user("ManageUsers", "ManageProfilesPermissionsets", "ApiEnabled")
    await office.user("ManageUsers")

    await deed(await office.seat_of(first), office, first)


async def test_the_operator_may_freeze_the_last_administrator(office: Office) -> None:
    last = await office.user("ManageUsers")

    assert (await users.freeze(office.desk, office.org, last.username, frozen=True)).is_frozen
