"""Staged rotation: who may do it, what it leaves behind (connected-apps.md 2.7)."""

import re

import pytest

from grantway import settings as s
from grantway.manage.audit import audit_trail
from grantway.manage.connected_apps import apps
from grantway.manage.consumer_keys import rotation
from grantway.manage.consumer_keys.credentials import PairState
from grantway.manage.problem import ManageProblem, NotAllowed, StaleVersion
from tests.manage.conftest import Office

READER = ("CustomizeApplication", "ManageRemoteAccess")
ROTATOR = (*READER, "ClientSecretRotation")


async def make(office: Office) -> str:
    return (await apps.add(office.desk, office.org, "Sync", {s.LABEL: "Sync"})).app.id


async def test_rotating_takes_its_own_permission_beside_the_right_to_read_the_app(office: Office) -> None:
    name = await make(office)
    reader, rotator = await office.seat(*READER), await office.seat(*ROTATOR)

    for step in (rotation.stage, rotation.apply, rotation.cancel, rotation.reveal_staged, rotation.look):
        with pytest.raises(NotAllowed, match="Allow consumer key and secret rotation"):
            await step(reader, office.org, name)
    await rotation.stage(rotator, office.org, name)
    assert (await rotation.apply(rotator, office.org, name)).ended == rotation.Impact(grants=0, access_tokens=0)


async def test_generating_again_overwrites_what_was_staged(office: Office) -> None:
    name = await make(office)
    first = (await rotation.stage(office.desk, office.org, name)).staged
    second = (await rotation.stage(office.desk, office.org, name)).staged

    assert first is not None
    assert second is not None
    assert first.consumer_key != second.consumer_key
    with pytest.raises(StaleVersion):
        await rotation.apply(office.desk, office.org, name, seen=first.consumer_key)
    done = await rotation.apply(office.desk, office.org, name, seen=second.consumer_key)
    assert done.app.consumer_key == second.consumer_key


async def test_an_app_of_another_org_is_not_rotated_here(office: Office) -> None:
    app = await make(office)
    other = await office.other_org()

    for step in (rotation.stage, rotation.apply, rotation.cancel):
        with pytest.raises(ManageProblem):
            await step(office.desk, other, app)


async def test_each_step_is_on_record_as_a_security_event_without_the_secret(office: Office) -> None:
    name = await make(office)
    office.clock.advance(ms=1)
    staged = (await rotation.stage(office.desk, office.org, name)).staged
    assert staged is not None
    office.clock.advance(ms=1)
    await rotation.reveal_staged(office.desk, office.org, name)
    office.clock.advance(ms=1)
    await rotation.apply(office.desk, office.org, name)

    trail = (await audit_trail(office.desk, office.org)).entries[:3]

    assert [one.action for one in trail] == [
        "applyOauthStagedCredential",
        "revealApplicationConsumerDetails",
        "generateOauthStagedCredential",
    ]
    assert trail[2].display == "Generated temporary credentials for connected app Sync"
    assert all(one.is_security for one in trail)
    assert staged.secret.reveal() not in str(trail)


async def outer(office: Office) -> str:
    """Make an external client app."""
    return (await office.app("Outer", kind="external_client_app")).id


async def test_sets_of_an_external_client_app_take_the_developers_permission_and_the_one_for_secrets(
    office: Office,
) -> None:
    name = await outer(office)
    developer = await office.seat("CustomizeApplication", "ExternalClientAppDeveloper")
    rotator = await office.seat("CustomizeApplication", "ExternalClientAppDeveloper", "ViewClientSecret")

    for seat in (developer, await office.seat(*ROTATOR)):
        for step in (rotation.stage, rotation.apply, rotation.cancel, rotation.reveal_staged, rotation.look):
            with pytest.raises(NotAllowed):
                await step(seat, office.org, name)
    await rotation.stage(rotator, office.org, name)
    assert (await rotation.apply(rotator, office.org, name)).ended == rotation.NOTHING
    await rotation.cancel(rotator, office.org, name)


async def test_who_holds_less_than_the_user_an_app_runs_as_does_not_rotate_it(office: Office) -> None:
    strong = await office.user("ApiEnabled", "ManageUsers")
    app = await office.app("Outer", kind="external_client_app", client_credentials="true", run_as=strong.username)
    rotator = await office.seat("CustomizeApplication", "ExternalClientAppDeveloper", "ViewClientSecret")

    with pytest.raises(NotAllowed, match="Manage Users"):
        await rotation.stage(rotator, office.org, app.id)


async def test_each_step_on_a_set_is_on_record_with_the_set_and_the_kind(office: Office) -> None:
    name = await outer(office)
    office.clock.advance(ms=1)
    (staged,) = (await rotation.stage(office.desk, office.org, name)).sets
    for step in (rotation.reveal_staged, rotation.apply, rotation.cancel):
        office.clock.advance(ms=1)
        await step(office.desk, office.org, name)

    trail = (await audit_trail(office.desk, office.org)).entries[:4]

    deleted, rotated, revealed, generated = (one.display for one in trail)
    assert re.fullmatch(r"Deleted credential set 0cT\w{15} \(Rotated\) for external client app Outer", deleted)
    assert rotated == "Applied temporary credentials for external client app Outer; tokens ended: none"
    assert revealed == f"Revealed the credential set {staged.id} of external client app Outer"
    assert generated == "Generated temporary credentials for external client app Outer"
    assert all(one.is_security for one in trail)
    assert staged.secret.reveal() not in str(trail)


async def test_an_app_keeps_ten_sets_and_forgets_what_ended_long_ago(office: Office) -> None:
    name = await outer(office)
    for _ in range(rotation.MOST_SETS):
        await rotation.stage(office.desk, office.org, name)
        office.clock.advance(ms=1)
        await rotation.apply(office.desk, office.org, name)

    with pytest.raises(ManageProblem, match="delete one first"):
        await rotation.stage(office.desk, office.org, name)
    office.clock.advance(ms=rotation.SET_MS)
    expired = (await rotation.look(office.desk, office.org, name)).sets
    office.clock.advance(ms=rotation.SET_MS)
    left = (await rotation.stage(office.desk, office.org, name)).sets

    assert {one.state for one in expired} == {PairState.EXPIRED}
    assert [one.state for one in left] == [PairState.ACTIVE]


async def test_the_replaced_pair_of_a_connected_app_can_be_ended_before_its_time(office: Office) -> None:
    name = await make(office)
    await rotation.stage(office.desk, office.org, name)
    await rotation.apply(office.desk, office.org, name)
    (replaced,) = (await rotation.look(office.desk, office.org, name)).sets
    assert replaced.state is PairState.REPLACED
    with pytest.raises(ManageProblem, match="nothing is staged"):
        await rotation.cancel(office.desk, office.org, name)

    await rotation.cancel(office.desk, office.org, name, set_id=replaced.id)

    assert (await rotation.look(office.desk, office.org, name)).sets == ()
