"""What a registration becomes: the values and the name of an app, and what it may not set itself."""

import hmac
import re
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.secrets import new_opaque
from grantway.manage.connected_apps.app_values import Values
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import registration as no
from grantway.protocol.refusal import Refused
from grantway.protocol.registration import Registration, canonical
from grantway.settings.choices import Doors


def values_of(settled: Registration, parent: InstalledApp | None, door: Door) -> Values:
    """Return what a registration settles, as settings.

    What is not among them, a client with a parent has from it (`domain.app.as_child`) or not at all; one without has it
    as new apps begin.
    """
    custom = tuple(word for word in settled.scopes if parent is not None and word in parent[s.CUSTOM_SCOPES])
    contact: Values = {s.CONTACT_EMAIL: settled.contact} if settled.contact else {}
    return contact | {
        s.LABEL: settled.client_name or "Registered client",
        s.INFO_URL: settled.client_uri,
        s.CALLBACK_URL: settled.redirect_uris,
        s.SCOPES: canonical(settled.scopes),
        s.CUSTOM_SCOPES: custom,
        s.JWKS: s.JWKS.kind.parse(settled.jwks),
        s.JWKS_URI: settled.jwks_uri,
        s.REQUIRE_PKCE: settled.is_public or parent is None or parent[s.REQUIRE_PKCE],
        s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW: not settled.is_public,
        s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW: not settled.is_public,
        s.REFRESH_TOKEN_ROTATION: True,
        s.DOORS: Doors.SALESFORCE if door is SALESFORCE else Doors.STANDARDS,
    }


def name_from(client_name: str) -> str:
    """Return an API name that nobody has: of the client's name what such names can have, and chance."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", client_name).strip("_")[:60].strip("_")
    begins = words if words[:1].isalpha() else "Client"
    return f"{begins}_{re.sub(r'[^A-Za-z0-9]', '', new_opaque())[:10]}"


PROTECTED: Final = (
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
)
"""What the server alone sets (RFC 7592, section 2.2)."""


def demand_untouched(document: dict[str, Any], told: dict[str, Any]) -> None:
    """Demand that what the server alone sets is at most repeated (RFC 7592, section 2.2); client_id has to be.

    Raises:
        Refused: names the member.
    """
    for member in PROTECTED:
        if member == "client_id" or member in document:
            sent, is_told = document.get(member), told.get(member)
            if type(sent) is not type(is_told) or not _same(sent, is_told):
                raise Refused(no.PROTECTED(member=member))


def _same(sent: Any, told: Any) -> bool:
    if isinstance(sent, str):
        return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), str(told).encode())
    return bool(sent == told)
