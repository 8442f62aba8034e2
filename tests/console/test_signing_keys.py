"""Signing keys in the console: seen, rotated after a page that says what keeps verifying until when."""

from grantway.domain.permissions import VIEW_SETUP
from grantway.manage.server import access_keys, keys, orgs
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.browsing import PASSWORD
from tests.endpoints.house import House

PAGE = "/setup/keys"
ROTATE = f"{PAGE}/rotate"


async def verified(setup: Setup) -> Setup:
    """Enter the password again."""
    await setup.send(f"/setup/verify?to={ROTATE}", {"password": PASSWORD}, page=f"/setup/verify?to={ROTATE}")
    return setup


async def states(house: House) -> list[tuple[str, str]]:
    return [(key["kid"], key["state"]) for key in await keys.all_keys(house.desk)]


async def test_the_keys_are_listed_without_anything_private(setup: Setup) -> None:
    page = await setup.open(PAGE)

    assert "<code>220</code>" in page.text
    assert "RS256" in page.text
    assert "Signs now" in page.text
    assert "PRIVATE" not in page.text


async def test_a_rotation_takes_the_password_and_a_tick_and_says_until_when_the_old_key_verifies(
    house: House, setup: Setup
) -> None:
    asked = await setup.browser.get(ROTATE)
    assert "/setup/verify" in asked.headers["location"]
    review = await (await verified(setup)).open(ROTATE)
    form = {"seen": field_of(review, "seen")}

    without_tick = await setup.send(ROTATE, form, page=ROTATE)
    done = await setup.follow(await setup.send(ROTATE, form | {"sure": "1"}, page=ROTATE))

    assert "stay published until" in review.text
    assert without_tick.status_code == 400
    assert "The key 221 signs now" in done.text
    assert "Verifies" in done.text
    assert await states(house) == [("221", "signs"), ("220", "published")]


async def test_keys_in_wrong_hands_are_retired_at_once(house: House, setup: Setup) -> None:
    review = await (await verified(setup)).open(f"{ROTATE}?at_once=1")
    form = {"seen": field_of(review, "seen"), "at_once": field_of(review, "at_once"), "sure": "1"}

    await setup.send(ROTATE, form, page=ROTATE)

    assert "no longer count" in review.text
    assert await states(house) == [("221", "signs"), ("220", "retired")]


async def test_a_review_that_is_sent_twice_rotates_once(house: House, setup: Setup) -> None:
    form = {"seen": field_of(await (await verified(setup)).open(ROTATE), "seen"), "sure": "1"}
    await setup.send(ROTATE, form, page=ROTATE)

    again = await setup.send(ROTATE, form, page=ROTATE)

    assert again.status_code == 409
    assert len(await states(house)) == 2


async def test_who_may_only_see_setup_sees_the_keys_and_cannot_rotate(house: House) -> None:
    await add_user(house, "vera@harbour.example", VIEW_SETUP.name)
    setup = await sign_in(house, "vera@harbour.example")

    page = await setup.open(PAGE)
    refused = await setup.send(ROTATE, {"seen": "220", "sure": "1"}, page=PAGE)

    assert "the permission Customize Application is missing" in page.text
    assert ROTATE not in page.text
    assert refused.status_code == 403


async def test_where_the_keys_sign_for_other_orgs_too_only_the_operator_rotates(house: House, setup: Setup) -> None:
    await orgs.create(house.desk, orgs.NewOrg(name="Northwind"))

    page = await setup.open(PAGE)
    refused = await setup.send(ROTATE, {"seen": "220", "sure": "1"}, page=PAGE)

    assert "grantway keys rotate" in page.text
    assert refused.status_code == 403
    assert len(await states(house)) == 1


async def test_the_key_of_the_orgs_access_tokens_is_another_and_rotated_by_itself(house: House, setup: Setup) -> None:
    first = await access_keys.ensure(house.desk, house.org_id)
    house.clock.advance(ms=1)
    path = f"{PAGE}/rotate-access"
    form = {"seen": field_of(await (await verified(setup)).open(path), "seen")}

    without_tick = await setup.send(path, form, page=path)
    done = await setup.follow(await setup.send(path, form | {"sure": "1"}, page=path))
    again = await setup.send(path, form | {"sure": "1"}, page=path)

    assert form == {"seen": first}
    assert without_tick.status_code == 400
    assert "signs access tokens now" in done.text
    assert again.status_code == 409
    by_kid = dict(await states(house))
    assert by_kid.pop(first) == "retired"
    assert by_kid.pop("220") == "signs"
    assert list(by_kid.values()) == ["signs"]
