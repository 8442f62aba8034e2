"""Pages of other origins that call the endpoints from a browser: allowed by an org's list (S6; decisions/0010)."""

import base64
import binascii
from typing import Final

from grantway.endpoints.parameters import form_of
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header, Reply
from grantway.kit.ids import ORG, canonical_id
from grantway.kit.secrets import read_access_token
from grantway.protocol.door import door_of
from grantway.protocol.refusal import Refused
from grantway.store.statement import Unavailable

_DOORS: Final = ("/services/oauth2", "/oidc")
_POSTED: Final = frozenset(f"{door}/{name}" for door in _DOORS for name in ("token", "revoke", "introspect"))
_REGISTER: Final = "/oidc/register"
_USERINFO: Final = frozenset(f"{door}/userinfo" for door in _DOORS)
_ID: Final = "/id/"
_KEYS: Final = "/id/keys"
_DATA: Final = "/services/data"
_VARY: Final = (b"vary", b"Origin")
_ALLOWED: Final = (
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept"),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Final = (b"access-control-expose-headers", b"X-Request-Id, WWW-Authenticate, Retry-After")


async def preflight(call: Call, server: Server) -> Reply | None:
    """Answer a browser that asks whether a page may call; None where no list says so, as if there were no such list.

    The app is not known yet, so any org's list allows it (decisions/0010).
    """
    methods = _methods_of(call.path)
    origin = _origin_of(call)
    if not methods or call.header(b"access-control-request-method") is None:
        return None
    if not any(origin in listed for listed in (await server.directory.origins()).values()):
        return None
    headers = (_allow(origin), (b"access-control-allow-methods", methods), *_ALLOWED, _VARY)
    return Reply(204, b"", headers)


async def opened(call: Call, server: Server, reply: Reply) -> Reply:
    """Return a reply as a page may read it: open to the origin if the list of the app's org has it; else as it is.

    Never with credentials: what a page sends is in its own hands, not in the browser's.
    """
    if not _methods_of(call.path) or any(name == b"access-control-allow-origin" for name, _ in reply.headers):
        return reply
    try:
        lists = await server.directory.origins()
        if not lists:
            return reply
        org_id = await _org_of(call, server)
    except Unavailable:
        return reply
    origin = _origin_of(call)
    listed = lists.get(org_id, frozenset()) if org_id is not None else frozenset().union(*lists.values())
    more = (_allow(origin), _EXPOSED, _VARY) if origin in listed and call.method != "OPTIONS" else (_VARY,)
    return Reply(reply.status, reply.body, (*reply.headers, *more))


def _methods_of(path: str) -> bytes:
    """Return the methods that pages may call a path with; empty where none may."""
    if path in _POSTED or path == _REGISTER:
        return b"POST"
    if path.startswith(_REGISTER + "/"):
        return b"GET, PUT, DELETE"
    if path in _USERINFO or (path.startswith(_ID) and path != _KEYS):
        return b"GET, POST"
    return b"GET" if path == _DATA or path.startswith(_DATA + "/") else b""


def _origin_of(call: Call) -> str:
    return (call.header(b"origin") or b"").decode("latin-1")


def _allow(origin: str) -> Header:
    return (b"access-control-allow-origin", origin.encode("latin-1"))


async def _org_of(call: Call, server: Server) -> str | None:
    """Return the org whose list decides: the token's, else the client's home org; None where the request names none."""
    scheme, _, credentials = (call.header(b"authorization") or b"").partition(b" ")
    if scheme.lower() in (b"bearer", b"oauth"):
        return _org_of_token(credentials.strip().decode("latin-1"))
    form: dict[str, str] = {}
    if call.method == "POST":
        try:
            form = dict(form_of(call, door_of(call.path)))
        except Refused:
            return None
    client_id = form.get("client_id", "")
    if scheme.lower() == b"basic":
        client_id = _basic_user(credentials) or client_id
    if client_id:
        app = await server.directory.app_by_key(client_id)
        return app.org.id if app is not None else None
    return _org_of_token(form.get("access_token", "") or form.get("token", ""))


def _org_of_token(token: str) -> str | None:
    names = read_access_token(token)
    return canonical_id(names[1], ORG) if names else None


def _basic_user(credentials: bytes) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
