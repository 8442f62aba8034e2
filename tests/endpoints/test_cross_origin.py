"""What pages of other origins may read, and what may be kept (salesforce-oauth.md 1.9; clients.md 7.11; S6)."""

import httpx
import pytest

from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import bearer, in_body

OPEN = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/auth-configuration",
    "/oidc/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/oidc",
    "/id/keys",
    "/oidc/jwks",
]
CLOSED = [
    *(f"{door}/{path}" for door in (SALESFORCE, STANDARDS) for path in ("authorize", "token", "revoke", "introspect")),
    f"{SALESFORCE}/userinfo",
    f"{STANDARDS}/userinfo",
    "/login",
    "/id/00D/005",
]
ORIGIN = {"origin": "https://app.example"}


@pytest.mark.requirement("S6")
@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("origin", ["https://app.example", "null", ""])
async def test_documents_and_keys_may_be_read_from_anywhere_without_credentials(
    web: httpx.AsyncClient, path: str, origin: str
) -> None:
    reply = await web.get(path, headers={"origin": origin} if origin else {})

    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("path", OPEN)
async def test_a_page_that_sends_a_header_of_its_own_is_let_through(web: httpx.AsyncClient, path: str) -> None:
    """clients.md 7.11."""
    asked = {**ORIGIN, "access-control-request-method": "GET", "access-control-request-headers": "MCP-Protocol-Version"}
    reply = await web.options(path, headers=asked)

    assert reply.status_code == 204
    assert reply.content == b""
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "GET" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "*"


@pytest.mark.requirement("S6")
@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("origin", ["https://app.example", "null", "http://localhost:8400"])
async def test_no_page_of_another_origin_may_read_anything_else(web: httpx.AsyncClient, path: str, origin: str) -> None:
    """No origin is on a list: there is none yet."""
    asked = {"origin": origin, "access-control-request-method": "POST"}
    replies = [
        await web.options(path, headers=asked),
        await web.get(path, headers=asked),
        await web.post(path, headers=asked),
    ]

    for reply in replies:
        assert not any(name.startswith("access-control-") for name in reply.headers)
    assert replies[0].status_code >= 400


async def test_not_even_with_a_good_token_or_secret(house: House, web: httpx.AsyncClient) -> None:
    app = await house.app()
    answer = await house.sign_in(app)
    replies = [
        await web.get(f"{SALESFORCE}/userinfo", headers={**bearer(answer), **ORIGIN}),
        await web.get(answer["id"], headers={**bearer(answer), **ORIGIN}),
        await web.post(
            f"{SALESFORCE}/introspect", data={**in_body(app), "token": answer["access_token"]}, headers=ORIGIN
        ),
    ]

    for reply in replies:
        assert reply.status_code == 200
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", OPEN)
async def test_a_minute_may_pass_before_it_is_asked_for_again_and_then_its_tag_saves_the_body(
    web: httpx.AsyncClient, path: str
) -> None:
    """RFC 9110, section 13.1.2; R11: a key rotation reaches everyone within a minute."""
    reply = await web.get(path)
    tag = reply.headers["etag"]

    assert reply.headers["cache-control"] == "public, max-age=60"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await web.get(path, headers={"if-none-match": held})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert (await web.get(path, headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", OPEN)
async def test_head_answers_as_get_does_without_a_body(web: httpx.AsyncClient, path: str) -> None:
    got, head = await web.get(path), await web.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["etag"] == got.headers["etag"]


@pytest.mark.requirement("S53")
@pytest.mark.parametrize("path", OPEN)
async def test_a_document_takes_no_other_method(web: httpx.AsyncClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        refused = await web.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
