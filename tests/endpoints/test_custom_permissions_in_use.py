"""Custom permissions: changed, required by one another, found where they are used."""

import pytest

from grantway import settings as s
from grantway.manage.custom import custom_permissions as permissions
from grantway.manage.custom.custom_permissions import NewPermission
from grantway.manage.custom.permission_needs import required_of
from grantway.manage.custom.permission_use import use_of
from grantway.manage.people import holders
from grantway.manage.problem import ManageProblem, StaleVersion
from tests.endpoints.house import House

GIVE = "Standard"


async def make(house: House, *names: str, **more: object) -> None:
    """Make custom permissions."""
    for name in names:
        await permissions.create(house.desk, house.org, NewPermission(name=name, **more))  # type: ignore[arg-type]


async def give(house: House, *names: str) -> tuple[str, ...]:
    """Have the profile Standard give exactly these."""
    return await permissions.give(house.desk, house.org, holders.PROFILES, GIVE, names)


async def test_label_description_app_and_requirements_are_changed_and_the_name_stays(house: House) -> None:
    await make(house, "See_Freight", "Ship_Freight")
    app = await house.app()
    asked = {"label": "Ship", "description": "Ships it", "app": app.id, "required": ["see_freight"]}

    changed = await permissions.change(house.desk, house.org, "Ship_Freight", asked, seen="1")

    assert (changed.name, changed.label, changed.app_id, required_of(changed)) == (
        "Ship_Freight",
        "Ship",
        app.id,
        ("See_Freight",),
    )
    with pytest.raises(ManageProblem, match="cannot be changed"):
        await permissions.change(house.desk, house.org, "Ship_Freight", {"name": "Other"})
    with pytest.raises(StaleVersion):
        await permissions.change(house.desk, house.org, "Ship_Freight", {"label": "Mine"}, seen="1")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"required": ["Nothing"]}, "no custom permission 'Nothing'"),
        ({"required": ["Ship_Freight"]}, "cannot require itself"),
        ({"required": 7}, "names of custom permissions"),
        ({"app": ["a"]}, "one app is expected"),
        ({"app": "Nowhere"}, "no app 'Nowhere'"),
        ({"color": "red"}, "is no field"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field(house: House, asked: dict[str, object], says: str) -> None:
    await make(house, "Ship_Freight")

    with pytest.raises(ManageProblem, match=says):
        await permissions.change(house.desk, house.org, "Ship_Freight", asked)


async def test_one_that_requires_another_is_given_with_it_or_not_at_all(house: House) -> None:
    await make(house, "See_Freight")
    await make(house, "Ship_Freight", required=("See_Freight",))

    with pytest.raises(ManageProblem, match="Ship_Freight requires See_Freight: give both, or neither"):
        await give(house, "Ship_Freight")

    assert await give(house, "Ship_Freight", "See_Freight") == ("See_Freight", "Ship_Freight")


async def test_a_requirement_that_a_giver_does_not_meet_is_not_made(house: House) -> None:
    await make(house, "See_Freight", "Ship_Freight")
    await give(house, "Ship_Freight")

    with pytest.raises(ManageProblem, match="the profile Standard gives Ship_Freight and not See_Freight"):
        await permissions.change(house.desk, house.org, "Ship_Freight", {"required": ["See_Freight"]})


async def test_one_that_is_required_is_not_deleted(house: House) -> None:
    await make(house, "See_Freight")
    await make(house, "Ship_Freight", required=("See_Freight",))

    with pytest.raises(ManageProblem, match="is required by Ship_Freight: change that first"):
        await permissions.delete(house.desk, house.org, "See_Freight")


async def test_its_use_is_who_gives_it_what_requires_it_and_whose_formulas_name_it(house: House) -> None:
    await make(house, "See_Freight")
    await make(house, "Ship_Freight", required=("See_Freight",))
    await give(house, "See_Freight")
    app = await house.app({s.CUSTOM_ATTRIBUTES: s.CUSTOM_ATTRIBUTES.kind.parse("sees=$Permission.See_Freight")})

    use = await use_of(house.desk, house.org, await permissions.find(house.desk, house.org, "See_Freight"))

    assert [(one.label, one.users) for one in use.givers] == [(GIVE, 1)]
    assert use.required_by == ("Ship_Freight",)
    assert [(one.app_id, one.keys) for one in use.formulas] == [(app.id, ("sees",))]
