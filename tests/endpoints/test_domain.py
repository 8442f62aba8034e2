"""With `--domain D` the server is login.D, test.D and <my-domain>.my.D of each org as well (decision 17)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from grantway import settings as s
from grantway.kit.urls import Urls
from tests.endpoints.house import BASE, House
from tests.endpoints.signer import GRANT_TYPE, signer
from tests.endpoints.wire import MACHINE, in_body, machine, open_web

LOGIN, MINE = "http://login.cloud.example:8400", "http://harbour.my.cloud.example:8400"


@pytest.fixture
async def domain(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the house served under a domain of its own."""
    house.server = replace(house.server, urls=Urls.serving(BASE, "cloud.example"))
    async with open_web(house.server) as client:
        yield client


@pytest.mark.requirement("S51")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("login.cloud.example:8400", 200),
        ("TEST.cloud.example", 200),
        ("harbour.my.cloud.example", 200),
        ("localhost:8400", 200),
        ("nobody.my.cloud.example", 421),
        ("a.harbour.my.cloud.example", 421),
        ("cloud.example", 421),
        ("login.cloud.example.evil.example", 421),
        ("login.cloud.example:1", 421),
    ],
)
async def test_it_answers_under_its_own_names_alone(domain: httpx.AsyncClient, host: str, status: int) -> None:
    reply = await domain.get("/.well-known/openid-configuration", headers={"host": host})

    assert reply.status_code == status
    if status == 200:
        assert reply.json()["issuer"] == f"http://{host.lower()}"


async def test_answers_lead_back_to_the_name_that_was_called(house: House, domain: httpx.AsyncClient) -> None:
    app = await machine(house)
    answer = (await domain.post(f"{MINE}/services/oauth2/token", data={**MACHINE, **in_body(app)})).json()

    assert answer["instance_url"] == MINE
    assert answer["id"].startswith(MINE + "/id/")


async def test_client_credentials_are_for_an_orgs_own_name(house: House, domain: httpx.AsyncClient) -> None:
    app = await machine(house)
    refused = await domain.post(f"{LOGIN}/services/oauth2/token", data={**MACHINE, **in_body(app)})

    assert refused.status_code == 400
    assert refused.json() == {"error": "invalid_grant", "error_description": "request not supported on this domain"}


async def test_the_standards_issuer_stays_under_the_base_url(domain: httpx.AsyncClient) -> None:
    assert (await domain.get(f"{MINE}/oidc/.well-known/openid-configuration")).status_code == 404
    assert (await domain.get("/oidc/.well-known/openid-configuration")).status_code == 200


@pytest.mark.parametrize(
    ("called", "aud"), [(MINE, LOGIN), (LOGIN, MINE), (BASE, MINE), (LOGIN, f"{MINE}/services/oauth2/token")]
)
async def test_an_assertion_is_taken_for_the_login_host_and_for_its_orgs_my_domain_whichever_is_called(
    house: House, domain: httpx.AsyncClient, called: str, aud: str
) -> None:
    app = await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
        }
    )
    exp = house.clock.now_ms() // 1000 + 180
    claims = {"iss": app.consumer_key, "sub": "ada@harbour.example", "aud": aud, "exp": exp}
    form = {"grant_type": GRANT_TYPE, "assertion": signer().sign(claims)}
    stranger = {**form, "assertion": signer().sign({**claims, "aud": "http://other.my.cloud.example:8400"})}

    assert (await domain.post(f"{called}/services/oauth2/token", data=form)).status_code == 200
    assert (await domain.post(f"{called}/services/oauth2/token", data=stranger)).status_code == 400


async def test_an_org_is_found_under_a_new_my_domain_at_once(house: House, domain: httpx.AsyncClient) -> None:
    await house.change("UPDATE org SET my_domain = 'port'")

    assert (await domain.get("http://port.my.cloud.example/id/keys")).status_code == 200
    assert (await domain.get(f"{MINE}/id/keys")).status_code == 421
