"""What a client says of itself when it registers, and what the server makes of it (RFC 7591, section 2).

Members that are unknown, or that nothing here honours, are passed over and never kept.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from grantway.kit.certified import ALGORITHMS
from grantway.kit.jose import JwtRefused, json_object
from grantway.protocol.door import SALESFORCE, Door
from grantway.protocol.no import registration as no
from grantway.protocol.refusal import Refused
from grantway.settings.fetched import FETCHED_URL
from grantway.settings.key_sets import KEY_SET
from grantway.settings.kinds import CALLBACKS, EMAIL, HTTPS_URL, SettingProblem, text
from grantway.settings.scopes import expand, scope_named

NONE: Final = "none"
SECRET_METHODS: Final = ("client_secret_basic", "client_secret_post")
PRIVATE_KEY_JWT: Final = "private_key_jwt"
AUTH_METHODS: Final = (NONE, *SECRET_METHODS, PRIVATE_KEY_JWT)
GRANT_TYPES: Final = ("authorization_code", "refresh_token")
"""What can be registered, and so what a registered client may use."""
BODY_MAX: Final = 64 * 1024
_DEPTH: Final = 32
_REFRESH: Final = "refresh_token"
_NAME_MAX: Final = 80
_LIST_MAX: Final = 100
_APPLICATION_TYPES: Final = ("web", "native")
# What its door always answers, whatever was asked for (salesforce-oauth.md 3.23).
_SALESFORCE_RESPONSES: Final = ["code", "token", "id_token"]
_SALESFORCE_GRANTS: Final = ["authorization_code", "hybrid_auth_code", "implicit", "refresh_token"]


class Ceiling(msgspec.Struct, frozen=True, gc=False):
    """The most that can be registered: scopes, custom scopes, and whose they are in words."""

    scopes: tuple[str, ...]
    custom: tuple[str, ...]
    of: str


class Registration(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was settled with a client. `scopes` are the words it asked with.

    Its public keys are a JWK set, as JSON text (`jwks`), or stand at a URL (`jwks_uri`); without keys, both are empty.
    """

    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    auth_method: str
    scopes: tuple[str, ...]
    client_name: str = ""
    contact: str = ""
    client_uri: str = ""
    application_type: str = "web"
    software_id: str = ""
    software_version: str = ""
    jwks: str = ""
    jwks_uri: str = ""

    @property
    def is_public(self) -> bool:
        """Whether the client has nothing to prove itself by."""
        return self.auth_method == NONE


def read_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a registration.

    Raises:
        Refused: no JSON object, deeper than 32, or a member twice.
    """
    try:
        document = json_object(body) if len(body) <= BODY_MAX else None
    except JwtRefused as problem:
        raise Refused(no.NOT_JSON()) from problem
    if document is None or _deeper(document, _DEPTH):
        raise Refused(no.NOT_JSON())
    return document


def settle(document: Mapping[str, Any], door: Door, ceiling: Ceiling) -> Registration:
    """Return what the server makes of a client's metadata: what it does not offer is left out where that harms nobody.

    Raises:
        Refused: what was sent cannot be honoured.
    """
    method = _auth_method(document, door)
    grant_types = _grant_types(document, door)
    jwks, jwks_uri = _keys(document, method)
    return Registration(
        redirect_uris=_redirect_uris(document),
        grant_types=grant_types,
        auth_method=method,
        scopes=_scopes(document, door, ceiling, None if door is SALESFORCE else _REFRESH in grant_types),
        client_name=_line(document, "client_name", _NAME_MAX),
        contact=_contact(document),
        client_uri=_https(document, "client_uri"),
        application_type=_application_type(document),
        software_id=_line(document, "software_id", 255),
        software_version=_line(document, "software_version", 255),
        jwks=jwks,
        jwks_uri=jwks_uri,
    )


def answer(settled: Registration, door: Door, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return what was settled in the words of a door; `scopes` are those that count now."""
    salesforce = door is SALESFORCE
    found: dict[str, Any] = {
        "token_endpoint_auth_method": settled.auth_method,
        "redirect_uris": list(settled.redirect_uris),
        "response_types": _SALESFORCE_RESPONSES if salesforce else ["code"],
        "grant_types": _SALESFORCE_GRANTS if salesforce else list(settled.grant_types),
        "application_type": settled.application_type,
    }
    if settled.contact:
        found["contacts"] = [settled.contact]
    if settled.client_name:
        found["client_name"] = settled.client_name
    found |= {"scopes": list(scopes)} if salesforce else {"scope": " ".join(scopes)}
    for name in ("client_uri", "software_id", "software_version", "jwks_uri"):
        if value := getattr(settled, name):
            found[name] = value
    if settled.jwks:
        found["jwks"] = json.loads(settled.jwks)
    return found


