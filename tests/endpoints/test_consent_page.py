"""The consent page: whose yes it is, how often it counts, what is remembered, and who is never asked."""

import asyncio
import json

import pytest

from grantway import settings as s
from grantway.settings.choices import PermittedUsers
from grantway.store.statement import Statement
from tests.endpoints.browsing import (
    CONSENT,
    LOGIN,
    Browser,
    goes_to,
    hidden,
    neighbour,
    page_error,
    redeem,
    told,
)
from tests.endpoints.house import SALESFORCE, STANDARDS, House

ADA, BEN, CLEO = "ada@harbour.example", "ben@harbour.example", "cleo@quay.example"
ADMIN_APPROVED = {s.PERMITTED_USERS: PermittedUsers.ADMIN_APPROVED}


async def codes(house: House) -> int:
    """Return how many codes were issued."""
    return len(await house.db.all(Statement("SELECT id FROM authorization_code")))


@pytest.mark.requirement("S3")
async def test_one_approval_gives_one_code(house: House, browser: Browser, door: str) -> None:
    """S3: the form sent again, by the back button or by somebody who kept it, gives none."""
    page = await browser.to_consent(await house.app(), door=door)
    assert "code" in told(await browser.answer(page))

    assert page_error(await browser.answer(page))
    assert page_error(await browser.answer(page, "deny"))
    assert page_error(await browser.get(str(page.url)))
    assert await codes(house) == 1


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S12")
async def test_eight_approvals_sent_at_once_give_one_code(house: House, browser: Browser) -> None:
    """S3, S12: a double click, and whoever tries to use it."""
    page = await browser.to_consent(await house.app())

    replies = await asyncio.gather(*(browser.answer(page) for _ in range(8)))

    assert sum("location" in reply.headers for reply in replies) == 1
    assert await codes(house) == 1


@pytest.mark.requirement("S3")
@pytest.mark.requirement("S41")
async def test_a_yes_that_another_site_sends_is_none(house: House, browser: Browser) -> None:
    """S3, S41: consent CSRF. Without cookies, from another origin, and without the page's token."""
    app = await house.app()
    page = await browser.to_consent(app)
    form = hidden(page) | {"decision": "allow"}

    assert page_error(await browser.post(CONSENT, form, origin="https://evil.example", without_cookies=True))
    assert (await browser.post(CONSENT, form, origin="https://evil.example")).status_code == 403
    assert (await browser.post(CONSENT, form | {"csrf": ""})).status_code == 403
    other = hidden(await browser.follow(await browser.ask(app)))
    assert (await browser.post(CONSENT, form | {"csrf": other["csrf"]})).status_code == 403
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_an_approval_cannot_be_given_by_get(house: House, browser: Browser) -> None:
    """S3, S59: a link never approves."""
    page = await browser.to_consent(await house.app())

    again = await browser.get(CONSENT, hidden(page) | {"decision": "allow"})

    assert again.status_code == 200
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_nothing_that_decides_is_read_from_the_form(house: House, browser: Browser) -> None:
    """S3: a client, scope, callback, user or response type added to the form changes nothing."""
    app, other = await house.app({s.LABEL: "Tides"}), await house.app()
    page = await browser.to_consent(app, scope="id")

    answer = told(
        await browser.answer(
            page,
            client_id=other.consumer_key,
            scope="api full",
            redirect_uri="https://evil.example/",
            username=BEN,
            response_type="token",
        )
    )

    tokens = await redeem(house, app, answer)
    assert tokens["scope"] == "id"
    assert tokens["id"].endswith(house.user_ids["ada"])


@pytest.mark.requirement("S3")
async def test_who_logs_in_in_another_tab_does_not_answer_for_the_page_of_before(
    house: House, browser: Browser
) -> None:
    """S3: Ada's open page, answered after Ben has logged in, gives neither Ada's nor Ben's consent."""
    app = await house.app()
    adas = await browser.to_consent(app, ADA)
    await browser.log_in(await browser.to_login(app, prompt="login"), BEN)

    reply = await browser.answer(adas)

    assert goes_to(reply, LOGIN)
    assert await codes(house) == 0


@pytest.mark.requirement("S3")
async def test_a_page_shown_to_one_login_is_refused_when_another_answers_the_same_request(
    house: House, browser: Browser
) -> None:
    """S3: the request went over to Ben by "Not you?"; Ada's page of before does not say yes for him."""
    app = await house.app()
    adas = await browser.to_consent(app, ADA)
    login = await browser.follow(await browser.post(CONSENT, hidden(adas) | {"account": "switch"}))
    bens = await browser.follow(await browser.log_in(login, BEN))
    assert hidden(bens)["transaction"] == hidden(adas)["transaction"]

    assert (await browser.answer(adas)).status_code == 403
    answer = told(await browser.answer(bens))
    assert (await redeem(house, app, answer))["id"].endswith(house.user_ids["ben"])


