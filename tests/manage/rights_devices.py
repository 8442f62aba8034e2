"""Rows of the matrix for devices and certificates."""

from dataclasses import replace
from typing import Final

import msgspec

from grantway.domain.asset import Asset, OrgCertificate
from grantway.domain.org import Org
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.exchange import assets
from grantway.manage.listing import Piece
from grantway.manage.server import certificates
from grantway.store.statement import Insert
from tests.manage.rights_more import OF_USAGE
from tests.manage.rights_row import CUSTOMIZE, SETUP, Row

ASSET_ID: Final = "02i000000000001AAA"
CERTIFICATE: Final = "Fleet"
OF_CERTIFICATES: Final = ({CUSTOMIZE}, {"ManageCertificates"})
_ADD_ASSET: Final = Insert("asset", Asset.__struct_fields__)
_ADD_CERTIFICATE: Final = Insert("org_certificate", OrgCertificate.__struct_fields__)


async def furnish(desk: Desk, org: Org) -> None:
    """Put a device and a certificate into an org; to make a key for each row would take long."""
    asset = Asset(ASSET_ID, org.id, "", "", "did:x", "Thermometer", "", "x", "", 0, 1, 1)
    await desk.run(_ADD_ASSET, *msgspec.structs.astuple(asset))
    certificate = OrgCertificate("0P1000000000001AAA", org.id, CERTIFICATE, "", "none", 1, 2)
    await desk.run(_ADD_CERTIFICATE, *msgspec.structs.astuple(certificate))


async def _apps_signing(desk: Desk, org: Org) -> None:
    fleet = await certificates.find(replace(desk, caller=OPERATOR), org, CERTIFICATE)
    await certificates.apps_signing_with(desk, org, fleet)


DEVICES: Final = (
    Row(
        name="list devices",
        does=lambda d, o: assets.page_of(d, o, Piece(limit=5)),
        enough=OF_USAGE,
    ),
    Row(name="show a device", does=lambda d, o: assets.find(d, o, ASSET_ID), enough=OF_USAGE),
    Row(name="freeze a device", does=lambda d, o: assets.freeze(d, o, ASSET_ID), enough=OF_USAGE),
    Row(name="delete a device", does=lambda d, o: assets.delete(d, o, ASSET_ID), enough=OF_USAGE),
    Row(name="list certificates", does=certificates.all_of, enough=({SETUP},)),
    Row(name="list the apps that sign by a certificate", does=_apps_signing, enough=OF_CERTIFICATES),
    Row(name="show a certificate", does=lambda d, o: certificates.find(d, o, CERTIFICATE), enough=({SETUP},)),
    Row(
        name="delete a certificate",
        does=lambda d, o: certificates.delete(d, o, CERTIFICATE),
        enough=OF_CERTIFICATES,
    ),
)
