"""The guarded fetch: what it asks, whom, and within which bounds (decision 13, S31, S32)."""

import asyncio
import ssl
from pathlib import Path

import pytest

from grantway.outbound.fetch import Fetcher, Lane
from grantway.outbound.target import Allowed, Unfetched
from tests.outbound.peer import Serve
from tests.toolchain.certificate import write_certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Type: Image/PNG; x=1\r\nContent-Length: 4\r\n\r\nbody"


async def why(fetcher: Fetcher, url: str, **bounds: float | Lane) -> str:
    """Return why a URL is not fetched."""
    with pytest.raises(Unfetched) as refused:
        await fetcher.fetch(url, **bounds)  # type: ignore[arg-type]
    return refused.value.why


async def test_an_answer_comes_with_its_status_type_and_body(serve: Serve) -> None:
    peer = await serve(OK)

    got = await peer.fetcher().fetch(f"{peer.url}/logo.png?size=1", accept="image/png")

    assert (got.status, got.content_type, got.body) == (200, "image/png", b"body")
    asked = peer.asked[0].decode()
    assert asked.startswith("GET /logo.png?size=1 HTTP/1.1\r\n")
    assert f"Host: {peer.url.removeprefix('http://')}\r\n" in asked
    assert "Accept: image/png\r\n" in asked
    assert "cookie" not in asked.lower()
    assert "authorization" not in asked.lower()


