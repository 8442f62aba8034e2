"""Signing keys: which of them signs, how long the ones before are published, and what a stolen one is worth."""

import asyncio
import json
from dataclasses import replace

import pytest

from grantway.domain.permissions import CUSTOMIZE_APPLICATION, MODIFY_ALL_DATA
from grantway.endpoints.signing import Signing
from grantway.kit.jose import JwtRefused
from grantway.kit.secrets import KeyRing, KeyRingError
from grantway.manage.problem import NotAllowed, StaleVersion
from grantway.manage.server import keys
from grantway.store.statement import Statement
from tests.conftest import one_engine
from tests.manage.conftest import Office

pytestmark = pytest.mark.requirement("S25")
HOUR, DAY = 60, 24 * 60


async def published(office: Office) -> list[str]:
    """The key ids in the JWK set that a server would give now."""
    document = json.loads(await Signing(office.desk.ring, office.clock).jwks(office.desk.db))
    return [key["kid"] for key in document["keys"]]


async def signed(office: Office) -> str:
    """A token that the key of this moment signed."""
    key = (await Signing(office.desk.ring, office.clock).keys(office.desk.db))[0]
    return key.sign({"iss": "https://sso.example"})


async def test_the_first_key_is_made_once_however_many_ask(office: Office) -> None:
    await asyncio.gather(keys.ensure(office.desk), keys.ensure(office.desk))
    await keys.ensure(office.desk)

    assert await published(office) == ["220"]


async def test_after_a_rotation_the_new_key_signs_and_the_one_before_still_verifies(office: Office) -> None:
    await keys.ensure(office.desk)
    token = await signed(office)

    kid = await keys.rotate(office.desk)

    assert await published(office) == [kid, "220"] == ["221", "220"]
    assert (await Signing(office.desk.ring, office.clock).read(office.desk.db, token))["iss"] == "https://sso.example"


async def test_a_replaced_key_is_published_for_a_day_and_then_retires_by_itself(office: Office) -> None:
    await keys.ensure(office.desk)
    await keys.rotate(office.desk)

    office.clock.advance(minutes=DAY - 1)
    assert await published(office) == ["221", "220"]
    assert [key["state"] for key in await keys.all_keys(office.desk)] == ["signs", "published"]
    office.clock.advance(minutes=2)
    assert await published(office) == ["221"]
    assert [key["state"] for key in await keys.all_keys(office.desk)] == ["signs", "retired"]


@one_engine
async def test_rotating_again_does_not_prolong_an_older_key(office: Office) -> None:
    await keys.ensure(office.desk)
    await keys.rotate(office.desk)
    office.clock.advance(minutes=12 * HOUR)
    await keys.rotate(office.desk)

    office.clock.advance(minutes=13 * HOUR)

    assert await published(office) == ["222", "221"]


async def test_a_stolen_key_is_retired_at_once(office: Office) -> None:
    await keys.ensure(office.desk)
    forged = await signed(office)
    await keys.rotate(office.desk)

    kid = await keys.rotate(office.desk, at_once=True)

    assert await published(office) == [kid]
    with pytest.raises(JwtRefused):
        await Signing(office.desk.ring, office.clock).read(office.desk.db, forged)


@one_engine
async def test_keys_made_in_one_moment_have_an_order(office: Office) -> None:
    await keys.ensure(office.desk)

    assert [await keys.rotate(office.desk) for _ in range(3)] == ["221", "222", "223"]
    assert (await published(office))[0] == "223"


@one_engine
async def test_a_rotation_is_on_record(office: Office) -> None:
    await keys.ensure(office.desk)
    office.clock.advance(ms=1)
    await keys.rotate(office.desk)

    rows = await office.desk.db.all(
        Statement("SELECT kind, detail FROM event WHERE kind LIKE 'admin.keys%' ORDER BY id")
    )

    assert [str(kind) for kind, _ in rows] == ["admin.keys.create", "admin.keys.rotate"]
    assert json.loads(str(rows[1][1]))["kid"] == "221"
    assert json.loads(str(rows[1][1]))["retired"] == ["220"]


@one_engine
async def test_another_key_file_opens_nothing(office: Office) -> None:
    await keys.ensure(office.desk)

    with pytest.raises(KeyRingError, match="another key file"):
        await keys.ensure(replace(office.desk, ring=KeyRing([b"0" * 32])))


@one_engine
async def test_an_administrator_rotates_the_keys_of_a_server_that_has_no_other_org(office: Office) -> None:
    """The keys sign for every org, so nobody of one org decides about them where there are two."""
    await keys.ensure(office.desk)
    desk = await office.seat(CUSTOMIZE_APPLICATION.name, MODIFY_ALL_DATA.name)

    kid = await keys.rotate(desk)

    assert (await published(office))[0] == kid
    rows = await office.desk.db.all(Statement("SELECT org_id FROM event WHERE kind = 'admin.keys.rotate'"))
    assert [row[0] for row in rows] == [office.org.id]
    await office.other_org()
    with pytest.raises(NotAllowed, match="that is the operator"):
        await keys.rotate(desk)


@one_engine
async def test_a_rotation_that_somebody_else_was_first_with_is_not_made_again(office: Office) -> None:
    await keys.ensure(office.desk)
    await keys.rotate(office.desk, seen="220")

    with pytest.raises(StaleVersion):
        await keys.rotate(office.desk, seen="220")
    assert (await published(office))[0] == "221"
