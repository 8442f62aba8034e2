"""Pages of the origins that an org lists may call from a browser (S6; docs/decisions/0010)."""

import httpx
import pytest

from grantway import settings as s
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from tests.endpoints.house import CALLBACK, SALESFORCE, STANDARDS, VERIFIER, House, TestApp
from tests.endpoints.wire import bearer, in_body

PAGE = "https://app.example"
ALLOW = "access-control-allow-origin"
PATHS = [
    *(f"{door}/{name}" for door in (SALESFORCE, STANDARDS) for name in ("token", "revoke", "introspect", "userinfo")),
    "/id/00D000000000001AAA/005000000000001AAA",
    "/services/data",
    "/services/data/v60.0",
]
pytestmark = [pytest.mark.requirement("S6"), pytest.mark.enforces("cors_origins")]


async def allow(house: House, *origins: str) -> None:
    """Put origins on the list of the house's org."""
    await orgs.change(house.desk, house.org, {"cors_origins": list(origins)})


async def asked(web: httpx.AsyncClient, path: str, origin: str) -> httpx.Response:
    """Ask as a browser does before it lets a page post."""
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    return await web.options(path, headers=headers)


def code_form(app: TestApp, code: str) -> dict[str, str]:
    """The form that a page without a secret redeems a code with."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": app.consumer_key,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


@pytest.mark.parametrize("path", PATHS)
async def test_a_browser_is_told_that_a_listed_origin_may_call_and_others_nothing(
    house: House, web: httpx.AsyncClient, path: str
) -> None:
    await allow(house, PAGE)

    reply = await asked(web, path, PAGE)

    assert (reply.status_code, reply.headers[ALLOW], reply.headers["vary"]) == (204, PAGE, "Origin")
    assert "authorization" in reply.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in reply.headers
    for origin in ("https://app.example:8443", "http://app.example", "https://APP.example", "null", "*", ""):
        refused = await asked(web, path, origin)
        assert refused.status_code >= 400
        assert ALLOW not in refused.headers


@pytest.mark.parametrize(
    "path", ["/login", f"{SALESFORCE}/authorize", "/oidc/authorize", "/setup/", "/setup/api/v1/apps", "/"]
)
async def test_pages_logins_and_the_console_stay_closed_whatever_is_listed(
    house: House, web: httpx.AsyncClient, path: str
) -> None:
    await allow(house, PAGE)

    assert ALLOW not in (await asked(web, path, PAGE)).headers
    assert ALLOW not in (await web.get(path, headers={"origin": PAGE})).headers


async def test_a_listed_page_reads_what_it_gets_and_also_why_it_is_refused(
    house: House, web: httpx.AsyncClient, door: str
) -> None:
    app = await house.app({s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    await allow(house, PAGE)
    name = "salesforce" if door == SALESFORCE else "standards"
    form = code_form(app, await house.code(app, door=name))

    good = await web.post(f"{door}/token", data=form, headers={"origin": PAGE})
    again = await web.post(f"{door}/token", data=form, headers={"origin": PAGE})
    nobody = await web.post(f"{door}/token", data={**form, "client_id": "nobody"}, headers={"origin": PAGE})
    who = await web.get(f"{door}/userinfo", headers={**bearer(good.json()), "origin": PAGE})

    assert [one.status_code for one in (good, who)] == [200, 200]
    assert again.status_code == 400
    for reply in (good, again, nobody, who):
        assert (reply.headers[ALLOW], reply.headers["vary"]) == (PAGE, "Origin")
        assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("form", ["opaque", "jwt"])
async def test_the_list_of_another_org_opens_nothing(house: House, web: httpx.AsyncClient, form: str) -> None:
    app = await (house.app if form == "opaque" else house.jwt_app)({s.INTROSPECT_ALL: True})
    answer = await house.sign_in(app)
    other = await house.elsewhere()
    await allow(other, PAGE)
    sent = {"origin": PAGE}

    replies = [
        await web.get(f"{SALESFORCE}/userinfo", headers={**bearer(answer), **sent}),
        await web.get(answer["id"], headers={**bearer(answer), **sent}),
        await web.get("/services/data/v60.0", headers={**bearer(answer), **sent}),
        await web.post(
            f"{SALESFORCE}/introspect", data={**in_body(app), "token": answer["access_token"]}, headers=sent
        ),
        await web.post(f"{STANDARDS}/introspect", data={"token": "x"}, auth=_basic(app), headers=sent),
        await web.post(f"{SALESFORCE}/revoke", data={"token": answer["access_token"]}, headers=sent),
    ]

    assert (await asked(web, f"{SALESFORCE}/token", PAGE)).status_code == 204, "no app is known yet"
    for reply in replies:
        assert ALLOW not in reply.headers
        assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "https://*.example",
        "http://app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://App.example",
        "https://user@app.example",
        "https://app.example:443",
        "https://app.example:99999",
        "https://",
        "app.example",
        "http://127.0.0.1:3000",
    ],
)
async def test_only_whole_origins_are_taken(house: House, origin: str) -> None:
    with pytest.raises(ManageProblem, match="cors_origins"):
        await allow(house, origin)


async def test_a_hundred_origins_are_enough(house: House) -> None:
    await allow(house, *(f"https://a{number}.example" for number in range(100)), *["https://a1.example"])
    with pytest.raises(ManageProblem, match="at most 100 origins"):
        await allow(house, *(f"https://a{number}.example" for number in range(101)))


def _basic(app: TestApp) -> tuple[str, str]:
    return app.consumer_key, app.consumer_secret
