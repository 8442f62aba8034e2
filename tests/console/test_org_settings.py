"""OAuth and OpenID Connect Settings: seen, changed, refused without losing what was typed, never overwritten."""

import re

import httpx
import pytest

from grantway import settings as s
from tests.console.setup import Setup, add_user, field_of, sign_in
from tests.endpoints.house import CALLBACK, House
from tests.settings.values import new_certificate

PAGE = "/setup/org"


def sent(page: httpx.Response, **more: str) -> dict[str, str]:
    """The form as a browser would send it, with some fields changed; an empty text leaves a box unticked."""
    values = dict(re.findall(r'<input class="mid" id="[^"]+" name="([^"]+)" value="([^"]*)"', page.text))
    ticked = re.findall(r'name="([^"]+)" value="true" checked', page.text)
    values |= dict.fromkeys(ticked, "true") | {"seen": field_of(page, "seen")} | more
    return {name: value for name, value in values.items() if value}


async def test_every_setting_of_the_org_has_a_field_bound_to_its_label_and_help(setup: Setup) -> None:
    page = await setup.open(PAGE)

    for one in s.held_by(s.Holder.ORG):
        assert f'<label for="setting-{one.name}">' in page.text
        assert f'aria-describedby="h-{one.name}"' in page.text


async def test_a_change_is_in_force_at_once_and_said(house: House, setup: Setup) -> None:
    app = await house.app({s.REQUIRE_PKCE: False})
    before = await house.authorize(app)
    page = await setup.open(PAGE)

    done = await setup.follow(await setup.send(PAGE, sent(page, require_pkce_for_all_apps="true"), page=PAGE))

    assert "Saved: 1 change" in done.text
    assert 'name="require_pkce_for_all_apps" value="true" checked' in done.text
    after = await house.authorize(app)
    assert dict(before.headers).get(b"location", b"") != dict(after.headers).get(b"location", b"")
    assert CALLBACK.encode() not in dict(before.headers)[b"location"]


async def test_secrets_in_urls_are_warned_of_beside_their_switch_while_it_is_on(setup: Setup) -> None:
    name = "allow_legacy_query_parameters"
    before = await setup.open(PAGE)

    await setup.send(PAGE, sent(before, **{name: "true"}), page=PAGE)
    after = await setup.open(PAGE)

    assert f'id="w-{name}"' not in before.text
    assert f'id="w-{name}">Secrets and tokens in URLs are read now.' in after.text
    assert f'aria-describedby="h-{name} w-{name}"' in after.text


async def test_a_value_that_is_not_taken_comes_back_with_what_was_typed_and_changes_nothing(setup: Setup) -> None:
    page = await setup.open(PAGE)

    refused = await setup.send(
        PAGE, sent(page, org_session_timeout="soon", require_pkce_for_all_apps="true"), page=PAGE
    )

    assert refused.status_code == 400
    assert 'value="soon"' in refused.text
    assert 'name="require_pkce_for_all_apps" value="true" checked' in refused.text
    assert 'href="#setting-org_session_timeout"' in refused.text
    assert "<title>1 problem:" in refused.text
    assert 'name="require_pkce_for_all_apps" value="true" checked' not in (await setup.open(PAGE)).text


@pytest.mark.requirement("S42")
async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(house: House, setup: Setup) -> None:
    page = await setup.open(PAGE)
    form = sent(page, org_session_timeout="45")
    await setup.send(PAGE, sent(page, org_session_timeout="90"), page=PAGE)

    refused = await setup.send(PAGE, form, page=PAGE)

    assert refused.status_code == 409
    assert "changed by somebody else" in refused.text
    assert 'value="45"' in refused.text
    assert 'value="90"' in (await setup.open(PAGE)).text


async def test_saving_without_a_change_says_so(setup: Setup) -> None:
    page = await setup.open(PAGE)

    assert "Nothing was changed." in (await setup.follow(await setup.send(PAGE, sent(page), page=PAGE))).text


async def test_it_takes_customize_application_alone(house: House, setup: Setup) -> None:
    await add_user(house, "half@harbour.example", "CustomizeApplication")
    half = await sign_in(house, "half@harbour.example")
    page = await half.open(PAGE)

    done = await half.send(PAGE, sent(page, org_session_timeout="45"), page=PAGE)

    assert "Saved: 1 change" in (await half.follow(done)).text
    assert 'value="45"' in (await setup.open(PAGE)).text


async def test_without_customize_application_nothing_is_changed(house: House, setup: Setup) -> None:
    await add_user(house, "other@harbour.example", "ViewSetup", "ModifyAllData")
    other = await sign_in(house, "other@harbour.example")

    refused = await other.send(PAGE, sent(await setup.open(PAGE), org_session_timeout="45"))

    assert refused.status_code == 403
    assert "Customize Application" in refused.text
    assert 'value="45"' not in (await setup.open(PAGE)).text


async def test_who_switches_the_saml_assertion_flow_on_is_told_what_it_lacks_and_what_it_means(setup: Setup) -> None:
    page = await setup.open(PAGE)
    done = await setup.follow(await setup.send(PAGE, sent(page, saml_assertion_flow="true"), page=PAGE))
    assert "are set: sso_issuer, sso_certificate, saml_assertion_app." in done.text

    whole = {"sso_issuer": "https://idp.example", "sso_certificate": new_certificate(), "saml_assertion_app": "Sso"}
    done = await setup.follow(await setup.send(PAGE, sent(done, **whole), page=PAGE))

    assert "Whoever holds a response of the identity provider gets a token now" in done.text
    assert "-----BEGIN CERTIFICATE-----" in done.text
