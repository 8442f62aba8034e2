"""Signing keys in the console: seen, rotated after a page that says what keeps verifying until when."""

from grantway.domain.permissions import VIEW_SETUP
from grantway.manage import access_keys, keys, orgs
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.browsing import PASSWORD
from tests.endpoints.house import House

PAGE = "/setup/keys"
ROTATE = f"{PAGE}/rotate"
ACCESS = f"{PAGE}/access-tokens"


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


async def test_a_newer_key_of_access_tokens_is_not_taken_for_the_one_that_signs_id_tokens(
    house: House, setup: Setup
) -> None:
    house.clock.advance(ms=1)
    await access_keys.ensure(house.desk, house.org_id)
    form = {"seen": field_of(await (await verified(setup)).open(ROTATE), "seen"), "sure": "1"}

    done = await setup.follow(await setup.send(ROTATE, form, page=ROTATE))

    assert "The key 221 signs now" in done.text


async def test_every_jwt_of_the_org_is_ended_after_a_page_that_says_how_many(house: House, setup: Setup) -> None:
    app = await house.jwt_app()
    answer = await house.sign_in(app)
    assert "JWT-based access tokens" in (await setup.open(PAGE)).text
    review = await setup.open(ACCESS)
    form = {"seen": field_of(review, "seen")}

    without_tick = await setup.send(ACCESS, form, page=ACCESS)
    assert await house.is_active(app, answer["access_token"])
    done = await setup.follow(await setup.send(ACCESS, form | {"sure": "1"}, page=ACCESS))
    again = await setup.send(ACCESS, form | {"sure": "1"}, page=ACCESS)

    assert "1 access token ends" in review.text
    assert (without_tick.status_code, again.status_code) == (400, 409)
    assert "1 access token ended" in done.text
    assert not await house.is_active(app, answer["access_token"])
    assert [purpose["purpose"] for purpose in await keys.all_keys(house.desk) if purpose["state"] == "signs"] == [
        "access_token",
        "id_token",
    ]


async def test_without_a_key_for_access_tokens_there_is_nothing_to_end(setup: Setup) -> None:
    assert "no JWT-based access token yet" in (await setup.open(PAGE)).text
    assert "No such token lives now" in (await setup.open(ACCESS)).text


async def test_who_may_not_end_tokens_is_not_offered_to(house: House) -> None:
    await add_user(house, "vera@harbour.example", VIEW_SETUP.name)
    setup = await sign_in(house, "vera@harbour.example")

    assert ACCESS not in (await setup.open(PAGE)).text
    assert (await setup.browser.get(ACCESS)).status_code == 403
    assert (await setup.send(ACCESS, {"seen": "", "sure": "1"}, page=PAGE)).status_code == 403
