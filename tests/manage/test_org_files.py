"""Salesforce's org settings files, both ways: nothing is lost (connected-apps.md 1.19)."""

from typing import Any

import pytest

from grantway.domain.org import Org
from grantway.domain.permissions import CUSTOMIZE_APPLICATION, VIEW_SETUP
from grantway.manage.desk import Desk
from grantway.manage.files.import_app import SourceFile, import_file
from grantway.manage.files.org_files import MEMBERS, export_org
from grantway.manage.problem import ManageProblem
from grantway.manage.server import orgs
from grantway.metadata.document import read
from grantway.metadata.names import SETTINGS
from tests.manage.conftest import Office
from tests.metadata.real_files import FOLDER, MISSING

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OIDC = (
    _HEAD
    + """<OauthOidcSettings xmlns="http://soap.sforce.com/2006/04/metadata">
    <agentAuthLinking>true</agentAuthLinking>
    <blockOAuthUnPwFlow>false</blockOAuthUnPwFlow>
    <isPkceRequired>true</isPkceRequired>
</OauthOidcSettings>
"""
)
SECURITY = (
    _HEAD
    + """<SecuritySettings xmlns="http://soap.sforce.com/2006/04/metadata">
    <passwordPolicies>
        <expiration>NinetyDays</expiration>
    </passwordPolicies>
    <sessionSettings>
        <lockSessionsToIp>true</lockSessionsToIp>
        <logoutURL>https://harbour.example/goodbye</logoutURL>
        <sessionTimeout>FourHours</sessionTimeout>
    </sessionSettings>
</SecuritySettings>
"""
)


def file_of(member: str, text: str) -> SourceFile:
    return SourceFile(name=f"{member}.settings-meta.xml", data=text.encode())


def security(inner: str) -> str:
    return f"<SecuritySettings><sessionSettings>{inner}</sessionSettings></SecuritySettings>"


async def exported(desk: Desk, org: Org) -> dict[str, str]:
    return {one.member: one.data.decode() for one in await export_org(desk, org)}


async def settings(desk: Desk, org: Org) -> dict[str, Any]:
    return orgs.settings_of(await orgs.find(desk, org.id))


async def test_a_settings_file_changes_the_org_and_tells_what(desk: Desk, org: Org) -> None:
    before = await settings(desk, org)

    told = await import_file(desk, org, file_of("OauthOidc", OIDC))

    assert (told.done, told.name) == ("updated", "Settings OauthOidc")
    assert {(one.setting, one.after) for one in told.changes} == {
        ("require_pkce_for_all_apps", "on"),
        ("block_username_password_flow", "off"),
    }
    assert [(one.path, one.line) for one in told.kept] == [("agentAuthLinking", 3)]
    after = await settings(desk, org)
    assert after == before | {"require_pkce_for_all_apps": True, "block_username_password_flow": False}


async def test_what_a_file_leaves_out_stays_as_it_is(desk: Desk, org: Org) -> None:
    """Rule 7 of 1.20, also for what is empty and what says xsi:nil."""
    await orgs.change(desk, org, {"require_pkce_for_all_apps": "true", "allow_code_and_credentials": "true"})
    text = """<OauthOidcSettings xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <isPkceRequired/><oAuthCdCrdtFlowEnable xsi:nil="true"/></OauthOidcSettings>"""

    told = await import_file(desk, org, file_of("OauthOidc", text))

    assert (told.done, told.changes, told.problem) == ("updated", (), "")


async def test_what_was_imported_comes_out_again_with_what_nobody_here_knows(desk: Desk, org: Org) -> None:
    await import_file(desk, org, file_of("Security", SECURITY))
    await import_file(desk, org, file_of("OauthOidc", OIDC))

    found = await exported(desk, org)

    assert found["Security"] == SECURITY
    assert "<agentAuthLinking>true</agentAuthLinking>" in found["OauthOidc"]
    assert "<blockOAuthUsrAgtFlow>true</blockOAuthUsrAgtFlow>" in found["OauthOidc"]  # the file had nothing to say


async def test_two_files_that_each_say_a_part_are_kept_together(desk: Desk, org: Org) -> None:
    part = security("<lockSessionsToDomain>true</lockSessionsToDomain>")

    await import_file(desk, org, file_of("Security", SECURITY))
    await import_file(desk, org, file_of("Security", part))

    text = (await exported(desk, org))["Security"]
    assert text == SECURITY.replace(
        "        <lockSessionsToIp>",
        "        <lockSessionsToDomain>true</lockSessionsToDomain>\n        <lockSessionsToIp>",
    )


