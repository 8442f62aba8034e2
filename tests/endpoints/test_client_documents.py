"""Clients that are known by the URL of a metadata document (draft-ietf-oauth-client-id-metadata-document; S31)."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from grantway import settings as s
from grantway.endpoints.client_documents import FRESH_MS
from grantway.manage.connected_apps import apps
from grantway.manage.registration import registering
from grantway.manage.usage.explain import explain
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Allowed
from grantway.protocol.client_document import is_approved, url_problem
from grantway.store.statement import Statement
from tests.endpoints.browsing import LOGIN, Browser, give_passwords, goes_to, page_error, told
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.signer import proof, signer
from tests.toolchain.certificate import write_certificate

LOOPBACK = "http://127.0.0.1:9000/callback"


@dataclass
class Host:
    """A host of others that serves a client's document, or what a test has it answer instead."""

    url: str
    document: dict[str, Any]
    status: str = "200 OK"
    content_type: str = "application/json"
    more: str = ""
    body: bytes | None = None
    asked: list[str] = field(default_factory=list)
    hold: bool = False
    keys: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client_id(self) -> str:
        """The address of the document, and so the id of its client."""
        return f"{self.url}/app/client.json"

    def answer(self) -> bytes:
        """What it says to whoever asks: the client's keys at /keys.json, its document elsewhere."""
        said = {"client_id": self.client_id} | self.document
        if self.asked[-1].startswith("GET /keys.json "):
            said = {"keys": self.keys}
        body = self.body if self.body is not None else json.dumps(said).encode()
        head = f"HTTP/1.1 {self.status}\r\ncontent-type: {self.content_type}\r\n{self.more}"
        return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("host") / "both.pem")


@pytest.fixture
async def host(certificate: Path) -> AsyncIterator[Host]:
    """An https host on this machine."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            found.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if found.hold:
                await over.wait()
            writer.write(found.answer())
            await writer.drain()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    about = {"client_name": "Notes reader", "redirect_uris": [CALLBACK, LOOPBACK]}
    found = Host(f"https://localhost:{server.sockets[0].getsockname()[1]}", about)
    try:
        yield found
    finally:
        over.set()
        server.close()


async def _let_in(house: House, *sources: str, on: bool = True) -> None:
    """Have the org let clients in by documents at these places."""
    values = json.dumps({"client_id_documents": on, "client_document_sources": list(sources)})
    await house.change("UPDATE org SET settings = :settings, version = version + 1", values)


@pytest.fixture
async def met(house: House, host: Host, certificate: Path) -> Browser:
    """A browser before a house that lets clients of that host in, and whose operator lets the server ask it."""
    await _let_in(house, host.url)
    house.server = replace(house.server, fetcher=Fetcher(Allowed([host.url]), str(certificate)))
    await give_passwords(house)
    return Browser(house)


def client(host: Host) -> TestApp:
    """The client of a host's document, as the house knows apps."""
    return TestApp("", host.client_id, "")


def public_key(number: int = 0) -> dict[str, Any]:
    """Return the public half of a signer's key as a JWK."""
    key = jwk.import_key(signer(number=number).pem, "RSA")
    return dict(key.as_dict(private=False))


async def explained(house: House) -> str:
    """Return what `explain` says of the newest refusal."""
    await house.server.refusals.flush()
    row = await house.db.one(Statement("SELECT request_id FROM refusal ORDER BY at DESC, request_id DESC LIMIT 1"))
    assert row is not None
    return (await explain(house.desk, str(row[0]))).means


async def apps_there(house: House) -> int:
    """Return how many apps there are."""
    row = await house.db.one(Statement("SELECT COUNT(*) FROM app"))
    return int(str(row[0])) if row else 0


async def test_its_person_logs_in_allows_and_the_client_gets_and_refreshes_tokens_without_a_secret(
    house: House, host: Host, met: Browser
) -> None:
    answer = await met.approve(client(host), door=STANDARDS, scope="openid offline_access")
    status, first = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS)
    assert status == 200, first
    status, second = await house.refresh(client(host), first["refresh_token"], client_secret="", door=STANDARDS)

    assert status == 200, second
    assert second["refresh_token"] != first["refresh_token"]
    assert len(host.asked) == 1, "only an authorization request asks for the document, and it is believed for a while"


