"""What belongs to no endpoint is refused in the dialect of its path, the door chosen by the path alone (decision 1)."""

import httpx
import pytest

from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import MACHINE, bearer, in_body, machine

ABSENT = {
    "/services/oauth2/nothing": "object",
    "/oidc/nothing": "object",
    "/oidcx/token": "object",
    "/nothing": "object",
}
WRONG_METHOD = {
    "/services/oauth2/userinfo": "word",
    "/oidc/userinfo": "object",
    "/services/data/v60.0/": "array",
    "/id/00D/005": "word",
    "/id/keys": "word",
}


def form_of(reply: httpx.Response) -> str:
    """Return which form a refusal has."""
    if reply.headers["content-type"].startswith("text/plain"):
        assert " " not in reply.text
        return "word"
    said = reply.json()
    if isinstance(said, list):
        assert set(said[0]) == {"errorCode", "message"}
        return "array"
    assert set(said) == {"error", "error_description"}
    return "object"


@pytest.mark.requirement("S53")
@pytest.mark.parametrize("path", ABSENT)
async def test_what_is_not_there_is_404(web: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused = await web.request(method, path)
        assert (refused.status_code, form_of(refused)) == (404, ABSENT[path])


@pytest.mark.requirement("S53")
@pytest.mark.parametrize("path", WRONG_METHOD)
async def test_a_method_that_is_not_taken_is_405_with_allow(web: httpx.AsyncClient, path: str) -> None:
    refused = await web.delete(path)

    assert (refused.status_code, form_of(refused)) == (405, WRONG_METHOD[path])
    assert "GET" in refused.headers["allow"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"{SALESFORCE}/token", "object"),
        (f"{STANDARDS}/token", "object"),
        (f"{SALESFORCE}/userinfo", "word"),
        ("/services/data/v60.0/", "array"),
    ],
)
async def test_a_body_that_is_too_large_is_413(web: httpx.AsyncClient, path: str, form: str) -> None:
    """Decision 12: 64 kB."""
    refused = await web.post(path, content=b"a" * 65_537)

    assert (refused.status_code, form_of(refused)) == (413, form)


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/oidc/token", "/id/keys", "/nothing"])
async def test_another_host_is_421(web: httpx.AsyncClient, path: str) -> None:
    refused = await web.get(path, headers={"host": "evil.example"})

    assert refused.status_code == 421
    assert "evil.example" not in refused.text


async def test_every_answer_has_its_date_and_a_request_id_of_its_own(house: House, web: httpx.AsyncClient) -> None:
    """conformance.md 8: a missing Date; contract.md: every response bears X-Request-Id."""
    app = await machine(house)
    replies = [
        await web.post(f"{SALESFORCE}/token", data={**MACHINE, **in_body(app)}),
        await web.post(f"{STANDARDS}/token", data={**MACHINE, **in_body(app)}),
        await web.post(f"{STANDARDS}/token"),
        await web.get(f"{STANDARDS}/userinfo", headers=bearer({"access_token": "x"})),
        await web.get("/.well-known/openid-configuration"),
        await web.get("/nothing"),
    ]

    assert all(reply.headers["date"].endswith("GMT") for reply in replies)
    assert len({reply.headers["x-request-id"] for reply in replies}) == len(replies)
