"""Who is asked for consent, and who never: earlier approvals, administrators, apps of other orgs."""

import json

import pytest

from grantway import settings as s
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    CONSENT,
    Browser,
    codes,
    goes_to,
    neighbour,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import SALESFORCE, STANDARDS, House

ADA, BEN, CLEO = "ada@harbour.example", "ben@harbour.example", "cleo@quay.example"
ADMIN_APPROVED = {s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED}


async def test_a_yes_is_remembered_for_its_scopes_and_adds_up(house: House, browser: Browser, door: str) -> None:
    """salesforce-oauth.md 3.1: who has approved is not asked again; for more than that they are."""
    app = await house.app({s.SCOPES: ("api", "id", "openid", "web", "refresh_token")})
    await browser.approve(app, door=door, scope="api refresh_token")
    assert "code" in told(await browser.ask(app, door=door, scope="api"))
    page = await browser.follow(await browser.ask(app, door=door, scope="web"))
    assert page.url.path == CONSENT
    assert "You have not allowed this app before." not in page.text
    assert "code" in told(await browser.answer(page))

    assert "code" in told(await browser.ask(app, door=door, scope="web api refresh_token"))
    assert told(await browser.ask(app, door=door, scope="openid", prompt="none"))["error"] in {
        "consent_required",
        "immediate_unsuccessful",
    }


async def test_a_yes_counts_for_one_app_and_one_user(house: House, browser: Browser) -> None:
    """Nobody else's, and for nothing else."""
    app, other = await house.app(), await house.app()
    await browser.approve(app, ADA)

    assert goes_to(await browser.ask(other), CONSENT)
    assert goes_to(await browser.log_in(await browser.to_login(app, prompt="login"), BEN), CONSENT)


@pytest.mark.parametrize("table", ["person", "org", "app_policy"])
async def test_a_yes_ends_with_what_was_taken_back(house: House, browser: Browser, table: str) -> None:
    """Not-before marks of user, org and app end approvals as they end tokens."""
    app = await house.app()
    await browser.approve(app)
    house.clock.advance(ms=1)
    await house.change(f"UPDATE {table} SET not_before = :now, {_BUMP[table]}", house.clock.now_ms())
    house.clock.advance(ms=1)

    assert goes_to(await browser.log_in(await browser.to_login(app, prompt="login")), CONSENT)


_BUMP = {
    "person": "updated_at = updated_at",
    "org": "version = version + 1",
    "app_policy": "version = version + 1",
}


@pytest.mark.requirement("S9")
@pytest.mark.parametrize("callback", ["myapp://callback", "com.example.app:/back", "http://localhost:1717/back"])
async def test_a_public_app_on_the_persons_device_is_asked_for_each_time(
    house: House, browser: Browser, callback: str
) -> None:
    """S9: any program there can pose as it, so an earlier yes proves nothing; prompt=none fails."""
    app = await house.app({s.CALLBACK_URL: (callback,), s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False})
    told(await browser.answer(await browser.to_consent(app, redirect_uri=callback)), callback)

    assert goes_to(await browser.ask(app, redirect_uri=callback), CONSENT)
    silent = await browser.ask(app, door=STANDARDS, redirect_uri=callback, prompt="none")
    assert told(silent, callback)["error"] == "consent_required"


@pytest.mark.requirement("S9")
async def test_an_administrators_pre_authorization_counts_for_a_public_app_too(house: House, browser: Browser) -> None:
    """S9: that is no earlier yes of the user."""
    app = await house.app(
        {
            s.CALLBACK_URL: ("myapp://callback",),
            s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: False,
            s.PROFILES: ("Standard",),
            **ADMIN_APPROVED,
        }
    )
    page = await browser.to_login(app, redirect_uri="myapp://callback")

    assert "code" in told(await browser.log_in(page), "myapp://callback")


@pytest.mark.enforces("permitted_users")
async def test_pre_authorized_users_are_never_asked_and_others_never_let_in(
    house: House, browser: Browser, door: str
) -> None:
    """salesforce-oauth.md 4, 2.3: a refusal stays on Salesforce's page, and goes to the standards' callback."""
    app = await house.app({s.PROFILES: ("Standard",), **ADMIN_APPROVED})
    assert "code" in told(await browser.log_in(await browser.to_login(app, door=door), ADA))

    refused = await browser.log_in(await browser.to_login(app, door=door, prompt="login"), BEN)

    if door == SALESFORCE:
        assert page_error(refused) == "OAUTH_APP_ACCESS_DENIED"
    else:
        assert told(refused)["error"] == "access_denied"
    assert "authorize.not_admin_approved" in await house.reasons()
    # The same profile, but everybody may decide for themselves.
    open_to_all = await house.app({s.PROFILES: ("Standard",), s.PERMITTED_USERS: PermittedUsers.SELF_AUTHORIZE})
    assert goes_to(await browser.log_in(await browser.to_login(open_to_all, door=door, prompt="login"), BEN), CONSENT)