async def test_many_who_log_in_at_one_moment_wait_for_one_request(host: Host, met: Browser) -> None:
    found = await asyncio.gather(*(met.ask(client(host), door=STANDARDS) for _ in range(8)))

    assert all(goes_to(one, LOGIN) for one in found)
    assert len(host.asked) == 1


async def test_it_is_an_app_of_the_org_that_says_what_its_document_says(house: House, host: Host, met: Browser) -> None:
    host.document |= {"client_uri": "https://notes.example", "scope": "openid full web"}
    assert goes_to(await met.ask(client(host), door=STANDARDS), LOGIN)

    app = await apps.find(house.desk, house.org, host.client_id)
    assert (app[s.LABEL], app[s.INFO_URL], app[s.CALLBACK_URL]) == (
        "Notes reader",
        "https://notes.example",
        (CALLBACK, LOOPBACK),
    )
    assert app[s.SCOPES] == ("openid", "refresh_token"), "never more than openly registered apps get"
    assert app[s.REQUIRE_PKCE]
    assert app.is_by_document
    rows = await house.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.client.register'"))
    assert "its metadata document" in str(rows[0][0])


async def test_the_host_asks_for_json_by_get_and_learns_nothing_else(host: Host, met: Browser) -> None:
    await met.ask(client(host), door=STANDARDS)

    assert host.asked[0].lower().splitlines()[:4] == [
        "get /app/client.json http/1.1",
        f"host: {host.url.removeprefix('https://')}",
        "user-agent: grantway",
        "accept: application/json",
    ]
    assert "cookie" not in host.asked[0].lower()


# What the host does, the reason, and what `explain` says.
UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "404 Not Found"}, "document.not_fetched", "the status 404"),
    ({"status": "302 Found", "more": "location: /other\r\n"}, "document.not_fetched", "the status 302"),
    ({"status": "500 Oops"}, "document.not_fetched", "the status 500"),
    ({"content_type": "text/html"}, "document.not_fetched", "served as text/html"),
    ({"content_type": "text/json"}, "document.not_fetched", "served as text/json"),
    ({"more": "content-encoding: gzip\r\n"}, "document.not_fetched", "compressed"),
    ({"body": b"x" * 10_241}, "document.not_fetched", "larger than 10 KB"),
    ({"body": b"not json"}, "document.unusable", "JSON"),
    ({"body": b"[]"}, "document.unusable", "JSON"),
    ({"document": {"client_id": None}}, "document.other_client", "another client_id"),
    ({"document": {"client_id": "https://evil.example/app/client.json"}}, "document.other_client", "another client_id"),
    ({"document": {"client_secret": "x"}}, "document.unusable", "it holds client_secret"),
    ({"document": {"client_secret_expires_at": 0}}, "document.unusable", "it holds client_secret_expires_at"),
    (
        {"document": {"token_endpoint_auth_method": "client_secret_basic"}},
        "document.unusable",
        "client authentication client_secret_basic",
    ),
    (
        {"document": {"token_endpoint_auth_method": "private_key_jwt"}},
        "document.unusable",
        "neither jwks, with a list of keys, nor jwks_uri",
    ),
    ({"document": {"redirect_uris": []}}, "document.unusable", "redirect_uris"),
    ({"document": {"redirect_uris": ["http://app.example/cb"]}}, "document.unusable", "http://"),
    ({"document": {"redirect_uris": ["javascript:alert(1)"]}}, "document.unusable", "javascript:"),
    ({"document": {"grant_types": ["client_credentials"]}}, "document.unusable", "client_credentials"),
    ({"document": {"response_types": ["token"]}}, "document.unusable", "token"),
]


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(("spoilt", "reason", "says"), UNFIT)
async def test_a_document_that_cannot_be_used_makes_no_app_and_is_asked_for_again(
    house: House, host: Host, met: Browser, spoilt: dict[str, Any], reason: str, says: str
) -> None:
    whole: dict[str, Any] = dict(vars(host))
    wrong: dict[str, Any] = dict(spoilt)
    wrong["document"] = {**host.document, **spoilt.get("document", {})}
    for name, value in wrong.items():
        setattr(host, name, value)

    refused = await met.ask(client(host), door=STANDARDS)

    assert page_error(refused) == "invalid_client"
    assert await house.reasons() == [reason]
    assert says in await explained(house)
    assert await apps_there(house) == 0
    for name, value in whole.items():
        setattr(host, name, value)
    assert goes_to(await met.ask(client(host), door=STANDARDS), LOGIN), "an error is not kept"


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/c.json",
        "https://10.0.0.1/c.json",
        "https://169.254.169.254/latest",
        "https://[::1]/c.json",
        "https://[::ffff:7f00:1]/c.json",
        "https://2130706433/c.json",
        "https://localhost:1/c.json",
    ],
)
async def test_no_address_that_is_not_public_is_asked_though_an_administrator_approved_it(
    house: House, browser: Browser, url: str
) -> None:
    await _let_in(house, url.rpartition("/")[0])

    refused = await browser.ask(TestApp("", url, ""), door=STANDARDS)

    assert page_error(refused) == "invalid_client"
    assert await house.reasons() == ["document.not_fetched"]
    assert "not on the public network" in await explained(house)


