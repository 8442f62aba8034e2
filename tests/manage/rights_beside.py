"""Rows of the matrix for what people use beside an app: assignments, uploads, settings files, security tokens."""

from dataclasses import replace
from typing import Final

from grantway.domain.org import Org
from grantway.manage.caller import OPERATOR
from grantway.manage.connected_apps import assignments
from grantway.manage.custom import custom_permissions, permission_use
from grantway.manage.desk import Desk
from grantway.manage.files import org_files, uploads
from grantway.manage.listing import Piece
from grantway.manage.people import holders, security_tokens
from grantway.manage.usage import tokens
from grantway.metadata.document import read
from tests.manage.rights_more import OF_USAGE, PERMISSION
from tests.manage.rights_row import (
    ADA,
    CONNECTED,
    CUSTOMIZE,
    MODIFY,
    OF_PEOPLE,
    OF_READING,
    PROFILES,
    USERS,
    Row,
)

_SETTINGS: Final = read(
    b'<OauthOidcSettings xmlns="http://soap.sforce.com/2006/04/metadata">'
    b"<blockOAuthUnPwFlow>true</blockOAuthUnPwFlow></OauthOidcSettings>"
)
_SCOPE: Final = (
    b'<OauthCustomScope xmlns="http://soap.sforce.com/2006/04/metadata"><developerName>s</developerName>'
    b"</OauthCustomScope>"
)


async def _import_org_file(desk: Desk, org: Org) -> None:
    await org_files.import_org_file(desk, org, "Oauth.settings", _SETTINGS)


async def _uses(desk: Desk, org: Org) -> None:
    gate = await custom_permissions.find(replace(desk, caller=OPERATOR), org, PERMISSION)
    await permission_use.use_of(desk, org, gate)


# Whoever may change one kind of thing that files are about; each file then asks for its own right.
_OF_FILES: Final = ({CUSTOMIZE}, {CONNECTED})
BESIDE: Final = (
    Row(
        name="assign an app to a profile",
        does=lambda d, o: assignments.assign(d, o, holders.PROFILES, "Empty", "Sync"),
        enough=({CUSTOMIZE, MODIFY, PROFILES},),
    ),
    Row(
        name="list apps that can be assigned",
        does=lambda d, o: assignments.assignable(d, o, holders.PROFILES, "Empty"),
        enough=OF_READING,
    ),
    Row(name="import a settings file of the org", does=_import_org_file, enough=({CUSTOMIZE},)),
    Row(name="see who gives custom permissions", does=permission_use.givers, enough=OF_PEOPLE),
    Row(name="see where a custom permission is used", does=_uses, enough=OF_PEOPLE),
    Row(
        name="reset a security token",
        does=lambda d, o: security_tokens.reset(d, o, ADA),
        enough=({USERS},),
        command=("user", "reset-security-token", ADA),
    ),
    Row(
        name="page through tokens",
        does=lambda d, o: tokens.page_of_lines(d, o, Piece(limit=5)),
        enough=OF_USAGE,
    ),
    Row(
        name="upload files",
        does=lambda d, o: uploads.keep(d, o, "session", (("s.oauthcustomscope", _SCOPE),)),
        enough=_OF_FILES,
    ),
    Row(name="review uploaded files", does=lambda d, o: uploads.preview(d, o, "session"), enough=_OF_FILES),
    Row(name="import uploaded files", does=lambda d, o: uploads.confirm(d, o, "session", ""), enough=_OF_FILES),
)
