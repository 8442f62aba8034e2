"""Userinfo and the identity URL: who the token's user is (OpenID Connect Core 5.3; "Using Identity URLs")."""

from typing import Any, Final

from grantway.endpoints.answer import bearer_reply, json_reply, note, text_reply
from grantway.endpoints.bearer import Bearer, look_up, needs_account, needs_scope, presented_token, renew
from grantway.endpoints.people_view import read_view, shown
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.kit.ids import ORG, SHORT_ID_LENGTH, USER, canonical_id
from grantway.kit.urls import identity_url
from grantway.protocol.claims import details_of, standard_claims
from grantway.protocol.custom_claims import custom_claims
from grantway.protocol.door import SALESFORCE, STANDARDS, Door, Voice, door_of
from grantway.protocol.no import bearer as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.protocol.when import iso_seconds, utc_offset_ms
from grantway.store.hot import HeldAccessToken
from grantway.store.people import user_by_id

_USERINFO_SCOPES: Final = ("openid", "id", "profile", "email", "address", "phone")
_IDENTITY_SCOPES: Final = ("id", "openid", "api", "web")


async def userinfo(call: Call, server: Server, base: str) -> Reply:
    """Answer /services/oauth2/userinfo and /oidc/userinfo."""
    door = door_of(call.path)
    try:
        bearer = await look_up(server, await presented_token(call, server, door), door)
    except Refused as refused:
        return _refuse(server, call, door, refused.refusal, None)
    if not needs_scope(bearer, *(("openid",) if door is STANDARDS else _USERINFO_SCOPES)) or bearer.held is None:
        return _refuse(server, call, door, bearer.refusal or no.TOKEN_UNKNOWN(), bearer)
    held = bearer.held
    if door is STANDARDS:
        await renew(server, held)
        claims = {"sub": held.user.id, **standard_claims(held.user, held.token.scopes.split())}
        return json_reply(claims | custom_claims(held.of, held.token.scopes, base))
    try:
        view = read_view(call)
    except Refused as refused:
        return _refuse(server, call, door, refused.refusal, bearer)
    await renew(server, held)
    return shown(view, _salesforce_userinfo(held, base, view.version, server.clock.now_ms()))


async def identity(call: Call, server: Server, base: str) -> Reply:
    """Answer /id/<org>/<user>. Errors are plain words; a parameter that repeats the header's token is ignored."""
    try:
        token = await presented_token(call, server, SALESFORCE)
        bearer = await look_up(server, token, SALESFORCE)
    except Refused as refused:
        return _refuse(server, call, SALESFORCE, refused.refusal, None)
    # With `api` a program may ask who anybody of the org is; a guest is nobody of the org.
    if not needs_scope(bearer, *_IDENTITY_SCOPES) or not needs_account(bearer) or bearer.held is None:
        return _refuse(server, call, SALESFORCE, bearer.refusal or no.TOKEN_UNKNOWN(), bearer)
    held = bearer.held
    org_id, user_id = _ids(call.path)
    if org_id is None or user_id is None:
        return _refuse(server, call, SALESFORCE, no.BAD_ID(), bearer)
    if org_id != held.user.org_id:
        return _refuse(server, call, SALESFORCE, no.WRONG_ORG(), bearer)
    user = held.user if user_id == held.user.id else await user_by_id(server.db, user_id)
    if user is None or user.org_id != org_id:
        return _refuse(server, call, SALESFORCE, no.BAD_ID(), bearer)
    try:
        view = read_view(call)
    except Refused as refused:
        return _refuse(server, call, SALESFORCE, refused.refusal, bearer)
    await renew(server, held)
    details = details_of(user)
    # Of somebody else an app is told what the directory says, and no more.
    custom = custom_claims(held.of, held.token.scopes, base) if user is held.user else {}
    return shown(
        view,
        {
            "id": identity_url(base, org_id, user.id),
            "asserted_user": user.id == held.user.id,
            "user_id": user.id,
            "organization_id": org_id,
            "username": user.username,
            "nick_name": details.nickname or None,
            "display_name": user.name,
            "email": user.email,
            "email_verified": details.email_verified,
            "first_name": user.first_name or None,
            "last_name": user.last_name or None,
            "timezone": details.timezone,
            "photos": {"picture": None, "thumbnail": None},
            "addr_street": details.street or None,
            "addr_city": details.city or None,
            "addr_state": details.state or None,
            "addr_country": details.country or None,
            "addr_zip": details.postal_code or None,
            "mobile_phone": details.phone or None,
            "mobile_phone_verified": False,
            "is_lightning_login_user": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(base, org_id, user.id, view.version),
            "active": user.may_act,
            "user_type": "GUEST" if user.is_guest else "STANDARD",
            "language": details.language,
            "locale": details.locale,
            "utcOffset": utc_offset_ms(details.timezone, server.clock.now_ms()),
            "last_modified_date": iso_seconds(user.updated_at),
            **({"is_app_installed": True} if held.app.policy is not None else {}),
            **custom,
        },
    )


