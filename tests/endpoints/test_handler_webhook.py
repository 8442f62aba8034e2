"""Token exchange handlers that are webhooks: what they are sent, how it is signed, and what their answers may be."""

import asyncio
import hmac
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grantway.endpoints.handler_webhook import Webhooks
from grantway.manage.exchange import token_handlers
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.manage.usage.explain import explain
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Allowed
from grantway.settings import token_handlers as f
from grantway.store.statement import Statement
from tests.endpoints.house import STANDARDS, House, TestApp
from tests.endpoints.issuer import exchanging_app, handler_for
from tests.endpoints.test_guests import GUEST, claims_of, guests_app
from tests.endpoints.test_token_exchange import FAILED, TYPE, UNAPPROVED, exchange, manager

ADA = "ada@harbour.example"
SECRET = "s3cret-of-the-webhook-long-enough-to-sign"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "token-exchange.md"


@dataclass
class Hook:
    """A receiver on this machine: what it answers, and what it was sent."""

    url: str = ""
    answer: bytes = b""
    status: bytes = b"200 OK"
    head: bytes = b""
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)
    opens: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most: int = 0

    def says(self, **answer: Any) -> None:
        """Answer this from now on."""
        self.answer = json.dumps(answer).encode()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, once the door is open."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        self.asked.append((head, await reader.readexactly(length)))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        left, opened = asyncio.ensure_future(reader.read()), asyncio.ensure_future(self.opens.wait())
        await asyncio.wait((left, opened), return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        opened.cancel()
        self.at_once -= 1
        writer.write(b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n" % (self.status, self.head, len(self.answer)))
        writer.write(b"Connection: close\r\n\r\n" + self.answer)
        writer.close()


@pytest.fixture
async def hook(house: House) -> AsyncIterator[Hook]:
    """A receiver that believes every token to be ada's, and that the house's server may ask."""
    hook = Hook()
    hook.opens.set()
    hook.says(valid=True, user={"by": "username", "value": ADA})
    server = await asyncio.start_server(hook.talk, "127.0.0.1", 0)
    hook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    house.server = replace(house.server, fetcher=Fetcher(Allowed([hook.url])))
    yield hook
    hook.opens.set()
    server.close()


async def hooked_app(house: House, url: str, **fields: Any) -> TestApp:
    """An app whose handler is a webhook."""
    app = await exchanging_app(house)
    await handler_for(house, app, {"runs": "webhook", "webhook_url": url, "webhook_secret": SECRET, **fields})
    return app


async def hooked_guests(house: House, hook: Hook) -> TestApp:
    """An app whose webhook lets guests in."""
    asked = users.NewUser(username=GUEST, email="shop@harbour.example", profile="Standard", guest=True)
    await users.create(house.desk, house.org, asked)
    app = await guests_app(house)
    fields = {"runs": "webhook", "webhook_url": hook.url, "webhook_secret": SECRET, "guest_user": GUEST}
    await handler_for(house, app, fields)
    return app


async def test_a_webhook_is_sent_the_token_signed_and_names_the_user(house: House, hook: Hook) -> None:
    app = await hooked_app(house, f"{hook.url}/hook")
    status, answer = await exchange(house, app, "ticket-7")

    assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])
    ((head, body),) = hook.asked
    now = house.clock.now_ms() // 1000
    ((name,),) = await house.db.all(Statement("SELECT name FROM app WHERE id = :id"), app.id)
    assert json.loads(body) == {
        "token": "ticket-7",
        "token_type": "jwt",
        "is_actor": False,
        "handler": "Harbour_IdP",
        "app": name,
        "app_kind": "CA",
        "run_as": ADA,
        "now": now,
    }
    proof = hmac.digest(SECRET.encode(), b"%d." % now + body, "sha256").hex()
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"\r\nGrantway-Signature: t=%d,v1=%s\r\n" % (now, proof.encode()) in head
    assert b"\r\nContent-Type: application/json\r\n" in head


