"""`OauthTokenExchangeHandler` files: imported with what they say, exported as they came (connected-apps.md 1.18)."""

from grantway.manage.exchange import token_handlers
from grantway.manage.files import handler_files, import_app
from grantway.settings import token_handlers as f
from tests.manage.conftest import Office

FILE = b"""<?xml version="1.0" encoding="UTF-8"?>
<OauthTokenExchangeHandler xmlns="http://soap.sforce.com/2006/04/metadata">
    <description>Tokens of the harbour</description>
    <developerName>Harbour_IdP</developerName>
    <enablements>
        <apexExecutionUser>runner@harbour.example</apexExecutionUser>
        <connectedApp>Sync</connectedApp>
        <isDefault>true</isDefault>
    </enablements>
    <isAccessTokenSupported>true</isAccessTokenSupported>
    <isContactCreationAllowed>false</isContactCreationAllowed>
    <isEnabled>true</isEnabled>
    <isIdTokenSupported>false</isIdTokenSupported>
    <isJwtSupported>true</isJwtSupported>
    <isProtected>false</isProtected>
    <isRefreshTokenSupported>false</isRefreshTokenSupported>
    <isSaml2Supported>true</isSaml2Supported>
    <isUserCreationAllowed>false</isUserCreationAllowed>
    <masterLabel>Harbour</masterLabel>
    <tokenHandlerApex>HarbourTokenHandler</tokenHandlerApex>
</OauthTokenExchangeHandler>
"""
NAME = "oauthtokenexchangehandlers/Harbour_IdP.oauthtokenexchangehandler-meta.xml"


async def imported(office: Office, data: bytes = FILE) -> import_app.Imported:
    """Import one file."""
    (done,) = await import_app.import_files(office.desk, office.org, [import_app.SourceFile(name=NAME, data=data)])
    return done


async def test_a_file_gives_a_handler_enabled_for_its_app_and_comes_out_as_it_came(office: Office) -> None:
    await office.app("Sync")
    await office.user(username="runner@harbour.example")
    done = await imported(office)
    handler = await token_handlers.find(office.desk, office.org, "Harbour_IdP")
    (enabled,) = await token_handlers.enabled_apps(office.desk, office.org, handler)

    assert done.done == "created", done.problem
    assert [one.path for one in done.kept] == ["isContactCreationAllowed", "tokenHandlerApex"]
    assert (handler[f.LABEL], handler[f.CODE]) == ("Harbour", "HarbourTokenHandler")
    assert handler[f.TOKEN_TYPES] == ("access_token", "jwt", "saml2")
    assert (enabled.app, enabled.run_as, enabled.is_default) == ("Sync", "runner@harbour.example", True)
    exported = await handler_files.export_handler(office.desk, office.org, "Harbour_IdP")
    assert exported.data.decode() == FILE.decode()
    assert (await imported(office)).done == "updated"


async def test_what_the_org_does_not_have_is_told_and_the_rest_taken(office: Office) -> None:
    done = await imported(office)

    assert done.done == "created"
    assert "there is no app 'Sync'" in {one.path: one.why for one in done.kept}["enablements"]
    await office.app("Sync")
    done = await imported(office)
    assert "there is no user 'runner@harbour.example'" in {one.path: one.why for one in done.kept}["enablements"]


async def test_a_value_that_is_not_taken_fails_the_file(office: Office) -> None:
    assert (await imported(office, FILE.replace(b"<isEnabled>true", b"<isEnabled>maybe"))).done == "failed"
    assert (await imported(office, FILE.replace(b"Harbour_IdP", b"Two  Words"))).done == "failed"
    assert await token_handlers.all_of(office.desk, office.org) == ()
