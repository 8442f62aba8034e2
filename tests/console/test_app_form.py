"""New Connected App and Edit: every setting of the catalogue stands on the form, and is saved through it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from grantway import settings as s
from grantway.console.app_controls import parsed_from, raw_of, widget_of
from grantway.console.app_fields import ON_FORM
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_scopes
from grantway.manage.people import holders
from tests.console.app_forms import edited, form_of, post, review, save
from tests.console.setup import Setup, add_user, sign_in
from tests.endpoints.house import House
from tests.settings.values import refused, valid

APP_EDITOR = "ed@harbour.example"


@pytest.fixture
async def name(house: House) -> str:
    """An app of the org, by its API name."""
    given: dict[s.AnySetting, Any] = {
        s.LABEL: "Sync",
        s.CONTACT_EMAIL: "nora@harbour.example",
        s.CALLBACK_URL: ("https://a.example/cb",),
    }
    return (await apps.add(house.desk, house.org, "Shipment_Sync", given)).app.app.name


async def held(house: House, name: str) -> dict[s.AnySetting, Any]:
    """Return an app's values."""
    app = await apps.find(house.desk, house.org, name)
    return {setting: app[setting] for setting in ON_FORM}


async def typed_for(setup: Setup, setting: s.AnySetting, value: Any) -> dict[str, Any]:
    """Return the fields that fill in a value."""
    widget = widget_of(setting, {} if setting in (s.PROFILES, s.PERMISSION_SETS) else None)
    raw = raw_of(setting, value, widget)
    if widget == "policy":
        form, *rest = raw[0].split(":")
        return {setting.name: form} | {
            f"{setting.name}.{form}.{part}": text for part, text in zip(("number", "unit"), rest, strict=False)
        }
    return {setting.name: list(raw) or None}


# What must be there before another value of a setting is no contradiction.
NEEDS: dict[s.AnySetting, dict[str, Any]] = {
    s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: {"require_pkce": True},
    s.CLIENT_CREDENTIALS: {"run_as": "ada@harbour.example"},
    s.ASSET_TOKENS: {"scopes": ["api", "openid"]},
    s.SESSION_POLICY_ACTION: {"session_level": "high_assurance"},
}


@pytest.mark.parametrize("setting", ON_FORM, ids=lambda one: one.name)
async def test_every_setting_is_on_the_form_and_saved_through_it(
    house: House, setup: Setup, name: str, setting: s.AnySetting
) -> None:
    if setting in NEEDS:
        await apps.change(house.desk, house.org, name, NEEDS[setting])
    before = await held(house, name)
    page = await setup.open(f"/setup/apps/{name}/edit")
    assert f'name="shown" value="{setting.name}"' in page.text
    value = await _another(house, setting, before[setting])

    reviewed = await review(setup, name, await typed_for(setup, setting, value))
    assert setting.name in form_of(reviewed, "/save")["shown"]
    reply = await save(setup, name, reviewed)

    assert reply.status_code == 303, reply.text
    assert await held(house, name) == before | {setting: value}


async def _another(house: House, setting: s.AnySetting, before: Any) -> Any:
    """Return an acceptable value other than the one it has."""
    if setting in (s.PROFILES, s.PERMISSION_SETS):
        kind = holders.PROFILES if setting is s.PROFILES else holders.PERMISSION_SETS
        await holders.create(house.desk, kind, house.org_id, "Clerk, <b>late</b>", ())
        return ("Clerk, <b>late</b>",)
    if setting is s.RUN_AS:
        return "ada@harbour.example"
    if setting.kind.name == "flag":
        return not before
    example = setting.kind.parse(setting.example)
    if setting is s.CUSTOM_SCOPES:
        for scope in example:
            await custom_scopes.create(
                house.desk, house.org, custom_scopes.NewScope(name=scope, description="Made for this test")
            )
    assert example != before
    return example