@pytest.mark.requirement("S31")
async def test_a_host_that_does_not_answer_delays_nobody_for_long(
    house: House, host: Host, met: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = dict(Fetcher.fetch.__kwdefaults__ or {})
    monkeypatch.setattr(Fetcher.fetch, "__kwdefaults__", defaults | {"deadline_s": 0.2})
    host.hold = True

    refused = await met.ask(client(host), door=STANDARDS)

    assert page_error(refused) == "invalid_client"
    assert "it took longer than" in await explained(house)


@pytest.mark.enforces("client_id_documents")
async def test_without_the_switch_nobody_is_known_by_a_document(house: House, host: Host, met: Browser) -> None:
    await _let_in(house, host.url, on=False)

    assert page_error(await met.ask(client(host), door=STANDARDS)) == "invalid_client"
    assert await house.reasons() == ["document.off"]
    assert host.asked == []


@pytest.mark.enforces("client_document_sources")
async def test_only_from_approved_places(house: House, host: Host, met: Browser) -> None:
    await _let_in(house, "https://elsewhere.example", f"{host.url}/app/other.json")

    assert page_error(await met.ask(client(host), door=STANDARDS)) == "invalid_client"
    assert await house.reasons() == ["document.not_approved"]
    assert host.asked == []
    await _let_in(house, host.client_id)
    assert goes_to(await met.ask(client(host), door=STANDARDS), LOGIN)


@pytest.mark.enforces("client_id_documents")
@pytest.mark.enforces("client_document_sources")
@pytest.mark.parametrize(("sources", "on"), [(False, True), (True, False)], ids=["place taken back", "switched off"])
async def test_what_is_taken_back_ends_the_clients_too_that_are_apps_already(
    house: House, host: Host, met: Browser, sources: bool, on: bool
) -> None:
    answer = await met.approve(client(host), door=STANDARDS, scope="openid offline_access")
    _, tokens = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS)
    await _let_in(house, *([host.url] if sources else []), on=on)

    status, refused = await house.refresh(client(host), tokens["refresh_token"], client_secret="", door=STANDARDS)

    assert (status, refused["error"]) == (401, "invalid_client")
    assert await house.reasons() == ["document.off" if sources else "document.not_approved"]


async def test_salesforces_door_knows_no_clients_by_documents(house: House, host: Host, met: Browser) -> None:
    assert page_error(await met.ask(client(host), door=SALESFORCE)) == "invalid_client_id"
    house.clock.advance(ms=1)
    await met.ask(client(host), door=STANDARDS)
    assert page_error(await met.ask(client(host), door=SALESFORCE)) == "invalid_client_id"
    assert await house.reasons() == ["client.unknown", "client.door_closed"]
    assert len(host.asked) == 1


async def test_an_unknown_one_costs_no_request_at_the_token_endpoint(house: House, host: Host, met: Browser) -> None:
    del met
    status, refused = await house.redeem(client(host), "x", client_secret="", door=STANDARDS)

    assert (status, refused["error"]) == (401, "invalid_client")
    assert host.asked == []


