"""Clients that are known by the URL of a document about them (draft-ietf-oauth-client-id-metadata-document)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from grantway.protocol.no import document as no
from grantway.protocol.refusal import Refused
from grantway.protocol.registration import NONE, PRIVATE_KEY_JWT, read_document

SCHEME: Final = "https://"
"""What such a client id begins with, and no other."""
LIMIT_BYTES: Final = 10 * 1024
ACCEPT: Final = "application/json"
_URL_MAX: Final = 500
_METHODS: Final = (NONE, PRIVATE_KEY_JWT)
_SECRETS: Final = ("client_secret", "client_secret_expires_at")


def is_document_url(client_id: str) -> bool:
    """Tell whether a client id means a document, whether or not it may."""
    return client_id.startswith(SCHEME)


def url_problem(url: str) -> str:
    """Return what is wrong with the URL of a document (section 3), or an empty text.

    One document has one URL: no other spelling of it is taken, so that nobody is known by two.
    """
    if len(url) > _URL_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"it is longer than {_URL_MAX} characters, or no URL"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme != "https" or not host or not url.startswith(SCHEME):
        return "it does not begin with https:// and a host"
    if "@" in parts.netloc:
        return "it holds a username or password"
    if parts.netloc != parts.netloc.lower() or port == 443 or parts.netloc.endswith(":"):
        return "its host is not in lower case, or has the port that https has anyway"
    if parts.path in ("", "/"):
        return "it has no path"
    if "#" in url or "?" in url:
        return "it has a fragment or a query"
    if any(unquote(part) in (".", "..") for part in parts.path.split("/")):
        return "its path has a . or .. in it"
    return ""


def is_approved(url: str, sources: tuple[str, ...]) -> bool:
    """Tell whether a document stands where an administrator lets clients come from: a whole host, or that very URL."""
    parts = urlsplit(url)
    return url in sources or any(one.rstrip("/") == f"{SCHEME}{parts.netloc}" for one in sources)


def host_of(url: str) -> str:
    """Return the host of a document's URL, with its port where it has one, as people may see it."""
    return urlsplit(url).netloc


def read_client_document(url: str, status: int, content_type: str, body: bytes) -> dict[str, Any]:
    """Return what a document says of a client, as a registration says it (RFC 7591).

    Raises:
        Refused: it is no such document, or not this client's, or speaks of a secret.
    """
    if status != 200:
        raise Refused(no.NOT_FETCHED(url=url, why=f"it was answered with the status {status}, and 200 is wanted"))
    if content_type != ACCEPT and not (content_type.startswith("application/") and content_type.endswith("+json")):
        what = content_type[:60] or "nothing"
        raise Refused(no.NOT_FETCHED(url=url, why=f"it is served as {what}, and {ACCEPT} is wanted"))
    try:
        document = read_document(body)
    except Refused as refused:
        raise Refused(no.UNUSABLE(url=url, problem=refused.refusal.explanation())) from refused
    if document.get("client_id") != url:
        raise Refused(no.OTHER_CLIENT(url=url))
    _demand_no_secret(url, document)
    # The default of RFC 7591 is a secret, which cannot be here.
    return {"token_endpoint_auth_method": NONE} | document


def _demand_no_secret(url: str, document: Mapping[str, Any]) -> None:
    method = document.get("token_endpoint_auth_method", NONE)
    if method not in _METHODS:
        problem = f"it names the client authentication {str(method)[:60]}, and anybody can read it"
        raise Refused(no.UNUSABLE(url=url, problem=problem))
    if found := [name for name in _SECRETS if name in document]:
        raise Refused(no.UNUSABLE(url=url, problem=f"it holds {found[0]}, and anybody can read it"))