@pytest.mark.parametrize("setting", [one for one in ON_FORM if one.kind.name != "flag"], ids=lambda one: one.name)
async def test_a_value_that_is_refused_is_told_at_its_field_and_nothing_typed_is_lost(
    house: House, setup: Setup, name: str, setting: s.AnySetting
) -> None:
    wrong, says = refused(setting)
    widget = widget_of(setting, {} if setting in (s.PROFILES, s.PERMISSION_SETS) else None)
    if widget == "policy":
        form, number, unit = wrong.split(":")
        typed = {setting.name: form, f"{setting.name}.{form}.number": number, f"{setting.name}.{form}.unit": unit}
    else:
        typed = {setting.name: wrong}
    before = await held(house, name)

    reply = await review(setup, name, {"info_url": "https://kept.example/page"} | typed, 400)

    fields = form_of(reply, "/edit")
    assert f'id="{setting.name}-e"' in reply.text
    assert f'href="#{setting.name}"' in reply.text
    if widget not in ("radios", "policy") and wrong.isprintable():
        assert wrong in fields[setting.name]
    if setting is not s.INFO_URL:
        assert fields["info_url"] == ["https://kept.example/page"]
    assert says.split("'")[0][:20].lower() in reply.text.replace("&#39;", "'").lower()
    assert await held(house, name) == before


async def test_ticks_that_were_set_in_another_order_are_no_change(house: House, setup: Setup, name: str) -> None:
    """Browsers send ticks in the page's order, whatever order they were stored in."""
    await apps.change(house.desk, house.org, name, {"scopes": "refresh_token,openid,api"})
    fields = form_of(await setup.open(f"/setup/apps/{name}/edit"), "/edit") | {"certificate": ["nonsense"]}
    fields["scopes"] = ["openid", "api", "refresh_token"]

    reply = await post(setup, f"/setup/apps/{name}/edit", fields)

    assert "<b>1 changed</b>, not saved: Use Digital Signatures" in reply.text


async def test_each_wrong_callback_line_is_named_with_its_number(setup: Setup, name: str) -> None:
    lines = "https://a.example/cb\r\n\r\nhttp://plain.example/\r\njavascript:alert(1)"

    reply = await review(setup, name, {"callback_url": lines}, 400)

    assert "ine 3 begins with http://" in reply.text
    assert "ine 4 begins with javascript:" in reply.text


async def test_a_form_sent_as_it_was_opened_changes_nothing(house: House, setup: Setup, name: str) -> None:
    house_app = await apps.find(house.desk, house.org, name)

    reply = await review(setup, name, {})

    assert "nothing to review" in reply.text
    assert (await apps.find(house.desk, house.org, name)).version == house_app.version


async def test_a_flag_that_was_not_on_the_form_is_not_cleared(house: House, setup: Setup, name: str) -> None:
    fields = {key: value for key, value in (await edited(setup, name, {})).items() if key in ("csrf", "seen", "base")}

    await post(setup, f"/setup/apps/{name}/save", fields | {"shown": ["description"], "description": ["New"]})

    values = await held(house, name)
    assert values[s.DESCRIPTION] == "New"
    assert values[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW] is True


async def test_what_somebody_else_changed_meanwhile_is_shown_and_what_was_typed_stays(
    house: House, setup: Setup, name: str
) -> None:
    fields = await edited(setup, name, {"description": "mine", "info_url": "https://mine.example/"})
    await apps.change(house.desk, house.org, name, {"description": "theirs", "rotation_overlap": "30"})

    reply = await post(setup, f"/setup/apps/{name}/edit", fields)

    assert reply.status_code == 409
    assert "is now <i>theirs</i>" in reply.text
    assert "you wrote <i>mine</i>" in reply.text
    again = form_of(reply, "/edit")
    assert again["description"] == ["mine"]
    assert again["rotation_overlap"] == ["30"]
    reviewed = await post(setup, f"/setup/apps/{name}/edit", again)
    assert (await save(setup, name, reviewed)).status_code == 303
    values = await held(house, name)
    assert (values[s.DESCRIPTION], values[s.INFO_URL], values[s.ROTATION_OVERLAP]) == (
        "mine",
        "https://mine.example/",
        30,
    )


