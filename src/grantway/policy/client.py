"""Checks of who the client is: known, open at this door, and authenticated (RFC 6749 2.3; salesforce-oauth.md 2.1)."""

import hmac
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp, KeyState
from grantway.policy.app_keys import KeyVoices
from grantway.policy.assertion import AssertionCase, Voices, checks
from grantway.protocol.client_document import is_approved
from grantway.protocol.decision import Finding, decide
from grantway.protocol.door import Door
from grantway.protocol.no import assertion as said
from grantway.protocol.no import client as no
from grantway.protocol.no import document as no_document
from grantway.protocol.refusal import Reason
from grantway.protocol.registration import GRANT_TYPES, PRIVATE_KEY_JWT, SECRET_METHODS
from grantway.settings.setting import Setting

CLIENT: Final = "Client"
SECRET: Final = "Client secret"
ASSERTION: Final = "Client assertion"
_KNOWN: Final = Finding(CLIENT, "known, and served at this door")
_RIGHT: Final = Finding(SECRET, "sent, and right")
_NOT_NEEDED: Final = Finding(SECRET, "not sent, and not required here")
_ASSERTION_CHECKS: Final = checks(
    KeyVoices(
        none=said.CLIENT_NO_CERTIFICATE,
        not_certificate=said.CLIENT_NOT_SIGNED,
        not_pasted=said.CLIENT_NOT_IN_SET,
        not_published=said.CLIENT_NOT_PUBLISHED,
        unreachable=said.CLIENT_KEYS_UNREACHABLE,
    ),
    Voices(
        no_audience=said.CLIENT_NO_AUDIENCE,
        other_audience=said.CLIENT_OTHER_AUDIENCE,
        no_end=said.CLIENT_NO_END,
        ended=said.CLIENT_ENDED,
        too_early=said.CLIENT_TOO_EARLY,
        too_long=said.CLIENT_TOO_LONG,
        seen=said.CLIENT_SEEN,
        too_many=said.CLIENT_TOO_MANY,
    ),
)


class ClientCase(msgspec.Struct, frozen=True, gc=False):
    """Who asks: the client id that was sent, the app it names, and the secrets that may have been meant.

    `secrets` are the readings of the one secret that was sent (raw and percent-decoded, RFC 6749 2.3.1); empty when
    none was. `asserted` is the assertion that was sent in its place.
    """

    door: Door
    client_id: str
    client: InstalledApp | None
    secrets: tuple[str, ...]
    now_ms: int
    asserted: AssertionCase | None = None


def known(case: ClientCase) -> Finding | None:
    """The consumer key must name an app that has OAuth enabled and is served at this door."""
    if not case.client_id:
        return Finding(CLIENT, "not named", no.CLIENT_ID_MISSING())
    app = case.client
    if app is None:
        return Finding(CLIENT, "unknown", no.CLIENT_UNKNOWN(client_id=case.client_id[:100]))
    state = app.key_state(case.now_ms)
    if state is KeyState.STAGED:
        return Finding(CLIENT, "named by a key that is staged", no.KEY_STAGED(app=app.app.name))
    if state is KeyState.ENDED:
        ends_at = (app.pair.ends_at if app.pair is not None else None) or 0
        return Finding(CLIENT, "named by a key whose time is over", no.KEY_ENDED(app=app.app.name, ended_at=ends_at))
    if not app[s.OAUTH_ENABLED]:
        return Finding(CLIENT, "OAuth settings are off", no.OAUTH_OFF(app=app.ruled_by))
    if app[s.DOORS] is case.door.closed_for:
        return Finding(CLIENT, "not served at this door", no.DOOR_CLOSED(app=app.app.name, door=case.door.name))
    if app.is_by_document and (refused := _not_let_in(app)):
        return refused
    return _KNOWN


def _not_let_in(app: InstalledApp) -> Finding | None:
    """A client that is known by its document is one only while the org lets such clients in, from where it is."""
    url = app.consumer_key
    if not app[s.CLIENT_ID_DOCUMENTS]:
        return Finding(CLIENT, "known by its document, which the org takes from nobody", no_document.OFF(url=url))
    if not is_approved(url, app[s.CLIENT_DOCUMENT_SOURCES]):
        return Finding(CLIENT, "known by a document of no approved place", no_document.NOT_APPROVED(url=url))
    return None


def grant_registered(case: ClientCase, grant_type: str) -> Finding | None:
    """A client that registered uses the flows that can be registered, and no other."""
    app = case.client
    if app is None or not app.is_registered or grant_type in GRANT_TYPES:
        return None
    return Finding(CLIENT, "registered for other flows", no.OTHER_GRANT(app=app.app.name, grant_type=grant_type))


def secret_always(case: ClientCase) -> Finding | None:
    """The client must authenticate, whatever its settings."""
    return _secret(case, None, no.SECRET_MISSING)


def secret_for_web_server(case: ClientCase) -> Finding | None:
    """The client must authenticate if its web server setting says so; a secret that is sent is checked either way."""
    return _secret(case, s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW, no.SECRET_MISSING_ON_WEB_SERVER)


def secret_for_refresh(case: ClientCase) -> Finding | None:
    """The client must authenticate if its refresh setting says so; a secret that is sent is checked either way."""
    return _secret(case, s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW, no.SECRET_MISSING_ON_REFRESH)


def secret_for_token_exchange(case: ClientCase) -> Finding | None:
    """The client must authenticate if its token exchange setting says so; what it sends is checked either way."""
    return _secret(case, s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW, no.SECRET_MISSING_ON_TOKEN_EXCHANGE)


def secret_if_sent(case: ClientCase) -> Finding | None:
    """The client proves itself in another way; what it sends beside that is checked all the same."""
    return _secret(case, None, None)


def _secret(case: ClientCase, required_by: Setting[bool] | None, missing: Reason | None) -> Finding | None:
    app = case.client
    if app is None:
        return None
    if app.is_registered and (refused := _otherwise(app, case)):
        return refused
    if case.asserted is not None:
        return _asserted(case.asserted)
    if not case.secrets:
        if missing is not None and (required_by is None or app[required_by]):
            return Finding(SECRET, "missing", missing(app=app.app.name))
        return _NOT_NEEDED
    held = app.secret.reveal().encode()
    right = False
    for secret in case.secrets:
        right |= hmac.compare_digest(held, secret.encode("utf-8", "surrogatepass"))
    return _RIGHT if right else Finding(SECRET, "wrong", no.SECRET_WRONG(app=app.app.name))


def _otherwise(app: InstalledApp, case: ClientCase) -> Finding | None:
    """A client that registered proves itself as it registered, and in no other way (S21).

    Its secret may come by Basic or in the body, whichever of the two it registered (clients.md 5).
    """
    method = app.app.auth_method
    if case.asserted is not None:
        used = PRIVATE_KEY_JWT
    elif case.secrets:
        used = method if method in SECRET_METHODS else SECRET_METHODS[0]
    else:
        return None
    if used == method:
        return None
    return Finding(SECRET, f"{used}, and {method} is registered", no.OTHER_METHOD(app=app.app.name, method=method))


def _asserted(case: AssertionCase) -> Finding:
    """An assertion in the secret's place: by a key of the app, for this server, used once (RFC 7523, 2.2)."""
    trail = decide(_ASSERTION_CHECKS, case)
    refused = trail.refusal
    if refused is not None:
        return Finding(ASSERTION, refused.explanation()[:200], refused)
    return Finding(ASSERTION, f"signed {trail.findings[0].says[:150]}, for this server, used once")
