"""What is said of a user: claims of the ID token and of userinfo, at both doors (salesforce-oauth.md 1.7, 8)."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from grantway.domain.org import User, UserDetails
from grantway.kit.jose import left_half_hash
from grantway.kit.urls import identity_url
from grantway.protocol.door import SALESFORCE, Door

_details: Final = msgspec.json.Decoder(UserDetails)


def details_of(user: User) -> UserDetails:
    """Return a user's less used fields."""
    return _details.decode(user.details)


def subject(door: Door, base: str, user: User) -> str:
    """Return `sub`: the identity URL at Salesforce's door, the user's id at the standards' (decision 1)."""
    return identity_url(base, user.org_id, user.id) if door is SALESFORCE else user.id


def id_token_claims(
    *,
    door: Door,
    issuer: str,
    base: str,
    user: User,
    consumer_key: str,
    audiences: tuple[str, ...],
    now_s: int,
    lifetime_s: int,
    access_token: str,
    nonce: str,
    auth_time: int,
    more: dict[str, Any],
) -> dict[str, Any]:
    """Return the claims of an ID token (salesforce-oauth.md 8; OpenID Connect Core, section 2).

    `more` are claims of userinfo that the app wants in the ID token as well; none of them replaces one made here.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject(door, base, user),
        "aud": [consumer_key, *audiences] if audiences else consumer_key,
        "exp": now_s + lifetime_s,
        "iat": now_s,
        "at_hash": left_half_hash(access_token),
    }
    if nonce:
        claims["nonce"] = nonce
    if door is not SALESFORCE:  # Salesforce has neither of these
        if auth_time:
            claims["auth_time"] = auth_time
        if audiences:
            claims["azp"] = consumer_key
    return {**more, **claims}


def standard_claims(user: User, scopes: Iterable[str]) -> dict[str, Any]:
    """Return OpenID Connect's claims as far as scopes allow them; `id` stands for all of its synonyms.

    Empty values are left out: a claim is never "" or null (OpenID Connect Core 5.3.2).
    """
    held = frozenset(scopes)
    every = not held.isdisjoint(("id", "full"))
    details = details_of(user)
    claims: dict[str, Any] = {}
    if every or "profile" in held:
        claims |= {
            "name": user.name,
            "given_name": user.first_name,
            "family_name": user.last_name,
            "nickname": details.nickname,
            "preferred_username": user.username,
            "locale": details.locale.replace("_", "-"),
            "zoneinfo": details.timezone,
            "updated_at": user.updated_at // 1000,
        }
    if every or "email" in held:
        claims |= {"email": user.email, "email_verified": details.email_verified}
    if (every or "phone" in held) and details.phone:
        claims |= {"phone_number": details.phone, "phone_number_verified": False}
    address = {
        "street_address": details.street,
        "locality": details.city,
        "region": details.state,
        "postal_code": details.postal_code,
        "country": details.country,
    }
    address = {name: value for name, value in address.items() if value}
    if (every or "address" in held) and address:
        claims["address"] = address
    return {name: value for name, value in claims.items() if value != ""}
