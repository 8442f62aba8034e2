"""Ready-to-paste requests for the flows that an app has on, filled in for it; a secret is always a variable."""

from typing import Final

from grantway import settings as s
from grantway.console.snippets.asset_token import asset_token
from grantway.console.snippets.call import WRITERS, Call
from grantway.console.snippets.signed import jwt_bearer, private_key_jwt
from grantway.console.snippets.snippet import SECRET, Snippet, door_path
from grantway.console.snippets.web_server import web_server
from grantway.domain.app import InstalledApp
from grantway.grants import token_exchange
from grantway.manage.connected_apps.app_list import FLOWS
from grantway.protocol.scopes import allows_refresh
from grantway.settings.token_handlers import SUBJECT_TYPE_PREFIX

__all__ = ["Snippet", "endpoints_of", "flows_of", "snippets_of"]
_USERINFO: Final = frozenset({"openid", "id", "profile", "email", "address", "phone", "full"})


def endpoints_of(app: InstalledApp, base: str) -> tuple[tuple[str, str], ...]:
    """Return the addresses that a client of an app is set up with, by what they are for."""
    door = door_path(app)
    discovery = f"{base}{'/oidc' if door == '/oidc' else ''}/.well-known/openid-configuration"
    return (("Authorize", f"{base}{door}/authorize"), ("Token", f"{base}{door}/token"), ("Discovery", discovery))


def flows_of(app: InstalledApp) -> tuple[str, ...]:
    """Return the flows that an app has on, in words."""
    found = [flow.name for flow in FLOWS if flow.is_on(app)]
    if "Web Server" in found and _refreshes(app):
        found.insert(found.index("Web Server") + 1, "Refresh Token")
    return tuple(found)


def snippets_of(app: InstalledApp, base: str) -> tuple[Snippet, ...]:
    """Return the snippets for every flow that an app has on, each in three languages."""
    flows = flows_of(app)
    if not flows:
        return ()
    found: list[Snippet] = []
    if "Web Server" in flows:
        found += web_server(app, base)
    if "JWT Bearer" in flows:
        found += jwt_bearer(app, base)
    if "Client Credentials" in flows:
        found += private_key_jwt(app, base)
    if app[s.ASSET_TOKENS]:
        found += asset_token(app, base)
    for call in _calls(app, flows):
        url = base + door_path(app) + call.path
        for language, write in WRITERS:
            found.append(
                Snippet(
                    id=f"{call.id}-{language.lower()}", name=call.name, language=language, text=write(call, url) + "\n"
                )
            )
    return tuple(found)


def _refreshes(app: InstalledApp) -> bool:
    scopes: tuple[str, ...] = app[s.SCOPES]
    return allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form != "zero"


def _exchange(app: InstalledApp) -> Call:
    """Return the exchange of another identity provider's token."""
    secret = (("client_secret", SECRET),) if app[s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW] else ()
    return Call(
        id="exchange",
        name="token exchange",
        path="/token",
        fields=(
            ("grant_type", token_exchange.GRANT_TYPE),
            ("subject_token_type", f"{SUBJECT_TYPE_PREFIX}jwt"),
            ("client_id", app.consumer_key),
        ),
        variables=(("subject_token", "SUBJECT_TOKEN"), *secret),
        note="The app's default handler validates the token; to mean another, send its name as token_handler.",
    )


def _calls(app: InstalledApp, flows: tuple[str, ...]) -> list[Call]:
    key, secret = ("client_id", app.consumer_key), ("client_secret", SECRET)
    standards = door_path(app) == "/oidc"
    public = not app[s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW]
    calls = []
    scopes: tuple[str, ...] = app[s.SCOPES]
    if "Refresh Token" in flows:
        calls.append(
            Call(
                id="refresh",
                name="refresh",
                path="/token",
                fields=(("grant_type", "refresh_token"), key),
                variables=(("refresh_token", "REFRESH_TOKEN"), *(() if public else (secret,))),
                note="Rotation is on: keep the new refresh_token before you use the access token."
                if app[s.REFRESH_TOKEN_ROTATION]
                else "",
            )
        )
    if "Client Credentials" in flows:
        fields = (("grant_type", "client_credentials"), key)
        calls.append(Call(id="client", name="client credentials", path="/token", fields=fields, variables=(secret,)))
    if "Username-Password" in flows and not standards:
        calls.append(
            Call(
                id="password",
                name="username and password",
                path="/token",
                fields=(("grant_type", "password"), key),
                variables=(secret, ("username", "GRANTWAY_USER"), ("password", "GRANTWAY_PASSWORD")),
                note="The security token follows the password as one text, unless the address is trusted.",
            )
        )
    if "Token Exchange" in flows and app[s.TOKEN_EXCHANGE_ALLOWED]:
        calls.append(_exchange(app))
    if _USERINFO.intersection(scopes):
        calls.append(Call(id="userinfo", name="who the user is", path="/userinfo", bearer=True))
    token = ("token", "ACCESS_TOKEN")
    calls.append(
        Call(id="introspect", name="introspect a token", path="/introspect", fields=(key,), variables=(token, secret))
    )
    authenticates = () if public else (secret,)
    calls.append(
        Call(
            id="revoke",
            name="revoke a token",
            path="/revoke",
            fields=(key,) if standards else (),
            variables=(("token", "TOKEN"), *(authenticates if standards else ())),
            note="An access token ends alone, a refresh token with all that came of it.",
        )
    )
    return calls