def _salesforce_userinfo(held: HeldAccessToken, base: str, version: str, now_ms: int) -> dict[str, Any]:
    user = held.user
    details = details_of(user)
    address = {
        "street_address": details.street,
        "locality": details.city,
        "region": details.state,
        "postal_code": details.postal_code,
        "country": details.country,
    }
    return {
        "sub": identity_url(base, user.org_id, user.id),
        "user_id": user.id,
        "organization_id": user.org_id,
        "preferred_username": user.username,
        "nickname": details.nickname or None,
        "name": user.name,
        "email": user.email,
        "email_verified": details.email_verified,
        "given_name": user.first_name or None,
        "family_name": user.last_name or None,
        "zoneinfo": details.timezone,
        "photos": {"picture": None, "thumbnail": None},
        "profile": f"{base}/{user.id}",
        "picture": None,
        "address": {name: value for name, value in address.items() if value},
        "phone_number": details.phone or None,
        "phone_number_verified": False,
        "is_salesforce_integration_user": details.integration,
        "urls": _urls(base, user.org_id, user.id, version),
        "active": user.may_act,
        "user_type": "GUEST" if user.is_guest else "STANDARD",
        "language": details.language,
        "locale": details.locale,
        "utcOffset": utc_offset_ms(details.timezone, now_ms),
        "updated_at": iso_seconds(user.updated_at),
        **({"is_app_installed": True} if held.app.policy is not None else {}),
        **custom_claims(held.of, held.token.scopes, base),
    }


def _urls(base: str, org_id: str, user_id: str, version: str) -> dict[str, str]:
    number = version or "{version}"
    soap = f"{base}/services/Soap"
    rest = f"{base}/services/data/v{number}/"
    short = org_id[:SHORT_ID_LENGTH]
    return {
        "enterprise": f"{soap}/c/{number}/{short}",
        "metadata": f"{soap}/m/{number}/{short}",
        "partner": f"{soap}/u/{number}/{short}",
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "search": f"{rest}search/",
        "query": f"{rest}query/",
        "recent": f"{rest}recent/",
        "tooling_soap": f"{soap}/T/{number}/{short}",
        "tooling_rest": f"{rest}tooling/",
        "profile": f"{base}/{user_id}",
        "feeds": f"{rest}chatter/feeds",
        "groups": f"{rest}chatter/groups",
        "users": f"{rest}chatter/users",
        "feed_items": f"{rest}chatter/feed-items",
        "feed_elements": f"{rest}chatter/feed-elements",
        "custom_domain": base,
    }


def _ids(path: str) -> tuple[str | None, str | None]:
    parts = path.split("/")
    if len(parts) != 4:
        return None, None
    return canonical_id(parts[2], ORG), canonical_id(parts[3], USER)


def _refuse(server: Server, call: Call, door: Door, refusal: Refusal, bearer: Bearer | None) -> Reply:
    held = bearer.held if bearer is not None else None
    voice = Voice.IDENTITY if door is SALESFORCE else Voice.STANDARDS
    wire = refusal.reason.wire(voice)
    note(
        server,
        call,
        refusal,
        wire,
        findings=tuple(bearer.trail.findings) if bearer is not None else (),
        left=bearer.trail.left if bearer is not None else (),
        org_id=held.token.org_id if held else "",
        app_id=held.token.app_id if held else "",
        user_id=held.token.user_id if held else "",
    )
    if door is SALESFORCE:
        return text_reply(wire.error, wire.status)
    return bearer_reply(wire, "openid")