@pytest.mark.requirement("S10")
async def test_not_you_never_answers_for_another_than_the_hinted_user(house: House, browser: Browser) -> None:
    """S10: a positive answer is for the user of id_token_hint or for nobody (OpenID Connect Core 3.1.2.2)."""
    app = await house.app()
    tokens = await redeem(house, app, await browser.approve(app, door=STANDARDS, scope="openid"), STANDARDS)
    asked = await browser.ask(
        app, door=STANDARDS, scope="openid", prompt="consent", id_token_hint=tokens["id_token"], state="s"
    )
    page = await browser.follow(asked)
    login = await browser.follow(await browser.post(CONSENT, hidden(page) | {"account": "switch"}))

    answer = told(await browser.log_in(login, BEN))

    assert (answer["error"], answer["state"]) == ("login_required", "s")


@pytest.mark.requirement("S10")
async def test_a_hint_for_another_user_asks_for_a_login_and_takes_no_other(
    house: House, browser: Browser, door: str
) -> None:
    """S10: the hinted user is not the one logged in."""
    app = await house.app()
    ada = await redeem(house, app, await browser.approve(app, door=door, scope="openid"), door)
    await browser.approve(app, BEN, door=door, scope="openid", prompt="login")
    hint = {"scope": "openid", "id_token_hint": ada["id_token"]}

    silent = told(await browser.ask(app, door=door, prompt="none", **hint))
    assert silent["error"] == ("login_required" if door == STANDARDS else "immediate_unsuccessful")
    assert "code" not in told(await browser.log_in(await browser.to_login(app, door=door, **hint), BEN))
    assert "code" in told(await browser.log_in(await browser.to_login(app, door=door, **hint), ADA))


@pytest.mark.requirement("S10")
async def test_an_id_token_of_another_app_is_no_hint(house: House, browser: Browser, door: str) -> None:
    """S10: nor is one with a signature that is not ours."""
    app, other = await house.app(), await house.app()
    tokens = await redeem(house, other, await browser.approve(other, door=door, scope="openid"), door)
    head, payload, signature = tokens["id_token"].split(".")

    for hint in (tokens["id_token"], f"{head}.{payload}.{signature[::-1]}", f"eyJhbGciOiJub25lIn0.{payload}.e30"):
        answer = told(await browser.ask(app, door=door, prompt="none", id_token_hint=hint))
        assert answer["error"] == "invalid_request"


async def test_a_consent_page_whose_session_has_ended_leads_to_the_login(house: House, browser: Browser) -> None:
    """Two hours later nobody says yes for anybody."""
    page = await browser.to_consent(await house.app())
    house.clock.advance(minutes=121)

    assert goes_to(await browser.answer(page), LOGIN)
    assert await codes(house) == 0


async def test_deny_is_told_to_the_callback_recorded_and_not_remembered(
    house: House, browser: Browser, door: str
) -> None:
    """salesforce-oauth.md 2.4, access_denied."""
    app = await house.app()
    page = await browser.to_consent(app, door=door, state="s")

    answer = told(await browser.answer(page, "deny"))

    assert (answer["error"], answer["error_description"]) == ("access_denied", "end-user denied authorization")
    assert answer["state"] == "s"
    assert page_error(await browser.answer(page))
    assert goes_to(await browser.ask(app, door=door), CONSENT)
    rows = await house.db.all(Statement("SELECT user_id FROM event WHERE kind = 'approval.denied'"))
    assert rows == [(house.user_ids["ada"],)]


async def test_an_answer_that_is_neither_yes_nor_no_is_neither(house: House, browser: Browser) -> None:
    """The request goes on waiting."""
    page = await browser.to_consent(await house.app())

    for decision in ("", "ALLOW", "yes", "allow deny"):
        assert page_error(await browser.answer(page, decision))
    assert "code" in told(await browser.answer(page))


@pytest.mark.requirement("S2")
async def test_two_answers_in_one_form_are_refused(house: House, browser: Browser) -> None:
    """S2: each field once."""
    page = await browser.to_consent(await house.app())
    body = "&".join(f"{name}={value}" for name, value in hidden(page).items()) + "&decision=deny&decision=allow"
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert page_error(await browser.client.post(CONSENT, content=body, headers=headers))
    assert await codes(house) == 0


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