async def test_a_yes_said_while_the_app_became_admin_approved_only_is_no_way_in(house: House, browser: Browser) -> None:
    """The policy is read when the answer comes, and the earlier yeses are kept as they were."""
    app = await house.app()
    await browser.approve(app, BEN, scope="api id")
    page = await browser.follow(await browser.ask(app, scope="openid"))
    await house.change(
        "UPDATE app_policy SET settings = :settings, version = version + 1 WHERE app_id = :id",
        json.dumps(
            {"permitted_users": s.PERMITTED_USERS.kind.write(PermittedUsers.ADMIN_APPROVED), "profiles": ["Minimum"]}
        ),
        app.id,
    )

    assert "code" in told(await browser.answer(page))

    rows = await house.db.all(Statement("SELECT scopes FROM approval WHERE app_id = :id"), app.id)
    assert rows == [("api id",)]


@pytest.mark.enforces("enabled_in_org")
@pytest.mark.parametrize(
    "blocked_by",
    ["app_policy SET is_blocked = 1", """app_policy SET settings = '{"enabled_in_org": false}'"""],
)
async def test_a_blocked_app_is_told_to_the_person_alone(house: House, browser: Browser, blocked_by: str) -> None:
    """salesforce-oauth.md 2.3, point 3: also while the consent page stands open."""
    app = await house.app()
    page = await browser.to_consent(app)
    await house.change(f"UPDATE {blocked_by}, version = version + 1")

    assert page_error(await browser.answer(page))
    assert await codes(house) == 0


@pytest.mark.requirement("S57")
async def test_an_app_of_another_org_needs_an_administrator_or_the_permission(
    house: House, browser: Browser, door: str
) -> None:
    """S57, security.md section 4: an app that no administrator of the user's org has installed."""
    await neighbour(house)
    app = await house.app()

    refused = await browser.log_in(await browser.to_login(app, door=door), CLEO)

    if door == SALESFORCE:
        assert page_error(refused) == "OAUTH_APPROVAL_ERROR_GENERIC"
    else:
        assert told(refused)["error"] == "access_denied"
    assert "authorize.app_not_installed" in await house.reasons()


@pytest.mark.requirement("S59")
async def test_who_may_approve_uninstalled_apps_is_warned_and_asked(house: House, browser: Browser) -> None:
    """S59: a form with its token, shown to somebody with the permission."""
    await neighbour(house, "CanApproveUninstalledApps")
    app = await house.app()

    page = await browser.to_consent(app, CLEO)

    assert "No administrator has installed this app in Quay." in page.text
    assert (await redeem(house, app, told(await browser.answer(page))))["id"].endswith(house.user_ids["cleo"])


@pytest.mark.requirement("S57")
async def test_the_policies_of_the_users_own_org_decide(house: House, browser: Browser) -> None:
    """S57: blocked there, though not at home."""
    org_id = await neighbour(house, "CanApproveUninstalledApps")
    app = await house.app()
    await house.change(
        "INSERT INTO app_policy SELECT :org_id, app_id, settings, run_as, version, 1, 0, installed_at FROM app_policy",
        org_id,
    )

    assert page_error(await browser.log_in(await browser.to_login(app), CLEO)) == "OAUTH_APP_BLOCKED"
    assert goes_to(await browser.log_in(await browser.to_login(app, prompt="login"), ADA), CONSENT)


@pytest.mark.requirement("S57")
@pytest.mark.enforces("require_pkce_for_all_apps")
async def test_an_org_that_requires_pkce_requires_it_of_apps_of_other_orgs_too(
    house: House, browser: Browser, door: str
) -> None:
    """S57: once it is known whose data is asked for."""
    await neighbour(house, "CanApproveUninstalledApps", require_pkce_for_all_apps=True)
    app = await house.app()
    plain = {"code_challenge": "", "code_challenge_method": "", "door": door}

    refused = told(await browser.log_in(await browser.to_login(app, **plain), CLEO))

    assert refused["error"] == "invalid_request"
    assert await house.reasons() == ["authorize.challenge_missing_for_org"]
    assert goes_to(await browser.log_in(await browser.to_login(app, door=door, prompt="login"), CLEO), CONSENT)
