"""What an app is told of a user beyond the standard: custom attributes and custom permissions (connected-apps 2.6)."""

from collections.abc import Callable
from typing import Any, Final

from grantway import settings as s
from grantway.domain.app import AppUser
from grantway.domain.org import UserDetails
from grantway.protocol.claims import details_of
from grantway.protocol.scopes import allows
from grantway.settings.formula import Reference

ATTRIBUTES: Final = "custom_attributes"
PERMISSIONS: Final = "custom_permissions"
_USER: Final[dict[str, Callable[[AppUser, UserDetails], str]]] = {
    "Id": lambda of, _: of.user.id,
    "Username": lambda of, _: of.user.username,
    "Email": lambda of, _: of.user.email,
    "FirstName": lambda of, _: of.user.first_name,
    "LastName": lambda of, _: of.user.last_name,
    "CommunityNickname": lambda _, details: details.nickname,
    # One telephone number is kept of a user; it stands for both.
    "MobilePhone": lambda _, details: details.phone,
    "Phone": lambda _, details: details.phone,
    "Street": lambda _, details: details.street,
    "City": lambda _, details: details.city,
    "State": lambda _, details: details.state,
    "PostalCode": lambda _, details: details.postal_code,
    "Country": lambda _, details: details.country,
    "LanguageLocaleKey": lambda _, details: details.language,
    "LocaleSidKey": lambda _, details: details.locale,
    "TimeZoneSidKey": lambda _, details: details.timezone,
    "ProfileId": lambda of, _: of.user.profile_id,
    # Users here are never somebody's contact, and neither are Salesforce's internal ones.
    "ContactId": lambda _of, _details: "",
}
_SOAP: Final = {"enterprise": "c", "partner": "u"}


def custom_claims(of: AppUser, scopes: str, base: str) -> dict[str, Any]:
    """Return what is added to userinfo and the identity URL for a token with these scopes (joined by blanks)."""
    return custom_attributes(of, base) | custom_permissions(of, scopes)


def custom_attributes(of: AppUser, base: str) -> dict[str, Any]:
    """Return `custom_attributes`, each evaluated for the user now; nothing where the app has none.

    An attribute without a value is an empty text: whoever reads it always finds the key.
    """
    attributes = of.app[s.CUSTOM_ATTRIBUTES]
    if not attributes:
        return {}
    details = details_of(of.user)

    def value_of(reference: Reference) -> str:
        return _value(reference, of, details, base)

    return {ATTRIBUTES: {one.key: one.formula.evaluate(value_of) for one in attributes}}


def custom_permissions(of: AppUser, scopes: str) -> dict[str, Any]:
    """Return `custom_permissions`: those that the user holds, if the app is installed and has the scope."""
    if not of.custom_permissions or of.app.policy is None or not allows(scopes, PERMISSIONS):
        return {}
    return {PERMISSIONS: dict.fromkeys(sorted(of.custom_permissions), True)}


def id_token_claims_of(of: AppUser, scopes: str, base: str) -> dict[str, Any]:
    """Return what the app wants of these in the ID token as well."""
    claims: dict[str, Any] = {}
    if of.app[s.ID_TOKEN_ATTRIBUTES]:
        claims |= custom_attributes(of, base)
    if of.app[s.ID_TOKEN_CUSTOM_PERMISSIONS]:
        claims |= custom_permissions(of, scopes)
    return claims


def _value(reference: Reference, of: AppUser, details: UserDetails, base: str) -> str:
    org = of.app.org
    match reference.of:
        case "User":
            return _USER[reference.field](of, details)
        case "Organization":
            return org.id if reference.field == "Id" else org.name
        case "Profile":
            return of.user.profile_id if reference.field == "Id" else of.user.profile_name
        case "Permission":
            return "true" if reference.field in of.custom_permissions else "false"
        case _:
            kind, _server, _url, number = reference.field.split("_")
            return f"{base}/services/Soap/{_SOAP[kind.lower()]}/{number[:-1]}.{number[-1]}/{org.short_id}"
