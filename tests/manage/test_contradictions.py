"""Settings that contradict each other, do nothing or are not in force are told in words that say what to change."""

from dataclasses import replace
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.contradictions import RULES
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.settings.certificates import EXAMPLE_CERTIFICATE
from grantway.settings.key_sets import EXAMPLE_KEY_SET
from tests.manage.conftest import Office

SOUND: dict[str, Any] = {
    "contact_email": "it@harbour.example",
    "callback_url": "https://sync.example/cb",
    "scopes": "api,openid",
}
HIGH = {"session_level": "high_assurance", "session_policy_action": "block"}
SAML = {"saml": True, "saml_entity_id": "sp", "saml_acs_url": "https://sp.example/acs"}


async def told_of(office: Office, **values: Any) -> tuple[str, ...]:
    """Return what is told of a sound app with some other values."""
    return (await apps.create(office.desk, office.org, apps.NewApp(name="Sync", values=SOUND | values))).warnings


async def test_nothing_is_told_of_a_sound_app(office: Office) -> None:
    assert await told_of(office) == ()


@pytest.mark.parametrize(
    "keys",
    [{"certificate": EXAMPLE_CERTIFICATE}, {"jwks": EXAMPLE_KEY_SET}, {"jwks_uri": "https://sync.example/keys"}],
)
async def test_flows_that_need_no_callback_are_ways_to_log_in_too(office: Office, keys: dict[str, str]) -> None:
    assert await told_of(office, callback_url="", **keys) == ()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"callback_url": ""}, "there is no callback_url"),
        ({"scopes": ""}, "no scopes are selected"),
        ({"code_and_credentials": True}, "the org does not allow it: set allow_code_and_credentials=true"),
        (
            {"code_and_credentials_post_only": True},
            "code_and_credentials_post_only does nothing while code_and_credentials is off",
        ),
        ({"token_exchange": True}, "set token_exchange_allowed=true"),
        ({"token_exchange_allowed": True}, "token_exchange_allowed does nothing while token_exchange is off"),
        (
            {"rotation_overlap": 30, "refresh_token_rotation": False},
            "rotation_overlap does nothing while refresh_token_rotation is off",
        ),
        ({"guest_jwt_timeout": 5}, "guest_jwt_timeout does nothing while jwt_access_tokens is off"),
        ({"session_level": "high_assurance"}, "set session_policy_action"),
        (
            {"token_exchange": True, "require_secret_for_token_exchange_flow": False},
            "set require_secret_for_token_exchange_flow=true",
        ),
        ({"code_and_credentials": True, "guest_code_and_credentials": True}, "set jwt_access_tokens=true"),
        ({"profiles": "Standard"}, "set permitted_users=admin_approved"),
        (
            {"distribution_state": "packaged", "scopes": "api,refresh_token", "refresh_token_rotation": False},
            "rules of 2026 for apps in several orgs: set refresh_token_rotation=true, limit_idle_refresh_tokens=true",
        ),
        ({"scopes": "full"}, "the scope full is too wide"),
        (
            {"scopes": "api,refresh_token", "refresh_token_policy": "infinite"},
            "set refresh_token_policy=specific_inactivity:30:DAYS",
        ),
        ({"ip_ranges": "192.0.2.1"}, "ip_ranges count only with ip_relaxation=bypass_2factor"),
        ({"saml": True}, "saml is on, but saml_entity_id is empty"),
        (SAML, "nobody may log in by SAML: name profiles or permission_sets"),
        (SAML | {"saml_subject_type": "custom_attribute"}, "set saml_subject_attribute"),
        (SAML | {"saml_signing_algorithm": "sha1"}, "set saml_signing_algorithm=sha256"),
        ({"saml_issuer": "us"}, "saml_issuer does nothing while saml is off"),
        ({"start_url": "https://a.example/"}, "start_url: not in force yet, waits for My apps, the launcher page"),
    ],
)
async def test_it_is_told_where_it_is_made(office: Office, values: dict[str, Any], says: str) -> None:
    told = await told_of(office, **values)

    assert any(says in warning for warning in told), told


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "asset_tokens_without_their_scopes": (
        {"asset_tokens": True, "scopes": "id", "callback_url": ""},
        "asset_tokens",
        "asset tokens need the scope api and the scope openid and a callback_url: add what is missing",
    ),
    "public_client_without_pkce": (
        {"require_secret_for_web_server_flow": False, "require_pkce": False},
        "require_pkce",
        "set require_pkce=true",
    ),
    "two_key_sets": (
        {"jwks": EXAMPLE_KEY_SET, "jwks_uri": "https://sync.example/keys"},
        "jwks_uri",
        "there is a key set in jwks, and one at jwks_uri: keep one of them",
    ),
    "client_credentials_without_run_as": ({"client_credentials": True}, "run_as", "no run_as user is named: name one"),
    "action_without_level": (
        {"session_policy_action": "block"},
        "session_policy_action",
        "does nothing without session_level=high_assurance",
    ),
}


