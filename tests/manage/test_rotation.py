"""Staged rotation: who may do it, what it leaves behind (connected-apps.md 2.7)."""

import pytest

from grantway import settings as s
from grantway.manage import apps, rotation
from grantway.manage.audit import audit_trail
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