async def test_a_body_is_posted_with_its_type(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 204 No Content\r\n\r\n")

    got = await peer.fetcher().fetch(peer.url, body=b'{"a":1}', content_type="application/json")

    assert got.status == 204
    assert peer.asked[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"Content-Type: application/json\r\nContent-Length: 7\r\n" in peer.asked[0]
    assert peer.asked[0].endswith(b'\r\n\r\n{"a":1}')


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/",
        "https://0177.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
        "https://10.0.0.1:8443/", "https://[fe80::1]/", "https://0.0.0.0/", "https://[::]/",
    ],
)  # fmt: skip
async def test_what_is_not_on_the_public_network_is_not_asked(url: str) -> None:
    assert await why(Fetcher(), url) == "its host is not on the public network"


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    ("addresses", "says"),
    [
        (["8.8.8.8", "127.0.0.1"], "its host is not on the public network"),
        (["8.8.8.8", "::1"], "its host is not on the public network"),
        ([], "its host is not on the public network"),
    ],
)
async def test_a_name_with_one_address_that_is_not_public_is_not_asked(
    addresses: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(0, 0, 0, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    assert await why(Fetcher(), "https://both.example/") == says


@pytest.mark.requirement("S31")
async def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere a moment later (DNS rebinding) gains nothing: it is asked for once."""
    asked = []
    reached = []

    async def resolve(host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append(host)
        return [(0, 0, 0, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", 443))]

    async def connect(host: str, port: int, **tls: object) -> None:
        reached.append((host, port, tls["server_hostname"]))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(asyncio, "open_connection", connect)

    assert await why(Fetcher(), "https://twice.example/") == "it could not be reached"
    assert asked == ["twice.example"]
    assert reached == [("8.8.8.8", 443, "twice.example")]


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com/", "its address is not https"),
        ("ftp://example.com/", "its address is no https URL"),
        ("file:///etc/passwd", "its address is no https URL"),
        ("//example.com/", "its address is no https URL"),
        ("https:///path", "its address is no https URL"),
        ("https://name:word@example.com/", "its address holds a username or password"),
        ("https://example.com:99999/", "its address is no URL"),
        ("https://exa mple.com/", "its address is no plain URL"),
        ("https://example.com/\r\nHost: other", "its address is no plain URL"),
        ("https://example.com\\@127.0.0.1/", "its address is no plain URL"),
        ("https://" + "a" * 2400, "its address is no plain URL"),
        ("https://nowhere.invalid/", "its host name is not known"),
        ("https://" + "a" * 70 + ".example/", "its host name is not known"),
    ],
)
async def test_what_is_no_https_url_is_not_asked(url: str, says: str) -> None:
    assert await why(Fetcher(), url) == says


@pytest.mark.requirement("S31")
async def test_the_operators_list_opens_an_origin_and_no_other_port_or_scheme_of_it(serve: Serve) -> None:
    open_one, other = await serve(OK), await serve(OK)

    assert (await open_one.fetcher().fetch(open_one.url)).status == 200
    assert await why(open_one.fetcher(), other.url) == "its address is not https"
    assert await why(open_one.fetcher(), other.url.replace("http:", "https:")) == (
        "its host is not on the public network"
    )
    assert other.asked == []


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "https://", "https://a.example/path", "ftp://a.example", "https://u@a.b"]
)
def test_what_is_no_origin_is_not_taken_onto_the_list(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        Allowed([text])


@pytest.mark.requirement("S31")
async def test_a_redirect_is_an_answer_and_is_not_followed(serve: Serve) -> None:
    inner = await serve(OK)
    peer = await serve(f"HTTP/1.1 302 Found\r\nLocation: {inner.url}\r\nContent-Length: 0\r\n\r\n".encode())

    got = await Fetcher(Allowed([peer.url, inner.url])).fetch(peer.url)

    assert got.status == 302
    assert inner.asked == []


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n", "it is larger than 1 KB"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1025, "it is larger than 1 KB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" + b"x" * 1025, "it is larger than 1 KB"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n",
            "it answered with something compressed, which was not asked for",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "what answered does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, "what answered does not speak HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", "what answered does not speak HTTP"),
        (b"", "what answered does not speak HTTP"),
    ],
)
async def test_what_is_too_large_or_no_answer_is_not_taken(serve: Serve, answer: bytes, says: str) -> None:
    peer = await serve(answer)

    assert await why(peer.fetcher(), peer.url, limit=1024) == says


@pytest.mark.requirement("S32")
async def test_who_does_not_answer_in_time_is_left(serve: Serve) -> None:
    peer = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow", hold=True)

    assert await why(peer.fetcher(), peer.url, deadline_s=0.05) == "it took longer than 0.05 s"


@pytest.mark.requirement("S32")
async def test_a_slow_host_takes_four_places_and_leaves_the_others(serve: Serve) -> None:
    slow, quick = await serve(b"", hold=True), await serve(OK)
    fetcher = Fetcher(Allowed([slow.url, quick.url.replace("127.0.0.1", "localhost")]))
    waiting = [asyncio.create_task(why(fetcher, slow.url, deadline_s=0.2)) for _ in range(5)]
    await asyncio.sleep(0)

    assert (await fetcher.fetch(quick.url.replace("127.0.0.1", "localhost"))).status == 200
    said = sorted(await asyncio.gather(*waiting))
    assert said == ["it took longer than 0.2 s"] * 4 + ["too many requests to others are under way: try again later"]


@pytest.mark.requirement("S31")
async def test_requests_of_another_lane_to_one_host_do_not_take_the_places_of_each_other(serve: Serve) -> None:
    """A host may have both webhooks and a key set: many tokens under way must not hide the keys."""
    slow, quick = await serve(b"", hold=True), await serve(OK)
    fetcher = Fetcher(Allowed([slow.url, quick.url]))
    webhooks = Lane("webhooks", 8)
    waiting = [asyncio.ensure_future(why(fetcher, slow.url, deadline_s=0.2, lane=webhooks)) for _ in range(9)]
    await asyncio.sleep(0)

    assert (await fetcher.fetch(quick.url)).status == 200
    said = sorted(await asyncio.gather(*waiting))
    assert said == ["it took longer than 0.2 s"] * 8 + ["too many requests to others are under way: try again later"]


@pytest.mark.requirement("S31")
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(serve: Serve, tmp_path: Path) -> None:
    pem = write_certificate(tmp_path / "peer.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem)
    peer = await serve(OK, tls=tls)

    assert (await why(peer.fetcher(), peer.url)).startswith("its certificate is not trusted")
    assert (await peer.fetcher(str(pem)).fetch(peer.url)).body == b"body"


def test_a_file_without_certificates_vouches_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")

    with pytest.raises(ValueError, match="holds no certificates"):
        Fetcher(extra_ca=str(tmp_path / "none.pem"))
