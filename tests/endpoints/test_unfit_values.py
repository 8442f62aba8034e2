"""A value that the database cannot hold, should one ever come past the HTTP edge: a 400, and nothing else suffers."""

import msgspec

from grantway import settings as s
from grantway.web.dispatch import Dispatch
from tests.endpoints.house import House

# No text in UTF-8.
_LONE = "\ud800"


async def test_a_write_of_a_value_that_cannot_be_stored_is_refused_as_malformed(house: House) -> None:
    app = await house.app({s.CLIENT_CREDENTIALS: True}, run_as="ada@harbour.example")
    form = {
        "grant_type": "client_credentials",
        "client_id": app.consumer_key,
        "client_secret": app.consumer_secret,
    }
    call = house.call("/services/oauth2/token", form)
    dispatch = Dispatch(house.server)

    assert (await dispatch(call)).status == 200
    reply = await dispatch(msgspec.structs.replace(call, address=_LONE))

    assert reply.status == 400
    assert msgspec.json.decode(reply.body) == {
        "error": "invalid_request",
        "error_description": "the request is malformed",
    }


async def test_a_refusal_that_cannot_be_stored_does_not_keep_later_ones_from_explain(house: House) -> None:
    dispatch = Dispatch(house.server)

    await dispatch(house.call(f"/nowhere/{_LONE}"))
    await house.reasons()
    await dispatch(house.call("/nowhere"))

    assert await house.reasons() == ["request.path_unknown"]