async def test_after_a_quarter_of_an_hour_the_document_counts_as_it_is_then(
    house: House, host: Host, met: Browser
) -> None:
    await met.ask(client(host), door=STANDARDS)
    host.document["redirect_uris"] = [CALLBACK]
    host.document["client_name"] = "Notes reader 2"
    assert goes_to(await met.ask(client(host), door=STANDARDS, redirect_uri=LOOPBACK), LOGIN)

    house.clock.advance(minutes=15)

    assert page_error(await met.ask(client(host), door=STANDARDS, redirect_uri=LOOPBACK)) == "invalid_request"
    assert (await apps.find(house.desk, house.org, host.client_id))[s.LABEL] == "Notes reader 2"
    rows = await house.db.all(Statement("SELECT detail FROM event WHERE kind = 'admin.client.change'"))
    assert len(rows) == 1
    assert len(host.asked) == 2


async def test_one_that_cannot_be_had_any_more_lets_nobody_log_in_but_ends_no_tokens(
    house: House, host: Host, met: Browser
) -> None:
    answer = await met.approve(client(host), door=STANDARDS, scope="openid offline_access")
    _, tokens = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS)
    host.status = "404 Not Found"
    house.clock.advance(minutes=15)

    assert page_error(await met.ask(client(host), door=STANDARDS)) == "invalid_client"
    assert (await house.refresh(client(host), tokens["refresh_token"], client_secret="", door=STANDARDS))[0] == 200


async def test_an_administrator_blocks_it_as_any_app(house: House, host: Host, met: Browser) -> None:
    answer = await met.approve(client(host), door=STANDARDS, scope="openid")
    _, tokens = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS)
    await apps.block(house.desk, house.org, host.client_id, blocked=True)

    assert told(await met.ask(client(host), door=STANDARDS))["error"] == "unauthorized_client"
    web = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await met.client.get(f"{STANDARDS}/userinfo", headers=web)).status_code == 401


async def _blocked(house: House, host: Host) -> None:
    await apps.block(house.desk, house.org, host.client_id, blocked=True)


async def _for_few(house: House, host: Host) -> None:
    await apps.change(house.desk, house.org, host.client_id, {"permitted_users": "admin_approved"})


@pytest.mark.parametrize("decide", [_blocked, _for_few], ids=["blocked", "for few users"])
async def test_what_an_administrator_decided_of_it_outlasts_a_time_of_no_use(
    house: House, host: Host, met: Browser, decide: Any
) -> None:
    await met.ask(client(host), door=STANDARDS)
    await decide(house, host)
    held = await apps.find(house.desk, house.org, host.client_id)
    house.clock.advance(days=100)

    assert await registering.sweep_unused(house.desk) == 0
    await met.ask(client(host), door=STANDARDS)
    assert (await apps.find(house.desk, house.org, host.client_id)).policy == held.policy


async def test_no_secret_is_ever_taken_for_it(house: House, host: Host, met: Browser) -> None:
    answer = await met.approve(client(host), door=STANDARDS, scope="openid")
    secret = (await apps.find(house.desk, house.org, host.client_id)).secret.reveal()

    status, refused = await house.redeem(client(host), answer["code"], client_secret=secret, door=STANDARDS)

    assert (status, refused["error"]) == (401, "invalid_client")
    assert await house.reasons() == ["client.other_method"]


async def test_with_a_key_in_its_document_it_proves_itself_by_it(house: House, host: Host, met: Browser) -> None:
    host.document |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public_key()]}}
    answer = await met.approve(client(host), door=STANDARDS, scope="openid")
    said = proof(house, client(host), door=STANDARDS)

    without = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS)
    status, tokens = await house.redeem(client(host), answer["code"], client_secret="", door=STANDARDS, **said)

    assert (without[0], without[1]["error"]) == (401, "invalid_client")
    assert status == 200, tokens