@pytest.mark.parametrize("blocked_by", ["is_blocked = 1", """settings = '{"oauth_enabled": false}'"""])
async def test_a_blocked_app_is_told_to_the_person_alone(house: House, browser: Browser, blocked_by: str) -> None:
    """salesforce-oauth.md 2.3, point 3: also while the consent page stands open."""
    app = await house.app()
    page = await browser.to_consent(app)
    await house.change(f"UPDATE app_policy SET {blocked_by}, version = version + 1")

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
    await neighbour(house, "ApproveUninstalledConnectedApps")
    app = await house.app()

    page = await browser.to_consent(app, CLEO)

    assert "No administrator has installed this app in Quay." in page.text
    assert (await redeem(house, app, told(await browser.answer(page))))["id"].endswith(house.user_ids["cleo"])


@pytest.mark.requirement("S57")
async def test_the_policies_of_the_users_own_org_decide(house: House, browser: Browser) -> None:
    """S57: blocked there, though not at home."""
    org_id = await neighbour(house, "ApproveUninstalledConnectedApps")
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
    await neighbour(house, "ApproveUninstalledConnectedApps", settings='{"require_pkce_for_all_apps": true}')
    app = await house.app()
    plain = {"code_challenge": "", "code_challenge_method": "", "door": door}

    refused = told(await browser.log_in(await browser.to_login(app, **plain), CLEO))

    assert refused["error"] == "invalid_request"
    assert await house.reasons() == ["authorize.challenge_missing_for_org"]
    assert goes_to(await browser.log_in(await browser.to_login(app, door=door, prompt="login"), CLEO), CONSENT)


@pytest.mark.requirement("S8")
async def test_consent_shows_app_publisher_person_scopes_and_where_the_answer_goes(
    house: House, browser: Browser
) -> None:
    """S8: exact scopes in words, first time said, decline as easy as approve."""
    app = await house.app({s.LABEL: "Tide Tables", s.CONTACT_EMAIL: "help@tides.example"})
    text = (await browser.to_consent(app, scope="api refresh_token")).text

    for shown in ("Tide Tables", "Published by", "Harbour", ADA, "app.example", "help@tides.example"):
        assert shown in text
    assert text.count("<li>") == 2
    assert "Manage user data via APIs" in text
    assert "Perform requests at any time" in text
    assert "You have not allowed this app before." in text
    assert text.index('value="deny"') < text.index('value="allow"')


@pytest.mark.requirement("S8")
@pytest.mark.parametrize("name", ["Harb0ur Sync", "Harbour-Sync", "H\u0430rbour Sync", "Harbour  Synk", "HARBOUR SYNC"])
async def test_consent_warns_of_a_name_that_can_be_taken_for_an_installed_apps(
    house: House, browser: Browser, name: str
) -> None:
    """S8: letters that look alike, other letters, signs, case, one character more or less."""
    await house.app({s.LABEL: "Harbour Sync"})

    text = (await browser.to_consent(await house.app({s.LABEL: name}))).text

    assert "is easily confused with Harbour Sync" in text


@pytest.mark.requirement("S8")
async def test_consent_does_not_warn_of_a_name_that_stands_apart(house: House, browser: Browser) -> None:
    """S8: a warning that is always there warns of nothing."""
    await house.app({s.LABEL: "Sales 1"})

    assert "easily confused" not in (await browser.to_consent(await house.app({s.LABEL: "Sales 2"}))).text


@pytest.mark.requirement("S8")
async def test_a_wide_scope_is_marked(house: House, browser: Browser) -> None:
    """S8: `full` is not one scope among others."""
    app = await house.app({s.SCOPES: ("full", "api")})

    assert "Wide access" in (await browser.to_consent(app)).text
    assert "Wide access" not in (await browser.to_consent(app, BEN, scope="api", prompt="login")).text


@pytest.mark.requirement("S7")
async def test_text_and_addresses_of_an_app_are_shown_as_text(house: House, browser: Browser, door: str) -> None:
    """S7: name, contact and address of the app, on login, consent and error page."""
    hostile = "<img src=x onerror=alert(1)>\"'\u202etxt"
    app = await house.app({s.LABEL: hostile, s.CONTACT_EMAIL: "a@b.example?subject=x"})
    login = await browser.to_login(app, door=door)
    consent = await browser.follow(await browser.log_in(login))
    error = await browser.ask(app, door=door, redirect_uri="https://evil.example/<script>")

    for page in (login, consent, error):
        assert "&lt;img src=x" in page.text
        for dangerous in ("<img src", "<script", "\u202e", "mailto:a@b.example?"):
            assert dangerous not in page.text
