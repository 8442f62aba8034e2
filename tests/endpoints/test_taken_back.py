"""What is taken back stops every use of a token, at every endpoint, at once (S15, S16)."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.wire import bearer, in_body, machine

LATER = 1_796_000_000_000
CHANGES = {
    "user frozen": "UPDATE person SET is_frozen = 1",
    "user deactivated": "UPDATE person SET is_active = 0",
    "user's tokens ended": f"UPDATE person SET not_before = {LATER}",
    "org's tokens ended": f"UPDATE org SET not_before = {LATER}, version = version + 1",
    "app's tokens ended": f"UPDATE app_policy SET not_before = {LATER}, version = version + 1",
    "app blocked": "UPDATE app_policy SET is_blocked = 1, version = version + 1",
    "app uninstalled": "DELETE FROM app_policy",
    "OAuth switched off": """UPDATE app SET settings = '{"oauth_enabled": false}', version = version + 1""",
    "app switched off in the org": """UPDATE app_policy SET settings = '{"enabled_in_org": false}', version = 2""",
    "OAuth switched off with the version that another content had": (
        """UPDATE app SET settings = '{"oauth_enabled": false}'"""
    ),
    "user no longer admin approved": (
        """UPDATE app_policy SET settings = '{"permitted_users": "admin_approved"}', version = version + 1"""
    ),
    "line revoked": "UPDATE token_family SET revoked_at = 1",
    "line swept away": "DELETE FROM token_family",
    "access token revoked": "UPDATE access_token SET revoked_at = 1",
    "access token of another text": "UPDATE access_token SET hash = x'00'",
    "access token of another org": "UPDATE access_token SET org_id = '00D000000000001EAA'",
}
Use = Callable[[House, httpx.AsyncClient, TestApp, dict[str, str]], Awaitable[bool]]


def at(path: str) -> Use:
    """Call a protected resource; `{id}` stands for the identity URL."""

    async def use(house: House, web: httpx.AsyncClient, app: TestApp, answer: dict[str, str]) -> bool:
        url = path.replace("{id}", f"/id/{house.org_id}/{house.user_ids['ada']}")
        reply = await web.get(url, headers=bearer(answer))
        assert reply.status_code in (200, 401, 403)
        return reply.status_code == 200

    return use


def introspected_at(door: str) -> Use:
    """Introspect; a client that is itself shut out learns nothing either."""

    async def use(house: House, web: httpx.AsyncClient, app: TestApp, answer: dict[str, str]) -> bool:
        form = {**in_body(app), "token": answer["access_token"]}
        said = (await web.post(f"{door}/introspect", data=form)).json()
        return bool(said.get("active", False))

    return use


USES: dict[str, tuple[str, Use]] = {
    "userinfo": (SALESFORCE, at(f"{SALESFORCE}/userinfo")),
    "identity URL": (SALESFORCE, at("{id}")),
    "data API": (SALESFORCE, at("/services/data/v60.0/")),
    "introspection": (SALESFORCE, introspected_at(SALESFORCE)),
    "userinfo of the standards' door": (STANDARDS, at(f"{STANDARDS}/userinfo")),
    "introspection of the standards' door": (STANDARDS, introspected_at(STANDARDS)),
}


@pytest.mark.enforces("enabled_in_org")
@pytest.mark.requirement("S15")
@pytest.mark.requirement("S16")
@pytest.mark.parametrize("change", CHANGES, ids=lambda name: name.replace(" ", "-"))
async def test_an_access_token_is_dead_everywhere_once(house: House, web: httpx.AsyncClient, change: str) -> None:
    """Opaque or a JWT: what stands in the token itself is never the last word."""
    apps = {"opaque": await house.app(), "jwt": await house.jwt_app()}
    answers = {
        (kind, door): await house.sign_in(app, door=door)
        for kind, app in apps.items()
        for door in (SALESFORCE, STANDARDS)
    }
    each = {(kind, name): use for kind in apps for name, use in USES.items()}

    async def good() -> dict[tuple[str, str], bool]:
        return {
            (kind, name): await use(house, web, apps[kind], answers[kind, door])
            for (kind, name), (door, use) in each.items()
        }

    before = await good()
    await house.change(CHANGES[change])

    assert before == dict.fromkeys(each, True)
    assert await good() == dict.fromkeys(each, False)


@pytest.mark.requirement("S16")
@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
async def test_a_revoked_token_is_dead_everywhere(house: House, web: httpx.AsyncClient, token: str) -> None:
    app = await house.app()
    answers = {door: await house.sign_in(app, door=door) for door in (SALESFORCE, STANDARDS)}

    for door, answer in answers.items():
        form = {**in_body(app), "token": answer[token]}
        assert (await web.post(f"{door}/revoke", data=form)).status_code == 200

    after = {name: await use(house, web, app, answers[door]) for name, (door, use) in USES.items()}
    assert after == dict.fromkeys(USES, False)


@pytest.mark.requirement("S15")
@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code", "client_credentials"])
@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ("user frozen", "invalid_grant", "inactive user"),
        ("user deactivated", "invalid_grant", "inactive user"),
        ("app blocked", "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
        ("OAuth switched off", "invalid_client_id", "client identifier invalid"),
    ],
)
async def test_no_grant_gives_a_new_token_either(
    house: House, web: httpx.AsyncClient, grant: str, change: str, error: str, says: str
) -> None:
    app = await machine(house)
    answer, code = await house.sign_in(app), await house.code(app)
    await house.change(CHANGES[change])

    if grant == "refresh_token":
        refused = await house.refresh(app, answer["refresh_token"])
    elif grant == "authorization_code":
        refused = await house.redeem(app, code)
    else:
        refused = await house.token({"grant_type": grant, **in_body(app)})

    assert refused == (400, {"error": error, "error_description": says})