@pytest.mark.parametrize(
    ("answer", "told", "reason", "says"),
    [
        ({"valid": False, "says": 'this "ticket"\nwas torn'}, "this ticket was torn", "said_no", "was torn"),
        ({"valid": False}, "", "said_no", "it gave no reason"),
        ({}, "", "webhook_failed", "another form than is asked for, at $"),
        ({"valid": "true"}, "", "webhook_failed", "at $.valid"),
        ({"valid": 1}, "", "webhook_failed", "at $.valid"),
        ({"valid": True, "the-token-as-a-name": 1}, "", "webhook_failed", "another form than is asked for, at $"),
        ({"valid": True, "user": {"by": "shoe size", "value": "7"}}, "", "webhook_failed", "at $.user.by"),
        ({"valid": True, "user": {"by": "email"}}, "", "webhook_failed", "at $.user"),
        ({"valid": True, "user": {"by": "email", "value": 7}}, "", "webhook_failed", "at $.user.value"),
        (
            {"valid": True, "user": {"by": "email", "value": "a", "new": {"email": "a"}}},
            "",
            "webhook_failed",
            "at $.user.new",
        ),
        ({"valid": True, "user": {"by": "federation_id", "value": "A\0"}}, "", "webhook_failed", "cannot be shown"),
        ({"valid": True, "user": {"by": "federation_id", "value": "A" * 300}}, "", "webhook_failed", "too long"),
        ({"valid": True, "user": {"by": "email", "value": "\ud800"}}, "", "webhook_failed", "cannot be shown"),
        ({"valid": True}, "", "nobody_named", "nobody"),
        ({"valid": True, "user": None}, "", "nobody_named", "nobody"),
        (b"[true]", "", "webhook_failed", "not a JSON object"),
        (b'{"valid": true, "valid": false}', "", "webhook_failed", "a member twice"),
        (b"\xff", "", "webhook_failed", "not JSON"),
        (b"", "", "webhook_failed", "not JSON"),
        (b"[" * 60_000, "", "webhook_failed", "not JSON"),
        (b" " * 70_000, "", "webhook_failed", "larger than 64 KB"),
    ],
)
async def test_an_answer_that_is_not_what_was_asked_for_gives_nothing_and_is_explained(
    house: House, hook: Hook, answer: dict[str, Any] | bytes, told: str, reason: str, says: str
) -> None:
    app = await hooked_app(house, hook.url)
    hook.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    told = told or FAILED["error_description"]

    assert await exchange(house, app, "ticket-7") == (400, {"error": "invalid_request", "error_description": told})
    assert await house.reasons() == [f"exchange.{reason}"]
    ((request_id,),) = await house.db.all(Statement("SELECT request_id FROM refusal"))
    explained = await explain(house.desk, str(request_id))
    assert says in explained.means
    assert "the-token-as-a-name" not in str(explained)


@pytest.mark.parametrize("status", [b"204 No Content", b"302 Found", b"401 Unauthorized", b"503 Unavailable"])
async def test_another_status_is_a_no_and_a_redirect_is_not_followed(house: House, hook: Hook, status: bytes) -> None:
    app = await hooked_app(house, hook.url)
    hook.status, hook.head = status, b"Location: %s/there\r\n" % hook.url.encode()
    hook.answer = b"" if status.startswith(b"204") else hook.answer

    assert await exchange(house, app, "ticket-7") == (400, FAILED)
    assert await house.reasons() == ["exchange.webhook_failed"]
    assert len(hook.asked) == 1


@pytest.mark.requirement("S31")
async def test_a_webhook_leads_nowhere_inside_unless_the_operator_allows_it(house: House, hook: Hook) -> None:
    app = await hooked_app(house, hook.url)
    house.server = replace(house.server, fetcher=Fetcher())

    assert await exchange(house, app, "ticket-7") == (400, FAILED)
    assert hook.asked == []


@pytest.mark.requirement("S32")
async def test_a_webhook_that_hangs_is_left_in_time_and_asked_no_more_than_eight_times_at_once(
    house: House, hook: Hook
) -> None:
    app = await hooked_app(house, hook.url)
    hook.opens.clear()
    server = house.server
    hasty = replace(server.token_handlers, webhooks=Webhooks(server.fetcher, server.ring, deadline_s=1.5))
    object.__setattr__(server, "token_handlers", hasty)

    assert await asyncio.gather(*(exchange(house, app, "late") for _ in range(20))) == [(400, FAILED)] * 20
    assert hook.most == 8
    hook.opens.set()
    # Those that wait for a turn get it, and nothing is left over of those that gave up.
    answers = await asyncio.gather(*(exchange(house, app, "ticket-7") for _ in range(20)))
    assert [status for status, _ in answers] == [200] * 20
    assert (hasty.webhooks._turns, hasty.webhooks._present) == ({}, {})


async def test_the_requests_to_one_host_wait_for_each_other_whatever_the_port(house: House, hook: Hook) -> None:
    """Else those of a second port are refused, for the server asks no host more than eight times at once."""
    first = await hooked_app(house, hook.url)
    async with await asyncio.start_server(hook.talk, "127.0.0.1", 0) as server:
        other = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        house.server = replace(house.server, fetcher=Fetcher(Allowed([hook.url, other])))
        second = await exchanging_app(house)
        fields = {"runs": "webhook", "webhook_url": other, "webhook_secret": SECRET}
        await handler_for(house, second, fields, name="Other")
        answers = await asyncio.gather(*(exchange(house, app, "ticket-7") for app in (first, second) for _ in range(8)))

    assert [status for status, _ in answers] == [200] * 16