async def test_with_keys_at_a_url_it_proves_itself_by_each_of_them_and_both_kinds_are_refused(
    house: House, host: Host, met: Browser
) -> None:
    host.document |= {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"{host.url}/keys.json"}
    host.keys = [public_key(2) | {"use": "enc"}, public_key(), public_key(1)]
    codes = [(await met.approve(client(host), door=STANDARDS, scope="openid"))["code"]]
    codes.append(told(await met.ask(client(host), door=STANDARDS, scope="openid"))["code"])
    said = [proof(house, client(host), door=STANDARDS, number=number, jti=str(number)) for number in (2, 0, 1)]

    for code, proves, status in zip((codes[0], *codes), said, (401, 200, 200), strict=True):
        assert (await house.redeem(client(host), code, client_secret="", door=STANDARDS, **proves))[0] == status

    host.document["jwks"] = {"keys": host.keys}
    house.clock.advance(ms=FRESH_MS)
    assert page_error(await met.ask(client(host), door=STANDARDS)) == "invalid_client"
    assert "both jwks and jwks_uri" in await explained(house)


@pytest.mark.requirement("S8")
async def test_the_consent_page_shows_the_address_and_warns_of_programs_on_the_device(
    house: House, host: Host, met: Browser
) -> None:
    page = await met.to_consent(client(host), door=STANDARDS, scope="openid", redirect_uri=LOOPBACK)
    site = host.url.removeprefix("https://")

    assert f"Published by <b><bdi>{site}</bdi></b>" in page.text
    assert f"known only by its address, {host.client_id}" in page.text
    assert "a program on your own device" in page.text
    del house


async def test_discovery_says_so_where_it_is_so_at_all_three_places(
    house: House, host: Host, met: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grantway.store.custom_claims._FRESH_S", 0)
    places = [
        "/oidc/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/oidc",
        "/.well-known/openid-configuration/oidc",
    ]
    found = [(await met.get(place)).json() for place in places]
    assert found[0]["client_id_metadata_document_supported"] is True
    assert found[0] == found[1] == found[2]
    assert "client_id_metadata_document_supported" not in (await met.get("/.well-known/openid-configuration")).json()

    await _let_in(house, host.url, on=False)
    for place in places:
        assert "client_id_metadata_document_supported" not in (await met.get(place)).json()


async def test_openly_registered_apps_and_these_share_one_limit(house: House, host: Host, met: Browser) -> None:
    await house.change("INSERT INTO registration_pace VALUES (:address, :now, 20)", met.address, house.clock.now_ms())

    assert page_error(await met.ask(client(host), door=STANDARDS)) == "temporarily_unavailable"
    assert await apps_there(house) == 0


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://mcp.example/client.json", ""),
        ("https://mcp.example:8443/a/b", ""),
        ("https://mcp.example", "no path"),
        ("https://mcp.example/", "no path"),
        ("https://mcp.example/c#a", "fragment"),
        ("https://mcp.example/c?a=1", "query"),
        ("https://mcp.example/a/../c", "or .."),
        ("https://mcp.example/./c", "or .."),
        ("https://mcp.example/%2e%2E/c", "or .."),
        ("https://me@mcp.example/c", "username"),
        ("https://MCP.example/c", "lower case"),
        ("https://mcp.example:443/c", "the port"),
        ("https://mcp.example:/c", "the port"),
        ("https://mcp.example:x/c", "no URL"),
        ("https:///c", "a host"),
        ("https://mcp.example/c d", "no URL"),
        ("https://mcp.example/\u00e9", "no URL"),
        ("https://mcp.example\\@evil.example/c", "no URL"),
        ("https://mcp.example/" + "a" * 500, "longer than 500"),
    ],
)
def test_one_document_has_one_address(url: str, problem: str) -> None:
    assert problem in url_problem(url)
    assert bool(problem) is bool(url_problem(url))


@pytest.mark.parametrize(
    ("url", "sources", "approved"),
    [
        ("https://a.example/c", ("https://a.example",), True),
        ("https://a.example/c", ("https://a.example/",), True),
        ("https://a.example/c", ("https://a.example/c",), True),
        ("https://a.example/c/d", ("https://a.example/c",), False),
        ("https://a.example.evil/c", ("https://a.example",), False),
        ("https://b.a.example/c", ("https://a.example",), False),
        ("https://a.example:8443/c", ("https://a.example",), False),
        ("https://a.example/c", (), False),
    ],
)
def test_a_place_is_a_whole_host_or_one_address(url: str, sources: tuple[str, ...], approved: bool) -> None:
    assert is_approved(url, sources) is approved
