"""Keys of JWT-based access tokens: one an org however many ask, and another one ends what the ones before signed."""

import asyncio
import json
from dataclasses import replace

import pytest

from grantway.endpoints.signing import Signing
from grantway.manage.server import access_keys, backup, keys, orgs
from grantway.manage.usage import tokens
from grantway.store.statement import Statement
from tests.conftest import Opener, one_engine
from tests.manage.conftest import Office

pytestmark = pytest.mark.requirement("S25")
_KEYS = Statement("SELECT kid, retired_at FROM signing_key WHERE purpose = 'access_token' ORDER BY created_at")
_EVENTS = Statement("SELECT kind, org_id, detail FROM event WHERE kind LIKE 'admin.access_key%' ORDER BY id")


async def published(office: Office) -> list[str]:
    """The key ids in the JWK set that a server would give now."""
    document = json.loads(await Signing(office.desk.ring, office.clock).jwks(office.desk.db))
    return [key["kid"] for key in document["keys"]]


async def test_of_several_that_need_the_first_key_at_once_one_makes_it(office: Office, open_another: Opener) -> None:
    await keys.ensure(office.desk)
    workers = [replace(office.desk, db=await open_another()) for _ in range(3)]

    kids = await asyncio.gather(*(access_keys.ensure(desk, office.org.id) for desk in (*workers, office.desk)))

    assert len(set(kids)) == 1
    assert [row[0] for row in await office.desk.db.all(_KEYS)] == [kids[0]]
    assert kids[0] == f"CORE_ATJWT.{office.org.id[:15]}.{office.clock.now_ms()}"
    assert await published(office) == ["220", kids[0]]


async def test_rotations_at_once_leave_one_key_in_force(office: Office) -> None:
    await keys.ensure(office.desk)
    done = await asyncio.gather(*(access_keys.revoke_all(office.desk, office.org) for _ in range(2)))

    assert len({one.kid for one in done}) == 2
    (org,) = await orgs.all_orgs(office.desk)
    assert await published(office) == ["220", org.access_kid]
    assert org.access_kid == max((one.kid for one in done), key=lambda kid: int(kid.rsplit(".", 1)[1]))


async def test_either_rotation_leaves_the_other_keys_alone(office: Office) -> None:
    await keys.ensure(office.desk)
    kid = await access_keys.ensure(office.desk, office.org.id)

    assert await keys.rotate(office.desk, at_once=True) == "221"
    assert await published(office) == ["221", kid]
    done = await access_keys.revoke_all(office.desk, office.org)
    assert await published(office) == ["221", done.kid]


@one_engine
async def test_it_is_on_record_as_something_to_look_at(office: Office) -> None:
    await access_keys.ensure(office.desk, office.org.id)
    office.clock.advance(ms=1)
    done = await access_keys.revoke_all(office.desk, office.org)

    rows = await office.desk.db.all(_EVENTS)
    assert [(kind, org_id) for kind, org_id, _ in rows] == [
        ("admin.access_key.create", office.org.id),
        ("admin.access_key.rotate", office.org.id),
    ]
    assert json.loads(str(rows[1][2])) == {"by": "operator", "kid": done.kid, "access_tokens": 0}


@one_engine
async def test_ending_all_tokens_of_an_org_leaves_its_key(office: Office) -> None:
    """The marks of a revocation end the tokens; the key is another matter."""
    kid = await access_keys.ensure(office.desk, office.org.id)
    await tokens.revoke(office.desk, office.org)

    assert await access_keys.ensure(office.desk, office.org.id) == kid


async def test_after_a_restore_no_key_from_before_counts(office: Office) -> None:
    """It may have been rotated out, for a reason, after the backup was made."""
    await keys.ensure(office.desk)
    kid = await access_keys.ensure(office.desk, office.org.id)

    await backup.mark_restored(office.desk)

    assert await published(office) == ["220"]
    assert await access_keys.ensure(office.desk, office.org.id) != kid
