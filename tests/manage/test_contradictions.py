"""Settings that contradict each other, do nothing or are not in force are told in words that say what to change."""

from dataclasses import replace
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage import apps, orgs
from grantway.settings.certificates import EXAMPLE_CERTIFICATE
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
    ("values", "says"),
    [
        (
            {"asset_tokens": True, "scopes": "id", "callback_url": "", "client_credentials": True},
            "asset tokens need the scope api and the scope openid and a callback_url: add what is missing",
        ),
        ({"require_secret_for_web_server_flow": False, "require_pkce": False}, "set require_pkce=true"),
        ({"client_credentials": True}, "no run_as user is named"),
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
        ({"session_policy_action": "block"}, "does nothing without session_level=high_assurance"),
        ({"session_level": "high_assurance"}, "set session_policy_action"),
        (HIGH | {"client_credentials": True}, "shuts out the client credentials flow"),
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