def standing(words: tuple[str, ...], scopes: tuple[str, ...], custom: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the scopes that were settled which are still within an app's."""
    held = expand(scopes)
    return tuple(word for word in words if _canonical(word) in held or word in custom)


def canonical(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that words stand for, by their one name and each once; custom ones are left out."""
    return tuple(dict.fromkeys(name for word in words if (name := _canonical(word))))


def _canonical(word: str) -> str:
    scope = scope_named(word)
    return scope.name if scope is not None else ""


def _auth_method(document: Mapping[str, Any], door: Door) -> str:
    sent = document.get("token_endpoint_auth_method")
    if sent is None:
        return SECRET_METHODS[1] if door is SALESFORCE else SECRET_METHODS[0]
    if sent not in AUTH_METHODS:
        raise Refused(no.AUTH_METHOD(sent=_shown(sent)))
    return str(sent)


def _grant_types(document: Mapping[str, Any], door: Door) -> tuple[str, ...]:
    """Return the grant types: all that can be registered where none is named, else those of them that are.

    At Salesforce's door the scopes alone say whether there are refresh tokens; it answers one list to everybody.
    """
    for member, offered in (("subject_type", "public"), ("id_token_signed_response_alg", "RS256")):
        if document.get(member) not in (None, offered):
            raise Refused(no.UNSUPPORTED(member=member, sent=_shown(document[member])))
    responses = _words(document, "response_types")
    if responses is not None and "code" not in responses:
        raise Refused(no.RESPONSE_TYPES(sent=_shown(responses)))
    sent = _words(document, "grant_types")
    if sent is None:
        return GRANT_TYPES
    if GRANT_TYPES[0] not in sent:
        raise Refused(no.GRANT_TYPES(sent=_shown(sent)))
    return GRANT_TYPES if door is SALESFORCE else tuple(name for name in GRANT_TYPES if name in sent)


def _redirect_uris(document: Mapping[str, Any]) -> tuple[str, ...]:
    sent = document.get("redirect_uris")
    if not isinstance(sent, list) or not sent or not all(isinstance(one, str) and one.strip() == one for one in sent):
        raise Refused(no.REDIRECT_URIS_MISSING())
    try:
        found = CALLBACKS.parse(sent)
    except SettingProblem as problem:
        raise Refused(no.REDIRECT_URIS_INVALID(problem=str(problem)[:300])) from problem
    if not found:
        raise Refused(no.REDIRECT_URIS_MISSING())
    return found


def _scopes(document: Mapping[str, Any], door: Door, ceiling: Ceiling, with_refresh: bool | None) -> tuple[str, ...]:
    """Return the scopes asked for, in the client's own words, as far as the ceiling goes; without any, all of these.

    Who registers for refresh tokens (`with_refresh`) gets their scope too, and nobody else does; None: as asked for.
    """
    asked = _words(document, "scopes") if door is SALESFORCE else None
    if asked is None:
        sent = document.get("scope")
        if sent is not None and not isinstance(sent, str):
            raise Refused(no.MEMBER_TYPE(member="scope", problem="not a text"))
        asked = sent.split() if sent and sent.strip() else None
    words = tuple(dict.fromkeys(asked)) if asked is not None else _all_of(ceiling, door)
    found = list(standing(words, ceiling.scopes, ceiling.custom))
    if with_refresh is not None:
        found = [word for word in found if _canonical(word) != _REFRESH]
    if with_refresh and _REFRESH in expand(ceiling.scopes):
        found.append(next((word for word in words if _canonical(word) == _REFRESH), _refresh_word(door)))
    if not found:
        raise Refused(no.SCOPE(sent=_shown(words), ceiling=f"those of {ceiling.of}"))
    return tuple(found)


def _all_of(ceiling: Ceiling, door: Door) -> tuple[str, ...]:
    if door is SALESFORCE:
        return ceiling.scopes + ceiling.custom
    # In the words of OpenID Connect, where it has some.
    standard = {"id": ("id", "profile", "email", "address", "phone"), _REFRESH: (_refresh_word(door),)}
    return tuple(word for name in ceiling.scopes for word in standard.get(name, (name,))) + ceiling.custom


def _refresh_word(door: Door) -> str:
    return _REFRESH if door is SALESFORCE else "offline_access"


def _application_type(document: Mapping[str, Any]) -> str:
    sent = document.get("application_type")
    if sent is None:
        return _APPLICATION_TYPES[0]
    if sent not in _APPLICATION_TYPES:
        raise Refused(no.MEMBER_TYPE(member="application_type", problem=f"{_shown(sent)} is neither web nor native"))
    return str(sent)


def _contact(document: Mapping[str, Any]) -> str:
    """Return the first contact; the others are not kept, as Salesforce does it."""
    contacts = _words(document, "contacts")
    if not contacts:
        return ""
    try:
        return EMAIL.parse(contacts[0])
    except SettingProblem as problem:
        raise Refused(no.MEMBER_TYPE(member="contacts", problem=str(problem))) from problem


def _line(document: Mapping[str, Any], member: str, longest: int) -> str:
    sent = document.get(member)
    try:
        return text(longest).parse(sent)
    except SettingProblem as problem:
        raise Refused(no.MEMBER_TYPE(member=member, problem=str(problem))) from problem


def _https(document: Mapping[str, Any], member: str) -> str:
    try:
        return HTTPS_URL.parse(document.get(member))
    except SettingProblem as problem:
        raise Refused(no.MEMBER_TYPE(member=member, problem=str(problem))) from problem


def _words(document: Mapping[str, Any], member: str) -> list[str] | None:
    sent = document.get(member)
    if sent is None:
        return None
    if not isinstance(sent, list) or len(sent) > _LIST_MAX or not all(isinstance(one, str) for one in sent):
        raise Refused(no.MEMBER_TYPE(member=member, problem=f"no list of at most {_LIST_MAX} texts"))
    return sent


def _keys(document: Mapping[str, Any], method: str) -> tuple[str, str]:
    """Return the public keys of a client that proves itself by them: as a JWK set, or the URL of one.

    Raises:
        Refused: there is neither, or both; or the set has no key that is taken, or the private half of one.
    """
    jwks, url = document.get("jwks"), document.get("jwks_uri")
    if jwks is not None and url is not None:
        raise Refused(no.TWO_KEY_SETS())
    if method != PRIVATE_KEY_JWT:
        return "", ""
    _demand_algorithm(document)
    if url is not None:
        return "", _jwks_uri(url)
    try:
        found = KEY_SET.parse(jwks) if isinstance(jwks, dict) and "keys" in jwks else None
    except SettingProblem as problem:
        raise Refused(no.NO_KEY(problem=str(problem))) from problem
    if found is None:
        raise Refused(no.NO_KEY(problem="there is neither jwks, with a list of keys, nor jwks_uri"))
    return found.text, ""


def _jwks_uri(sent: Any) -> str:
    try:
        found = FETCHED_URL.parse(sent)
    except SettingProblem as problem:
        raise Refused(no.JWKS_URI(problem=str(problem))) from problem
    if not found.startswith("https://"):
        raise Refused(no.JWKS_URI(problem="write an absolute URL that begins with https://"))
    return found


def _demand_algorithm(document: Mapping[str, Any]) -> None:
    """Refuse a client that would sign with what is not taken. Which of the others it uses, its keys say."""
    sent = document.get("token_endpoint_auth_signing_alg")
    if sent is not None and sent not in ALGORITHMS:
        raise Refused(no.SIGNING_ALG(sent=_shown(sent), taken=", ".join(ALGORITHMS)))


def _deeper(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return depth == 0 or any(_deeper(one, depth - 1) for one in value)


def _shown(value: Any) -> str:
    words = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return "".join(char if char.isprintable() else "?" for char in words)[:200]