def test_each_rule_that_refuses_is_among_these_and_names_are_unique() -> None:
    assert {rule.name for rule in RULES if rule.refuses} == set(REFUSED)
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("name", REFUSED)
async def test_what_can_never_work_or_is_never_safe_is_refused_beside_its_setting(office: Office, name: str) -> None:
    values, field, says = REFUSED[name]

    with pytest.raises(ManageProblem) as new:
        await told_of(office, **values)
    await told_of(office)
    with pytest.raises(ManageProblem) as old:
        await apps.change(office.desk, office.org, "Sync", values)

    for refused in (new, old):
        assert list(refused.value.fields) == [field]
        assert says in refused.value.fields[field]
    assert (await apps.find(office.desk, office.org, "Sync"))[s.REQUIRE_PKCE], "nothing was changed"


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_there_already_is_told_and_can_be_mended_step_by_step(office: Office, name: str) -> None:
    """As after the import of a file, which is never refused for it."""
    values, _, says = REFUSED[name]
    parsed = {s.BY_NAME[one]: s.BY_NAME[one].kind.parse(raw) for one, raw in (SOUND | values).items()}
    imported = await apps.add(office.desk, office.org, "Sync", parsed)

    other = await apps.change(office.desk, office.org, "Sync", {"description": "as it came"})

    assert any(says in warning for warning in imported.warnings)
    assert other.warnings == imported.warnings
    with pytest.raises(ManageProblem):
        await apps.change(office.desk, office.org, "Sync", REFUSED[_another_than(name)][0])


def _another_than(name: str) -> str:
    return next(one for one in REFUSED if one != name)


async def test_pkce_for_all_apps_of_the_org_makes_a_public_client_safe(office: Office) -> None:
    org = await orgs.change(office.desk, office.org, {"require_pkce_for_all_apps": True})
    values = SOUND | {"require_secret_for_web_server_flow": False, "require_pkce": False}

    made = await apps.create(office.desk, org, apps.NewApp(name="Sync", values=values))

    assert made.warnings == ()


async def test_a_certificate_is_told_before_it_is_valid_and_after(office: Office) -> None:
    valid = s.CERTIFICATE.kind.parse(EXAMPLE_CERTIFICATE)
    assert valid is not None
    held = await told_of(office, certificate=EXAMPLE_CERTIFICATE)

    office.clock.advance(ms=valid.ends_at - office.clock.now_ms())
    after = (await apps.change(office.desk, office.org, "Sync", {"description": "old"})).warnings
    office.clock.advance(ms=valid.starts_at - 1 - office.clock.now_ms())
    before = (await apps.change(office.desk, office.org, "Sync", {"description": "new"})).warnings

    assert not any(words in warning for words in ("has expired", "not valid yet") for warning in held)
    assert "certificate has expired: give a new certificate" in after
    assert "certificate is not valid yet" in before


async def test_new_orgs_begin_restricted_and_are_opened_by_name(office: Office) -> None:
    begun = orgs.settings_of(office.org)
    opened = await orgs.change(office.desk, office.org, {"allow_connected_app_creation": True})

    assert begun["allow_connected_app_creation"] is False
    assert begun["block_username_password_flow"] is True
    assert begun["block_user_agent_flow"] is True
    assert orgs.settings_of(opened)["allow_connected_app_creation"] is True


async def test_the_device_flow_without_a_callback_url_gets_a_placeholder_on_this_server(office: Office) -> None:
    desk = replace(office.desk, base_url="https://sso.harbour.example")
    values = SOUND | {"callback_url": "", "device_flow": True}

    made = await apps.create(desk, office.org, apps.NewApp(name="Reader", values=values))
    given = await apps.change(desk, office.org, "Reader", {"callback_url": "reader:/back"})

    assert made.app[s.CALLBACK_URL] == ("https://sso.harbour.example/services/oauth2/success",)
    assert given.app[s.CALLBACK_URL] == ("reader:/back",)


@pytest.mark.parametrize("setting", ["id_token_audiences", "asset_token_audiences"])
async def test_no_audience_is_another_apps_consumer_key(office: Office, setting: str) -> None:
    """A token for one client would be a login at another."""
    victim = await apps.create(office.desk, office.org, apps.NewApp(name="Victim", values=SOUND))
    attacker = await apps.create(office.desk, office.org, apps.NewApp(name="Attacker", values=SOUND))
    asked = {setting: ["https://api.example", victim.app.consumer_key]}

    with pytest.raises(ManageProblem, match="the consumer key of another app"):
        await apps.change(office.desk, office.org, "Attacker", asked)
    with pytest.raises(ManageProblem, match="the consumer key of another app"):
        await apps.create(office.desk, office.org, apps.NewApp(name="Third", values=SOUND | asked))
    await apps.change(office.desk, office.org, "Attacker", {setting: [attacker.app.consumer_key]})
