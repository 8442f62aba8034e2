"""Settings that stand in groups of a metadata file: ranges, asset tokens, SAML; and keys that must not stand there."""

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps import apps
from grantway.manage.desk import Desk
from grantway.manage.files.export_app import export_app
from grantway.manage.files.import_app import SourceFile, import_file

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">\n'
RANGE = "    <ipRanges>\n        <end>{1}</end>\n        <start>{0}</start>\n    </ipRanges>\n"
LABEL = "    <label>Sync</label>\n"


def file(content: str) -> SourceFile:
    return SourceFile(name="Sync.connectedApp-meta.xml", data=f"{HEAD}{content}</ConnectedApp>\n".encode())


async def exported(desk: Desk, org: Org) -> str:
    return (await export_app(desk, org, "Sync", with_key=False)).data.decode()


async def test_ranges_are_read_and_written_one_group_each(desk: Desk, org: Org) -> None:
    content = RANGE.format("10.0.0.1", "10.0.0.9") + RANGE.format("2001:db8::1", "2001:db8::f") + LABEL

    told = await import_file(desk, org, file(content))
    app = await apps.find(desk, org, "Sync")

    assert told.kept == ()
    assert [str(one) for one in app[s.IP_RANGES]] == ["10.0.0.1 - 10.0.0.9", "2001:db8::1 - 2001:db8::f"]
    assert await exported(desk, org) == f"{HEAD}{content}</ConnectedApp>\n"
    await apps.change(desk, org, "Sync", {"ip_ranges": "10.9.9.9 Office"})
    assert "<description>Office</description>\n        <end>10.9.9.9</end>" in await exported(desk, org)
    assert "10.0.0.1" not in await exported(desk, org)


async def test_a_range_that_is_none_is_named_and_stays_in_the_file(desk: Desk, org: Org) -> None:
    content = RANGE.format("10.0.0.9", "10.0.0.1") + RANGE.format("10.0.1.1", "10.0.1.9") + LABEL

    told = await import_file(desk, org, file(content))
    await apps.change(desk, org, "Sync", {"ip_ranges": "10.2.0.1"})

    assert [(kept.path, kept.why, kept.line) for kept in told.kept] == [
        ("ipRanges[1]", "10.0.0.9 comes after 10.0.0.1: the lower address is the start", 3)
    ]
    out = await exported(desk, org)
    assert "<start>10.2.0.1</start>" in out
    assert "<start>10.0.0.9</start>" in out
    assert "10.0.1.1" not in out


async def test_asset_tokens_and_policies_are_written_with_all_that_their_groups_require(desk: Desk, org: Org) -> None:
    values = {"contact_email": "a@b.example", "asset_tokens": True, "session_level": "high_assurance"}
    values |= {"scopes": "api,openid", "callback_url": "https://sync.example/cb"}
    await apps.create(desk, org, apps.NewApp(name="Sync", values=values))

    out = await exported(desk, org)

    for element in (
        "<assetAudiences></assetAudiences>",
        "<assetIncludeAttributes>true</assetIncludeAttributes>",
        "<assetIncludeCustomPerms>true</assetIncludeCustomPerms>",
        "<assetSigningCertId></assetSigningCertId>",
        "<assetValidityPeriod>1440</assetValidityPeriod>",
        "<ipRelaxation>ENFORCE</ipRelaxation>",
        "<sessionLevel>HIGH_ASSURANCE</sessionLevel>",
    ):
        assert element in out


async def test_what_belongs_to_a_switch_that_is_off_is_told_and_not_written(desk: Desk, org: Org) -> None:
    values = {"contact_email": "a@b.example", "saml_issuer": "us", "asset_token_validity": 7}
    await apps.create(desk, org, apps.NewApp(name="Sync", values=values))

    out = await export_app(desk, org, "Sync")

    assert out.left_out == {s.SAML_ISSUER: "us", s.ASSET_TOKEN_VALIDITY: 7}
    assert b"samlConfig" not in out.data


async def test_a_private_key_where_the_certificate_belongs_is_neither_stored_nor_repeated(desk: Desk, org: Org) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
    content = f"{LABEL}    <samlConfig>\n        <certificate>{key}</certificate>\n    </samlConfig>\n"

    told = await import_file(desk, org, file(content))

    assert [(kept.path, kept.line) for kept in told.kept] == [("samlConfig/certificate", 5)]
    assert "MIIEvQIBADANBg" not in repr(told)
    assert "MIIEvQIBADANBg" not in await exported(desk, org)


async def test_a_group_goes_with_its_last_setting(desk: Desk, org: Org) -> None:
    content = f"{LABEL}    <sessionPolicy>\n        <sessionTimeout>15</sessionTimeout>\n    </sessionPolicy>\n"
    await import_file(desk, org, file(content))

    await apps.change(desk, org, "Sync", {"session_timeout": "none"})

    assert "sessionPolicy" not in await exported(desk, org)