async def test_every_export_of_an_org_read_in_another_gives_the_same_settings(office: Office) -> None:
    asked = {"org_session_timeout": 480, "admin_approved_apps_only": True, "block_user_agent_flow": False}
    await orgs.change(office.desk, office.org, asked)
    other = await office.other_org()

    for one in await export_org(office.desk, office.org):
        assert (await import_file(office.desk, other, SourceFile(name=one.file, data=one.data))).done == "updated"

    here, there = await settings(office.desk, office.org), await settings(office.desk, other)
    in_files = {setting.name for placed in MEMBERS.values() for setting in placed}
    assert {name: here[name] for name in in_files} == {name: there[name] for name in in_files}


async def test_a_timeout_that_salesforce_has_no_word_for_is_named_apart(desk: Desk, org: Org) -> None:
    await orgs.change(desk, org, {"org_session_timeout": 45})

    (security,) = [one for one in await export_org(desk, org) if one.member == "Security"]

    assert [(one.name, found) for one, found in security.left_out.items()] == [("org_session_timeout", 45)]
    assert b"sessionTimeout" not in security.data


async def test_a_value_that_no_setting_takes_is_kept_and_said(desk: Desk, org: Org) -> None:
    text = security("<sessionTimeout>Forever</sessionTimeout>")

    told = await import_file(desk, org, file_of("Security", text))

    assert [(one.path, one.line) for one in told.kept] == [("sessionSettings/sessionTimeout", 1)]
    assert "'Forever'" in told.kept[0].why
    assert "<sessionTimeout>Forever</sessionTimeout>" in (await exported(desk, org))["Security"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<OauthOidcSettings><isPkceRequired><a>1</a></isPkceRequired></OauthOidcSettings>", "holds elements"),
        ("<SecuritySettings><sessionSettings>soon</sessionSettings></SecuritySettings>", "holds text"),
        (OIDC.replace("agentAuthLinking", "isPkceRequired"), "more than once"),
        ("<!DOCTYPE a><OauthOidcSettings/>", "DOCTYPE"),
    ],
)
async def test_a_file_of_another_shape_changes_nothing(desk: Desk, org: Org, text: str, says: str) -> None:
    before = await settings(desk, org)

    told = await import_file(desk, org, file_of("OauthOidc", text))

    assert told.done == "failed"
    assert says in told.problem
    assert await settings(desk, org) == before


async def test_settings_files_of_other_things_are_skipped_and_said_so(desk: Desk, org: Org) -> None:
    told = await import_file(desk, org, file_of("Account", "<AccountSettings/>"))

    assert told.done == "skipped"
    assert "OauthOidc" in told.problem


@pytest.mark.requirement("S37")
async def test_it_takes_the_right_to_change_the_settings_of_the_org(office: Office) -> None:
    viewer, changer = await office.seat(VIEW_SETUP.name), await office.seat(CUSTOMIZE_APPLICATION.name)

    refused = await import_file(viewer, office.org, file_of("OauthOidc", OIDC))

    assert refused.done == "failed"
    assert "the permission Customize Application is missing" in refused.problem
    assert (await import_file(changer, office.org, file_of("OauthOidc", OIDC))).done == "updated"
    with pytest.raises(ManageProblem):
        await export_org(viewer, office.org)


async def test_a_dry_run_tells_the_same_and_changes_nothing(desk: Desk, org: Org) -> None:
    would = await import_file(desk, org, file_of("OauthOidc", OIDC), dry_run=True)

    assert not (await settings(desk, org))["require_pkce_for_all_apps"]
    assert await import_file(desk, org, file_of("OauthOidc", OIDC)) == would


async def test_settings_files_of_strangers_come_out_with_all_that_they_said(desk: Desk, org: Org) -> None:
    found = sorted(FOLDER.rglob("*.settings-meta.xml"))
    if not found:
        pytest.skip(MISSING)
    for path in found:
        told = await import_file(desk, org, SourceFile(name=path.name, data=path.read_bytes()))

        assert (told.done, told.problem) == ("updated", ""), path
        document = read(path.read_bytes())
        text = (await exported(desk, org))[document.type.removesuffix(SETTINGS)]
        for child in document.root.children:
            assert (f"<{child.name}>{child.text}</{child.name}>" in text) != child.is_nil, path