async def test_a_new_app_begins_with_what_new_apps_begin_with(house: House, setup: Setup) -> None:
    fields = form_of(await setup.open("/setup/apps/new"), "/new")
    fields |= {"label": ["Crane Telemetry"], "contact_email": ["it@harbour.example"]}

    reply = await post(setup, "/setup/apps/new", fields)

    assert reply.status_code == 303, reply.text
    assert reply.headers["location"].endswith("/setup/apps/Crane_Telemetry")
    app = await apps.find(house.desk, house.org, "Crane_Telemetry")
    assert app[s.REQUIRE_PKCE] is True
    assert app[s.LABEL] == "Crane Telemetry"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"contact_email": ""}, "contact_email"),
        ({"label": ""}, "api_name"),
        ({"api_name": "Shipment_Sync"}, "api_name"),
    ],
)
async def test_a_new_app_that_is_refused_is_shown_again_with_what_was_typed(
    setup: Setup, name: str, typed: dict[str, str], field: str
) -> None:
    fields = form_of(await setup.open("/setup/apps/new"), "/new")
    filled = {"label": "Crane", "contact_email": "it@harbour.example", "description": "kept"} | typed

    reply = await post(setup, "/setup/apps/new", fields | {key: [value] for key, value in filled.items()})

    assert reply.status_code == 400
    assert f'id="{field}-e"' in reply.text
    assert form_of(reply, "/new")["description"] == ["kept"]


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202eevil", "{{ 7*7 }}", "שלום עולם"]


@pytest.mark.parametrize("label", HOSTILE)
async def test_hostile_names_are_shown_harmlessly_and_survive_a_form_that_does_not_change_them(
    house: House, setup: Setup, name: str, label: str
) -> None:
    await apps.change(house.desk, house.org, name, {"label": label, "description": label})
    for path in ("/setup/apps", f"/setup/apps/{name}/edit"):
        page = await setup.open(path)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "\u202e" not in page.text

    reply = await save(setup, name, await review(setup, name, {"info_url": "https://info.example/"}))

    assert reply.status_code == 303, reply.text
    assert (await held(house, name))[s.LABEL] == label


async def test_a_label_of_ten_thousand_characters_is_refused(setup: Setup, name: str) -> None:
    reply = await review(setup, name, {"label": "x" * 10_000}, 400)

    assert "At most 80 characters, this has 10000." in reply.text


async def test_who_may_not_assign_profiles_sees_them_with_the_reason_and_saves_the_rest(
    house: House, setup: Setup, name: str
) -> None:
    await add_user(house, APP_EDITOR, "CustomizeApplication", "ManageRemoteAccess")
    editor = await sign_in(house, APP_EDITOR)
    page = await editor.open(f"/setup/apps/{name}/edit")

    assert 'name="shown" value="profiles"' not in page.text
    assert "Modify All Data" in page.text
    reply = await save(editor, name, await review(editor, name, {"description": "by Ed"}))
    assert reply.status_code == 303
    assert (await held(house, name))[s.DESCRIPTION] == "by Ed"


async def test_who_may_not_change_apps_is_told_what_is_missing(house: House, setup: Setup, name: str) -> None:
    await add_user(house, APP_EDITOR)
    editor = await sign_in(house, APP_EDITOR)

    for path in ("/setup/apps", "/setup/apps/new", f"/setup/apps/{name}/edit", f"/setup/apps/{name}/delete"):
        assert "Customize Application" in (await editor.open(path, 403)).text


async def test_an_app_of_another_org_shows_what_its_org_sets_and_takes_our_policies(house: House, setup: Setup) -> None:
    there = await house.elsewhere()
    foreign = await there.app()
    await house.change(
        "INSERT INTO app_policy (org_id, app_id, settings, run_as, version, is_blocked, not_before, installed_at)"
        " VALUES (:org, :app, '{}', '', 1, 0, 0, 0)",
        house.org_id,
        foreign.id,
    )
    page = await setup.open(f"/setup/apps/{foreign.id}/edit")
    assert 'name="shown" value="callback_url"' not in page.text
    assert "the org that made the app" in page.text

    reply = await save(setup, foreign.id, await review(setup, foreign.id, {"session_timeout": "15"}))

    assert reply.status_code == 303, reply.text
    assert (await held(house, foreign.id))[s.SESSION_TIMEOUT] == 15


@pytest.mark.parametrize("setting", ON_FORM, ids=lambda one: one.name)
def test_a_value_that_the_form_shows_is_read_back_as_it_was(setting: s.AnySetting) -> None:
    widget = widget_of(setting, {} if setting in (s.PROFILES, s.PERMISSION_SETS) else None)

    @hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(valid(setting))
    def read_back(value: Any) -> None:
        assert setting.kind.parse(parsed_from(widget, raw_of(setting, value, widget))) == value

    read_back()
