"""Where access tokens are used: how one may come, and what each door says of one that will not do (RFC 6750; 1.6, 7).

One table for every endpoint that takes a token, so that none of them forgets a case.
"""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from grantway import settings as s
from grantway.web import routes
from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.wire import bearer

REALM = 'Bearer realm="grantway"'
DEAD_WORD = (403, "Bad_OAuth_Token", None)
DEAD_SESSION = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}], REALM)
WRONG_SESSION = (
    401,
    [{"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}],
    REALM,
)
NO_API = (403, [{"errorCode": "API_CURRENTLY_DISABLED", "message": "API is disabled for this User"}], None)
CHALLENGE = f'{REALM}, error="invalid_token", error_description="the access token is not valid"'
INVALID_TOKEN = (401, {"error": "invalid_token", "error_description": "the access token is not valid"}, CHALLENGE)
LACKS = "the access token lacks a scope"


def insufficient(scope: str) -> str:
    """The challenge that names the scope which would do (RFC 6750, section 3)."""
    return f'{REALM}, error="insufficient_scope", error_description="{LACKS}", scope="{scope}"'


Told = tuple[int, Any, str | None]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """An endpoint that takes access tokens: with what it is asked, and what it says to whom it does not serve.

    `door` names the tokens that are good here, `scopes` what they need, `form` the parameters a token may come in, and
    what is told is status, body and `WWW-Authenticate`. `good`: what a good token gets; 403 is
    ada's own, who may not administrate.
    """

    door: str
    path: str
    missing: Told
    dead: Told
    lacking: Told
    scopes: str = "api"
    other_scopes: str = "refresh_token"
    form: tuple[str, ...] = ()
    good: int = 200
    takes_both_doors: bool = False
    no_api: Told | None = None

    def at(self, house: House) -> str:
        """Return the path, the house's own ids in it."""
        return self.path.format(org=house.org_id, user=house.user_ids["ada"])


WORDS: dict[str, Any] = {"missing": (403, "Missing_OAuth_Token", None), "dead": DEAD_WORD, "lacking": DEAD_WORD}
SESSIONS: dict[str, Any] = {"missing": DEAD_SESSION, "dead": DEAD_SESSION, "lacking": WRONG_SESSION, "no_api": NO_API}
RESOURCES: dict[str, Resource] = {
    "userinfo": Resource(
        door=SALESFORCE,
        path="/services/oauth2/userinfo",
        scopes="id",
        other_scopes="api",
        form=("access_token", "oauth_token"),
        **WORDS,
    ),
    "identity": Resource(
        door=SALESFORCE, path="/id/{org}/{user}", scopes="id", form=("access_token", "oauth_token"), **WORDS
    ),
    "resources": Resource(door=SALESFORCE, path="/services/data/v60.0/", **SESSIONS),
    "credentials": Resource(
        door=SALESFORCE,
        path="/services/data/v65.0/apps/oauth/credentials/0H4000000000001",
        good=403,
        **SESSIONS,
    ),
    "standard_userinfo": Resource(
        door=STANDARDS,
        path="/oidc/userinfo",
        scopes="openid",
        other_scopes="api",
        form=("access_token",),
        missing=(401, {}, REALM),
        dead=INVALID_TOKEN,
        lacking=(403, {"error": "insufficient_scope", "error_description": LACKS}, insufficient("openid")),
    ),
    "api": Resource(
        door=STANDARDS,
        path="/setup/api/v1/apps",
        good=403,
        takes_both_doors=True,
        missing=(401, "An access token is needed", REALM),
        dead=(401, "the access token is not valid", CHALLENGE),
        lacking=(403, LACKS, insufficient("api")),
        no_api=(403, "API is disabled for this User", None),
    ),
}
EVERY = pytest.mark.parametrize("name", RESOURCES)
# What ends a token, and the reason that `explain` gives.
DEADLY = {
    "frozen": ("UPDATE person SET is_frozen = 1", "bearer.user_inactive"),
    "deactivated": ("UPDATE person SET is_active = 0", "bearer.user_inactive"),
    "revoked": ("UPDATE access_token SET revoked_at = 1", "bearer.revoked"),
    "line_revoked": ("UPDATE token_family SET revoked_at = 1", "bearer.revoked"),
    "expired": ("UPDATE access_token SET expires_at = 1", "bearer.expired_for_org"),
    "app_blocked": ("UPDATE app_policy SET is_blocked = 1, version = version + 1", "bearer.app_blocked"),
}


def told(reply: httpx.Response) -> Told:
    """Return status, body and challenge of an answer; of problem details the title."""
    kind = reply.headers.get("content-type", "")
    body: Any = reply.text if kind.startswith("text/plain") else reply.json()
    if kind == "application/problem+json":
        body = body["title"]
    return reply.status_code, body, reply.headers.get("www-authenticate")


async def a_token(house: House, resource: Resource, *, scopes: str = "", user: str = "ada", door: str = "") -> Any:
    """Return the token answer of an app that has every scope there is in this table."""
    app = await house.app({s.SCOPES: ("api", "id", "openid", "refresh_token")})
    return await house.sign_in(app, user, door=door or resource.door, scopes=scopes or resource.scopes)


def test_every_endpoint_that_takes_an_access_token_is_in_the_table() -> None:
    known = {route.endpoint.__name__ for route in (*routes.EXACT.values(), *(route for _, route in routes.PREFIXES))}
    no_tokens = {"token", "introspect", "revoke", "authorize", "login", "consent", "setup", "versions"}
    of_clients = {"register", "registered"}  # by an initial or a registration access token (test_registration)
    public = {"jwks", "metadata", "auth_configuration", "alive", "ready", "home", "asset", "picture"}

    assert known - no_tokens - of_clients - public == {one.removeprefix("standard_") for one in RESOURCES} - {
        "credentials"
    }


@EVERY
async def test_a_token_in_the_header_is_taken(house: House, web: httpx.AsyncClient, name: str) -> None:
    resource = RESOURCES[name]
    reply = await web.get(resource.at(house), headers=bearer(await a_token(house, resource)))

    assert reply.status_code == resource.good


@EVERY
@pytest.mark.parametrize("parameter", ["access_token", "oauth_token"])
async def test_a_token_in_a_posted_form_is_taken_where_forms_are(
    house: House, web: httpx.AsyncClient, name: str, parameter: str
) -> None:
    """RFC 6750, section 2.2; `oauth_token` is Salesforce's name (1.6)."""
    resource = RESOURCES[name]
    form = {parameter: (await a_token(house, resource))["access_token"]}
    reply = await web.post(resource.at(house), data=form)

    assert (reply.status_code == 200) is (parameter in resource.form)


@EVERY
@pytest.mark.parametrize("parameter", ["access_token", "oauth_token"])
async def test_a_token_in_the_url_is_never_taken(
    house: House, web: httpx.AsyncClient, name: str, parameter: str
) -> None:
    """Decision 2: but for the switch of an org that tests old clients (test_legacy_queries)."""
    resource = RESOURCES[name]
    sent = (await a_token(house, resource))["access_token"]
    reply = await web.get(resource.at(house), params={parameter: sent})

    assert 400 <= reply.status_code < 404
    assert sent not in reply.text


@EVERY
async def test_without_a_token(house: House, web: httpx.AsyncClient, name: str) -> None:
    """RFC 6750, section 3.1: who sent nothing is told no error code."""
    assert told(await web.get(RESOURCES[name].at(house))) == RESOURCES[name].missing
    assert await house.reasons() == ["bearer.missing"]


@EVERY
@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x y", "Bearer x.y.z", "Bearer \xe9"])
async def test_with_what_is_no_token(house: House, web: httpx.AsyncClient, name: str, value: str) -> None:
    reply = await web.get(RESOURCES[name].at(house), headers={b"authorization": value.encode("latin-1")})

    assert told(reply) == RESOURCES[name].dead


@EVERY
@pytest.mark.parametrize("value", ["Basic eDp5", "Digest x", "x"])
async def test_with_another_scheme_it_is_as_without_a_token(
    house: House, web: httpx.AsyncClient, name: str, value: str
) -> None:
    reply = await web.get(RESOURCES[name].at(house), headers={"authorization": value})

    assert told(reply) == RESOURCES[name].missing


@EVERY
async def test_two_authorization_headers_are_refused(house: House, web: httpx.AsyncClient, name: str) -> None:
    """Whoever stands between might read the other one."""
    resource = RESOURCES[name]
    good = bearer(await a_token(house, resource))["authorization"]
    reply = await web.get(resource.at(house), headers=[("authorization", good), ("authorization", "Bearer x")])

    assert 400 <= reply.status_code < 404


@pytest.mark.requirement("S15")
@EVERY
@pytest.mark.parametrize("change", DEADLY)
async def test_a_dead_token_or_a_blocked_user(house: House, web: httpx.AsyncClient, name: str, change: str) -> None:
    """One answer for all of them: which it is, only `explain` tells."""
    resource = RESOURCES[name]
    answer = await a_token(house, resource, scopes=f"{resource.scopes} refresh_token")
    statement, reason = DEADLY[change]
    await house.change(statement)

    assert told(await web.get(resource.at(house), headers=bearer(answer))) == resource.dead
    assert await house.reasons() == [reason]


@EVERY
async def test_a_token_of_the_other_door(house: House, web: httpx.AsyncClient, name: str) -> None:
    resource = RESOURCES[name]
    other = STANDARDS if resource.door == SALESFORCE else SALESFORCE
    reply = await web.get(resource.at(house), headers=bearer(await a_token(house, resource, door=other)))

    if resource.takes_both_doors:
        assert reply.status_code == resource.good
    else:
        assert told(reply) == resource.dead
        assert await house.reasons() == ["bearer.of_the_other_door"]


@EVERY
async def test_a_token_without_the_scope(house: House, web: httpx.AsyncClient, name: str) -> None:
    """RFC 6750, section 3.1: 403 and the scope that would do; Salesforce has 401 for its API (11.4)."""
    resource = RESOURCES[name]
    answer = await a_token(house, resource, scopes=resource.other_scopes)

    assert told(await web.get(resource.at(house), headers=bearer(answer))) == resource.lacking
    assert await house.reasons() == ["bearer.scope_lacking"]


@EVERY
async def test_a_user_without_the_permission_api_enabled(house: House, web: httpx.AsyncClient, name: str) -> None:
    """Section 7: `API_CURRENTLY_DISABLED`. Who somebody is, userinfo tells all the same."""
    resource = RESOURCES[name]
    answer = await a_token(house, resource, user="ben")
    reply = await web.get(
        resource.at(house).replace(house.user_ids["ada"], house.user_ids["ben"]), headers=bearer(answer)
    )

    assert reply.status_code == 200 if resource.no_api is None else told(reply) == resource.no_api