async def test_a_webhook_that_names_a_blank_names_nobody(house: House, hook: Hook) -> None:
    """Whoever has no name would be one guest with all others who have none."""
    app = await hooked_guests(house, hook)
    for value in ("", " "):
        hook.says(valid=True, user={"by": "username", "value": value})
        assert await exchange(house, app, "ticket-7") == (400, FAILED)
    assert await house.reasons() == ["exchange.nobody_named"] * 2


async def test_a_webhook_makes_users_where_the_record_allows_it(house: House, hook: Hook) -> None:
    new = {"username": "cy@harbour.example", "email": "cy@harbour.example", "last_name": "Stern"}
    hook.says(valid=True, user={"by": "federation_id", "value": "H-100", "new": new})
    app = await hooked_app(house, hook.url, new_user_profile="Standard")

    assert await exchange(house, app, "ticket-7") == (400, UNAPPROVED)
    await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"user_creation": True})
    await token_handlers.enable(house.desk, house.org, "Harbour_IdP", app.id, await manager(house), is_default=True)
    status, answer = await exchange(house, app, "ticket-7")
    assert status == 200
    assert (await exchange(house, app, "ticket-7"))[1]["id"] == answer["id"]


async def test_a_webhook_says_by_what_a_guest_is_known(house: House, hook: Hook) -> None:
    app = await hooked_guests(house, hook)
    visitor = "8c1e3b0a-4c1f-4f6e-9a51-3f2d8f0f2a11"
    hook.says(valid=True, user={"by": "email", "value": "a@elsewhere.example", "visitor": visitor})

    assert claims_of((await exchange(house, app, "ticket-7"))[1]["access_token"])["uvid"] == visitor


async def test_an_actor_is_named_by_the_claims(house: House, hook: Hook) -> None:
    app = await hooked_app(house, hook.url)
    hook.says(valid=True, user={"by": "username", "value": ADA}, claims={"sub": "bot-1", "iss": "https://bots.example"})
    actor = {"actor_token": "ticket-8", "actor_token_type": TYPE + "jwt"}
    status, answer = await exchange(house, app, "ticket-7", door=STANDARDS, **actor)

    assert status == 200
    assert "refresh_token" not in answer
    assert [json.loads(body)["is_actor"] for _, body in hook.asked] == [False, True]
    hook.says(valid=True, user={"by": "username", "value": ADA}, claims={"sub": "\ud800"})
    assert (await exchange(house, app, "ticket-7", door=STANDARDS, **actor))[0] == 400


async def test_the_secret_is_sealed_long_enough_and_forgotten_with_its_url(house: House, hook: Hook) -> None:
    await hooked_app(house, hook.url)
    change, org = token_handlers.change, house.org
    kept = await change(house.desk, org, "Harbour_IdP", {"webhook_secret": "", "label": "Another"})
    moved = await change(house.desk, org, "Harbour_IdP", {"webhook_url": "https://other.example/hook"})

    assert SECRET not in kept.row.settings
    assert (kept.missing(), bool(kept.box(f.WEBHOOK_SECRET))) == ((), True)
    assert moved.missing() == ("webhook_secret: by which this server proves itself there",)
    with pytest.raises(ManageProblem, match="at least 32 characters"):
        await change(house.desk, org, "Harbour_IdP", {"webhook_secret": "short"})
    assert SECRET not in str(await house.db.all(Statement("SELECT detail FROM event")))


@contextmanager
def documented_receiver(house: House, folder: Path) -> Iterator[str]:
    """Run the receiver that the documentation shows, by the house's clock; give its address."""
    (code,) = (block for block in DOCUMENT.read_text().split("```python\n") if "class Receiver" in block)
    (file := folder / "receiver.py").write_text(code.partition("```")[0])
    spec = spec_from_file_location("receiver", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    place = vars(module)
    place["time"] = SimpleNamespace(time=lambda: place["now_s"])
    place["now_s"] = house.clock.now_ms() / 1000
    place["Receiver"].log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), place["Receiver"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_the_receiver_of_the_documentation_works_as_it_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    with documented_receiver(house, tmp_path) as url:
        house.server = replace(house.server, fetcher=Fetcher(Allowed([url])))
        app = await hooked_app(house, url)
        status, answer = await exchange(house, app, "ticket-7")
        assert (status, answer["id"][-18:]) == (200, house.user_ids["ada"])
        told = {"error": "invalid_request", "error_description": "no such ticket"}
        assert await exchange(house, app, "ticket-8") == (400, told)
        # Signed by another, and signed too long ago: it answers neither.
        await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"webhook_secret": SECRET[::-1]})
        assert await exchange(house, app, "ticket-7") == (400, FAILED)
        await token_handlers.change(house.desk, house.org, "Harbour_IdP", {"webhook_secret": SECRET})
        house.clock.advance(minutes=6)
        assert await exchange(house, app, "ticket-7") == (400, FAILED)
        assert await house.reasons() == ["exchange.said_no", "exchange.webhook_failed", "exchange.webhook_failed"]
