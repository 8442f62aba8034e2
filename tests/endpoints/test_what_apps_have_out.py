"""What apps have out is counted alike on both engines: users, lines, access tokens, refusals; and what is live."""

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.people import people, users
from grantway.manage.usage import app_activity, usage
from tests.endpoints.house import House


async def test_users_lines_tokens_and_refusals_of_an_app_are_counted(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app({s.CLIENT_CREDENTIALS: True, s.LABEL: "Sync"}, run_as="ada@harbour.example")
    right = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    await house.sign_in(app)
    await house.sign_in(app)
    await house.sign_in(app, "ben")
    assert (await house.token({"grant_type": "client_credentials", **right}))[0] == 200
    await house.token({"grant_type": "client_credentials", **right, "client_secret": "wrong"})
    await house.server.refusals.flush()
    met = await apps.find(house.desk, house.org, app.id)

    await house.server.tally.flush()
    out = await app_activity.out_of(house.desk, met)
    issued = await app_activity.issued_to(house.desk, met)
    refused = await app_activity.refused_to(house.desk, met)
    listed = await usage.in_use(house.desk, house.org)
    by_user = {one.username: one for one in await usage.users_of(house.desk, met)}

    assert (out.users.number, out.grants.number, out.access_tokens.number) == (2, 3, 1)
    assert (issued.day, issued.month, issued.since) == (4, 4, 0)
    assert [one.error for one in refused] == ["invalid_client"]
    assert [(one.label, one.state) for one in listed.apps] == [("Sync", usage.INSTALLED)]
    assert (by_user["ada@harbour.example"].grants, by_user["ada@harbour.example"].access_tokens) == (2, 1)
    assert by_user["ben@harbour.example"].grants == 1


async def test_more_than_was_looked_at_is_told_as_the_least_there_is(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app()
    for _ in range(3):
        await house.sign_in(app)
    met = await apps.find(house.desk, house.org, app.id)

    out = await app_activity.out_of(house.desk, met, looked=2)

    assert str(out.grants) == "2+"
    assert str((await app_activity.out_of(house.desk, met, looked=4)).grants) == "3"


async def test_what_was_taken_back_or_has_ended_is_not_counted(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    policy = s.RefreshTokenPolicy(form="specific_inactivity", number=1, unit="DAYS")
    app = await house.app({s.REFRESH_TOKEN_POLICY: policy})
    await house.sign_in(app)
    await house.sign_in(app, "ben")
    await users.set_password(house.desk, house.org, "ben@harbour.example", "correct horse battery staple")
    met = await apps.find(house.desk, house.org, app.id)

    of_ada = await app_activity.out_of(house.desk, met)
    house.clock.advance(days=1)
    after_a_day = await app_activity.out_of(house.desk, met)

    assert of_ada.grants.number == 1
    assert after_a_day.grants.number == 0


async def test_people_are_found_and_their_grants_listed(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await house.app({s.LABEL: "Sync", s.PROFILES: ("Standard",)})
    await house.sign_in(app)
    ada = await users.find(house.desk, house.org, "ada@harbour.example")

    found, total = await people.page_of_users(house.desk, house.org, query="A LOVE", page=1, size=25)
    members = await people.members(house.desk, house.org)
    grants = await people.grants_of(house.desk, house.org, ada)
    trusting = await people.pre_authorized(house.desk, house.org, profile="Standard")

    assert [one.username for one in found] == ["ada@harbour.example"]
    assert total == 1
    assert members[ada.profile_id] == 1
    assert [one.app.label for one in grants] == ["Sync"]
    assert [one.label for one in trusting] == ["Sync"]
    assert await people.sessions_of(house.desk, house.org, ada) == ()
