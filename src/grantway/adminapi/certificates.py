"""Self-signed certificates of the token's org, whose private keys stay here; they sign asset tokens."""

from typing import Any, Final

from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import NUMBER, TIME, listed, record, text
from grantway.domain.asset import OrgCertificate
from grantway.manage.server import certificates
from grantway.protocol.when import iso_seconds

_CERTIFICATE: Final = record(
    {
        "id": text(18),
        "name": text(certificates.NAME_LIMIT),
        "kid": text(64, description="The key's id in the JWK set."),
        "pem": text(4000),
        "created_at": TIME,
        "ends_at": TIME,
    }
)


def _told(one: OrgCertificate) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "kid": one.kid,
        "pem": one.pem,
        "created_at": iso_seconds(one.created_at),
        "ends_at": iso_seconds(one.ends_at),
    }


async def _list(ask: Ask) -> Answer:
    found = await certificates.all_of(ask.desk, ask.org)
    return Answer(value={"items": [_told(one) for one in found], "next": None})


async def _create(ask: Ask) -> Answer:
    made = await certificates.create(ask.desk, ask.org, **ask.body)
    return Answer(value=_told(made), status=201)


async def _get(ask: Ask) -> Answer:
    return Answer(value=_told(await certificates.find(ask.desk, ask.org, ask.params["certificate"])))


async def _delete(ask: Ask) -> Answer:
    await certificates.delete(ask.desk, ask.org, ask.params["certificate"])
    return Answer(status=204)


ROUTES: Final = (
    Route(
        method="GET",
        path="/certificates",
        name="listCertificates",
        summary="The org's certificates, by name, without their private keys",
        right="View Setup and Configuration",
        answer=_list,
        gives=listed(_CERTIFICATE),
    ),
    Route(
        method="POST",
        path="/certificates",
        name="createCertificate",
        summary="Make a self-signed certificate with its key",
        right="Customize Application or Manage Certificates",
        answer=_create,
        gives=_CERTIFICATE,
        takes=record(
            {
                "name": text(certificates.NAME_LIMIT, least=1),
                "days": {**NUMBER, "description": f"How long it is good for, 1 to {certificates.MOST_DAYS}; 730."},
            },
            required=("name",),
        ),
        status=201,
        once=True,
    ),
    Route(
        method="GET",
        path="/certificates/{certificate}",
        name="getCertificate",
        summary="A certificate, by name or id",
        right="View Setup and Configuration",
        answer=_get,
        gives=_CERTIFICATE,
    ),
    Route(
        method="DELETE",
        path="/certificates/{certificate}",
        name="deleteCertificate",
        summary="Delete a certificate that no app names, and retire its key",
        right="Customize Application or Manage Certificates",
        answer=_delete,
    ),
)
