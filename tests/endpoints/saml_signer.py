"""SAML assertions for tests: files that xmlsec1 signed, and others made on the spot with a claim or two changed."""

import base64
import datetime
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from grantway import settings as s
from tests.endpoints.house import BASE, SALESFORCE, House, TestApp
from tests.endpoints.saml.make import KEY, SAML
from tests.endpoints.signer import Signer, signer

FILES = Path(__file__).parent / "saml"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:saml2-bearer"
ADA = "ada@harbour.example"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


@cache
def file(name: str) -> bytes:
    """Return a message that xmlsec1 signed, or a certificate."""
    return (FILES / name).read_bytes()


def encoded(xml: bytes | str) -> str:
    """Return a message in base64url, as clients send it."""
    return base64.urlsafe_b64encode(xml if isinstance(xml, bytes) else xml.encode()).decode().rstrip("=")


async def app_of_files(house: House, certificate: str = "signer") -> TestApp:
    """The app whose consumer key the files name, with the certificate of who signed them."""
    from grantway.manage.connected_apps import apps

    values: dict[s.AnySetting, Any] = {
        s.SCOPES: ("api", "id", "openid", "refresh_token"),
        s.CALLBACK_URL: ("https://app.example/callback",),
        s.CERTIFICATE: s.CERTIFICATE.kind.parse(file(f"{certificate}.crt").decode()),
        s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
        s.PROFILES: ("Standard",),
    }
    app = (await apps.add(house.desk, house.org, "Signed_Elsewhere", values, key=KEY)).app
    return TestApp(app.id, app.consumer_key, app.secret.reveal())


def at(now_ms: int, *, seconds: int = 0) -> str:
    """Return a time as SAML writes it."""
    moment = datetime.datetime.fromtimestamp(now_ms // 1000 + seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(house: House, issuer: str, **changed: Any) -> str:
    """Return `signed_text` as clients send it."""
    return encoded(signed_text(house, issuer, **changed))


def signed_text(
    house: House,
    issuer: str,
    *,
    door: str = SALESFORCE,
    by: Signer | None = None,
    inside: str = "",
    **changed: str | None,
) -> str:
    """Return an assertion about ada, signed by somebody; None leaves a part out, `inside` stands at its end."""
    now = house.clock.now_ms()
    parts: dict[str, str | None] = {
        "id": "_1",
        "issued": at(now),
        "subject": f"<saml:NameID>{ADA}</saml:NameID>",
        "recipient": f"{BASE}{door}/token",
        "confirmed_until": at(now, seconds=180),
        "confirmed_from": None,
        "not_before": at(now, seconds=-30),
        "until": at(now, seconds=180),
        "audience": BASE if door == SALESFORCE else f"{BASE}{door}",
        "method": BEARER,
        "conditions": "",
        "version": "2.0",
        **changed,
    }
    own = _attributes(ID="id", IssueInstant="issued", Version="version", of=parts)
    data = _attributes(Recipient="recipient", NotOnOrAfter="confirmed_until", NotBefore="confirmed_from", of=parts)
    confirmation = f"<saml:SubjectConfirmationData{data}/>" if data else ""
    audience = parts["audience"]
    restriction = (
        f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
        if audience is not None
        else ""
    )
    text = (
        f'<saml:Assertion xmlns:saml="{SAML}"{own}>'
        f"<saml:Issuer>{issuer}</saml:Issuer><saml:Subject>{parts['subject'] or ''}"
        f'<saml:SubjectConfirmation Method="{parts["method"]}">{confirmation}</saml:SubjectConfirmation></saml:Subject>'
        f"<saml:Conditions{_attributes(NotBefore='not_before', NotOnOrAfter='until', of=parts)}>{restriction}"
        f"{parts['conditions']}</saml:Conditions>{inside}</saml:Assertion>"
    )
    return signed_by(text, by or signer()).decode()


def _attributes(*, of: dict[str, str | None], **names: str) -> str:
    return "".join(f' {name}="{of[part]}"' for name, part in names.items() if of[part] is not None)


def signed_by(text: str, who: Signer) -> bytes:
    """Sign an element that has an ID."""
    tree = etree.fromstring(text.encode())
    own = tree.get("ID")
    made = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0).sign(
        tree, key=who.pem.encode(), cert=who.certificate, reference_uri=f"#{own}", id_attribute="ID"
    )
    return etree.tostring(made)


async def send(house: House, assertion: str, *, door: str = SALESFORCE, **more: str) -> tuple[int, dict[str, Any]]:
    """Send an assertion to the token endpoint."""
    return await house.token({"grant_type": GRANT_TYPE, "assertion": assertion, **more}, door=door)
