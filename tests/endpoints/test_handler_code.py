"""Token exchange handlers that are Python code: what they are asked, and what they cannot do to the server."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any, cast

import pytest

from grantway.endpoints.handler_code import HandlerCode
from grantway.protocol.token_handler import ENTRY_POINTS, IncomingToken, Named, NewPerson, Validated
from grantway.settings.token_handlers import Matches
from tests.endpoints.house import House, TestApp
from tests.endpoints.issuer import exchanging_app, handler_for
from tests.endpoints.test_token_exchange import FAILED, UNAPPROVED, exchange

ADA = "ada@harbour.example"
ASKED: list[IncomingToken] = []


class Tickets:
    """Believes tickets: `ticket:` and a username."""

    def validate(self, token: IncomingToken) -> Validated:
        """Say what the ticket says, or why not."""
        ASKED.append(token)
        match token.token:
            case "late":
                time.sleep(0.4)
            case "broken":
                raise ValueError(f"cannot read {token.token}")
            case "exits":
                raise SystemExit(1)
            case "odd":
                return True  # type: ignore[return-value]
            case "words":
                return Validated(valid=cast(Any, "no"), data={"name": ADA})
            case "said":
                return Validated(valid=False, says='this "ticket"\nwas torn\t')
        kind, _, name = token.token.partition(":")
        return Validated(valid=kind == "ticket", data={"name": name})

    def user_for(self, token: IncomingToken, data: Mapping[str, Any]) -> Named | None:
        """Name the user of the ticket."""
        if data["name"] == "nobody":
            return None
        if data["name"] == "by word":
            return Named(by=cast(Any, "email"), value=ADA)
        if data["name"] == "zero":
            return Named(by=Matches.FEDERATION_ID, value="A\0")
        new = NewPerson(username="new@harbour.example", email="new@harbour.example")
        return Named(by=Matches.USERNAME, value=data["name"], new=new)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with the entry points Tickets and Gone."""
    there = {
        "Tickets": EntryPoint("Tickets", f"{__name__}:Tickets", ENTRY_POINTS),
        "Spare": EntryPoint("Spare", f"{__name__}:Tickets", ENTRY_POINTS),
        "Gone": EntryPoint("Gone", f"{__name__}:Gone", ENTRY_POINTS),
        "Shapeless": EntryPoint("Shapeless", f"{__name__}:ASKED", ENTRY_POINTS),
    }

    def entry_points(*, group: str, name: str) -> list[EntryPoint]:
        return [there[name]] if group == "grantway.token_exchange_handlers" and name in there else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    ASKED.clear()


async def ticket_app(house: House, code: str = "Tickets", **fields: Any) -> TestApp:
    """An app whose handler is code."""
    app = await exchanging_app(house)
    await handler_for(house, app, {"runs": "code", "code": code, **fields}, name=code)
    return app


async def test_code_is_asked_with_what_it_needs_and_names_the_user(house: House) -> None:
    app = await ticket_app(house)
    status, answer = await exchange(house, app, f"ticket:{ADA}", token_handler="Tickets")

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])
    (asked,) = ASKED
    assert (asked.token_type, asked.handler, asked.app_kind, asked.run_as) == ("jwt", "Tickets", "CA", ADA)
    assert not asked.is_actor
    assert "ticket" not in repr(asked)


@pytest.mark.parametrize(
    ("token", "says", "reason"),
    [
        ("forged", "token handler validation failed", "exchange.said_no"),
        ("said", "this ticket was torn", "exchange.said_no"),
        ("broken", "token handler validation failed", "exchange.code_failed"),
        ("odd", "token handler validation failed", "exchange.code_failed"),
        ("exits", "token handler validation failed", "exchange.code_failed"),
        ("words", "token handler validation failed", "exchange.said_no"),
        ("ticket:by word", "token handler validation failed", "exchange.code_failed"),
        ("ticket:zero", "token handler validation failed", "exchange.code_failed"),
        ("late", "token handler validation failed", "exchange.code_failed"),
        ("ticket:nobody", "token handler validation failed", "exchange.nobody_named"),
    ],
)
async def test_code_that_says_no_or_fails_gives_nothing(house: House, token: str, says: str, reason: str) -> None:
    app = await ticket_app(house)
    house.server = replace(house.server, handler_code=HandlerCode(deadline_s=0.1))

    assert await exchange(house, app, token) == (400, {"error": "invalid_request", "error_description": says})
    assert await house.reasons() == [reason]


@pytest.mark.parametrize("code", ["Missing", "Gone", "Shapeless"])
async def test_code_that_is_not_there_believes_nothing(house: House, code: str) -> None:
    app = await ticket_app(house, code)

    assert await exchange(house, app, f"ticket:{ADA}") == (400, FAILED)
    assert await house.reasons() == ["exchange.no_code"]


async def test_code_makes_no_user_where_the_record_does_not_allow_it(house: House) -> None:
    app = await ticket_app(house)

    assert await exchange(house, app, "ticket:new@harbour.example") == (400, UNAPPROVED)
    assert await house.reasons() == ["exchange.no_such_user"]


async def test_calls_that_hang_do_not_pile_up(house: House) -> None:
    app = await ticket_app(house)
    house.server = replace(house.server, handler_code=HandlerCode(deadline_s=0.2))
    answers = await asyncio.gather(*(exchange(house, app, "late") for _ in range(18)))

    assert answers == [(400, FAILED)] * 18
    assert len(ASKED) == 16
    # They hang still, and other code is asked all the same.
    spare = await ticket_app(house, "Spare")
    assert (await exchange(house, spare, f"ticket:{ADA}"))[0] == 200
