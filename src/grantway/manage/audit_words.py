"""What an audit record is called and how it reads: Salesforce's action names where it has them (connected-apps.md 6.5).

Pure. What Salesforce has no name for follows one scheme: an app's settings are `changeApplication…`, its policies
`change…Policy`, an org's settings `changeOrganization…`, each with the setting's name.
"""

from collections.abc import Mapping
from typing import Any, Final

from grantway.settings.catalogue import BY_NAME
from grantway.settings.kinds import SettingProblem
from grantway.settings.setting import AnySetting, Holder

APPLICATION: Final = "Application"
CONNECTED_APPS: Final = "Connected Apps"
USERS: Final = "Manage Users"
ORGANIZATION: Final = "Company Information"
KEYS: Final = "Certificate and Key Management"
SESSIONS: Final = "Session Management"
_LONGEST: Final = 255

# setting -> action, where Salesforce has one.
SETTING_ACTIONS: Final = {
    "oauth_enabled": "enableOauth",
    "callback_url": "changeApplicationCallbackUrl",
    "scopes": "changeOauthDefaultScope",
    "certificate": "changeApplicationCertificate",
    "contact_email": "changeApplicationContactEmail",
    "require_secret_for_web_server_flow": "changeApplicationOptionalConsumerSecret",
    "require_secret_for_refresh_token_flow": "changeApplicationSecretRequiredForRefreshToken",
    "require_pkce": "changeApplicationPkceRequired",
    "client_credentials": "changeApplicationClientCredentialEnabled",
    "code_and_credentials": "changeApplicationCodeCredentialEnabled",
    "code_and_credentials_post_only": "changeApplicationCodeCredentialPostOnly",
    "run_as": "addOauthClientCredentialUser",
    "permitted_users": "changeUserRuntimeAccessPolicy",
    "ip_relaxation": "changeIpRelaxationPolicy",
}
# kind of event -> (action, section, what is shown; `{…}` are members of the detail).
_KINDS: Final[dict[str, tuple[str, str, str]]] = {
    "admin.app.create": ("insertApplication", APPLICATION, "Created Connected App {name}"),
    "admin.app.delete": ("deleteApplication", APPLICATION, "Deleted Connected App {name}"),
    "admin.app.import": ("importApplication", APPLICATION, "Imported Connected App {name} from {file}: {done}"),
    "admin.app.install": ("insertConnectedApplication", CONNECTED_APPS, "Installed Connected App {name} to {org}"),
    "admin.app.uninstall": (
        "deleteConnectedApplication",
        CONNECTED_APPS,
        "Uninstalled Connected App {name} from {org}",
    ),
    "admin.app.block": ("blockConnectedApplication", CONNECTED_APPS, "Blocked Connected App {name}"),
    "admin.app.unblock": ("unblockConnectedApplication", CONNECTED_APPS, "Unblocked Connected App {name}"),
    "admin.app.fetch_pictures": (
        "fetchApplicationPictures",
        APPLICATION,
        "Had the logo and icon of {name} fetched again",
    ),
    "admin.app.reveal": (
        "revealApplicationConsumerDetails",
        APPLICATION,
        "Revealed the {pair} of {of} {name}",
    ),
    "admin.app.stage": (
        "generateOauthStagedCredential",
        APPLICATION,
        "Generated temporary credentials for {of} {name}",
    ),
    "admin.app.rotate": (
        "applyOauthStagedCredential",
        APPLICATION,
        "Applied temporary credentials for {of} {name}; tokens ended: {tokens}",
    ),
    "admin.app.unstage": (
        "deleteOauthStagedCredential",
        APPLICATION,
        "Deleted {pair} for {of} {name}",
    ),
    "admin.app.registration_token": (
        "generateInitialAccessToken",
        APPLICATION,
        "Generated an initial access token for {name}",
    ),
    "admin.app.registration_token_revoke": (
        "deleteInitialAccessToken",
        APPLICATION,
        "Deleted the initial access token of {name}",
    ),
    "admin.client.register": ("registerClient", APPLICATION, "{name} registered itself, let in by {by}"),
    "admin.client.change": ("changeRegisteredClient", APPLICATION, "{name} changed what it registered"),
    "admin.client.delete": ("deleteRegisteredClient", APPLICATION, "Deleted registered client {name}, by {by}"),
    "admin.org.import": ("importOrganizationSettings", ORGANIZATION, "Imported the settings {name} from {file}"),
    "admin.handler.create": (
        "insertOauthTokenExchangeHandler",
        APPLICATION,
        "Created token exchange handler {name}",
    ),
    "admin.handler.change": (
        "changeOauthTokenExchangeHandler",
        APPLICATION,
        "Changed token exchange handler {name}",
    ),
    "admin.handler.delete": (
        "deleteOauthTokenExchangeHandler",
        APPLICATION,
        "Deleted token exchange handler {name}",
    ),
    "admin.handler.enable": (
        "enableOauthTokenExchangeHandler",
        APPLICATION,
        "Enabled token exchange handler {name} for {app}, as {run_as}",
    ),
    "admin.handler.disable": (
        "disableOauthTokenExchangeHandler",
        APPLICATION,
        "Disabled token exchange handler {name} for {app}",
    ),
    "admin.handler.try": (
        "tryOauthTokenExchangeHandler",
        APPLICATION,
        "Tried a token at the token exchange handler {name} for {app}",
    ),
    "admin.scope.create": ("insertOauthCustomScope", APPLICATION, "Created OAuth custom scope {name}"),
    "admin.scope.change": ("changeOauthCustomScope", APPLICATION, "Changed OAuth custom scope {name}"),
    "admin.scope.delete": ("deleteOauthCustomScope", APPLICATION, "Deleted OAuth custom scope {name}"),
    "admin.permission.create": ("insertCustomPermission", APPLICATION, "Created custom permission {name}"),
    "admin.permission.change": ("changeCustomPermission", APPLICATION, "Changed custom permission {name}"),
    "admin.permission.delete": ("deleteCustomPermission", APPLICATION, "Deleted custom permission {name}"),
    "admin.user.create": ("createduser", USERS, "Created new User {username} with the profile {profile}"),
    "admin.user.security_token": ("resetsecuritytoken", USERS, "Reset the security token of user {username}"),
    "admin.user.password": ("changedpassword", USERS, "Changed the password of user {username}"),
    "admin.user.freeze": ("frozeuser", USERS, "Froze user {username}"),
    "admin.user.unfreeze": ("unfrozeuser", USERS, "Unfroze user {username}"),
    "admin.user.assign": ("PermSetAssign", USERS, "Permission set {permission_set}: assigned to user {username}"),
    "admin.user.unassign": (
        "PermSetUnassign",
        USERS,
        "Permission set {permission_set}: unassigned from user {username}",
    ),
    "admin.profile.create": ("createdProfile", USERS, "Created profile {name}"),
    "admin.profile.change": (
        "changedProfile",
        USERS,
        "Changed the permissions of profile {name} from {before} to {after}",
    ),
    "admin.permission_set.create": ("PermSetCreate", USERS, "Created permission set {name}"),
    "admin.permission_set.change": (
        "PermSetChange",
        USERS,
        "Changed the permissions of permission set {name} from {before} to {after}",
    ),
    "admin.tokens.revoke": (
        "revokeOauthTokens",
        SESSIONS,
        "Revoked tokens: {lines} grants, {access_tokens} access tokens",
    ),
    "admin.org.create": ("createOrganization", ORGANIZATION, "Created the org {name}"),
    "admin.keys.create": ("createSigningKey", KEYS, "Made the signing key {kid}"),
    "admin.keys.rotate": ("rotateSigningKey", KEYS, "Made the signing key {kid}, which signs from now on"),
    "admin.access_key.create": ("createAccessTokenKey", KEYS, "Made the key {kid} for JWT-based access tokens"),
    "admin.access_key.rotate": (
        "rotateAccessTokenKey",
        KEYS,
        "Revoked all JWT-based access tokens ({access_tokens}): the key {kid} signs from now on",
    ),
    "admin.certificate.create": ("createCertificate", KEYS, "Made the certificate {name} with its key {kid}"),
    "admin.certificate.delete": ("deleteCertificate", KEYS, "Deleted the certificate {name}; its key {kid} is retired"),
    "admin.asset.freeze": ("frozeasset", USERS, "Froze the asset {name} ({asset}) of user {username}"),
    "admin.asset.unfreeze": ("unfrozeasset", USERS, "Unfroze the asset {name} ({asset}) of user {username}"),
    "admin.asset.delete": ("deletedasset", USERS, "Deleted the asset {name} ({asset}) of user {username}"),
    "admin.database.restored": ("restoreDatabase", ORGANIZATION, "Put the database back from a copy"),
}
# What a record means that does not say it.
_USUAL: Final = {"admin.app.reveal": {"pair": "key and secret"}, "admin.app.unstage": {"pair": "temporary credentials"}}
# What a stranger who got in would do first (security.md S38): marked, so that somebody looks.
SECURITY_SETTINGS: Final = frozenset(
    [
        "callback_url",
        "certificate",
        "run_as",
        "permitted_users",
        "introspect_all",
        "profiles",
        "permission_sets",
        "require_pkce",
        "require_secret_for_web_server_flow",
        "require_secret_for_refresh_token_flow",
        "client_credentials",
        "ip_relaxation",
        "ip_ranges",
        "cors_origins",
        "admin_approved_apps_only",
        "consumer_secrets_by_rest",
        "allow_legacy_query_parameters",
        "block_username_password_flow",
        "trusted_ip_ranges",
        "username_password",
        "scopes",
    ]
)
_SECURITY_KINDS: Final = frozenset(
    f"admin.{kind}"
    for kind in [
        "app.reveal",
        "app.stage",
        "app.rotate",
        "app.unstage",
        "app.unblock",
        "user.password",
        "user.security_token",
        "user.unfreeze",
        "user.assign",
        "user.create",
        "profile.create",
        "profile.change",
        "permission_set.create",
        "permission_set.change",
        "keys.create",
        "keys.rotate",
        "access_key.create",
        "access_key.rotate",
        "database.restored",
    ]
)
_CHANGES: Final = {"admin.app.change": "Connected App", "admin.org.change": "the org", "admin.user.change": "user"}


class _Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""


def changed_names(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what a record of a change says was changed; the records of older releases name several."""
    before, after = detail.get("before"), detail.get("after")
    if not isinstance(after, dict) or not isinstance(before, dict):
        return ()
    return tuple(name for name in after if before.get(name) != after[name])


def action_of(kind: str, detail: Mapping[str, Any]) -> str:
    """Return the name of what was done."""
    if kind in _KINDS:
        return _KINDS[kind][0]
    names = changed_names(detail)
    if kind not in _CHANGES or len(names) != 1:
        return {"admin.app.change": "changeApplication", "admin.org.change": "changeOrganization"}.get(
            kind, "changeUser" if kind == "admin.user.change" else _camel(kind.removeprefix("admin."), first="")
        )
    name = names[0]
    if kind == "admin.app.change":
        return SETTING_ACTIONS.get(name) or _scheme(name)
    return ("changeOrganization" if kind == "admin.org.change" else "changeUser") + _camel(name)


def section_of(kind: str) -> str:
    """Return the part of Setup that something was done in."""
    if kind in _KINDS:
        return _KINDS[kind][1]
    group = kind.split(".")[1] if "." in kind else ""
    return {"user": USERS, "org": ORGANIZATION, "keys": KEYS}.get(group, APPLICATION)


def display_of(kind: str, detail: Mapping[str, Any]) -> str:
    """Return one sentence for a person, without secrets."""
    if kind in _KINDS:
        shown = {name: _short(_text(value)) for name, value in detail.items()}
        return _KINDS[kind][2].format_map(_Known({**_USUAL.get(kind, {}), "of": "connected app", **shown}))
    whose = f"{_CHANGES.get(kind, '')} {detail.get('name') or detail.get('username') or ''}".strip()
    names = changed_names(detail)
    if len(names) == 1:
        (name,) = names
        before, after = (words(name, detail[side].get(name)) for side in ("before", "after"))
        return f"Changed {label_of(name)} of {whose} from {_short(before)} to {_short(after)}"
    if names:
        return f"Changed {', '.join(label_of(name) for name in names)} of {whose}"
    return f"{_camel(kind.removeprefix('admin.'))} {whose}".strip()


def is_security_event(kind: str, detail: Mapping[str, Any]) -> bool:
    """Tell whether a record is one that somebody should look at (S38)."""
    return kind in _SECURITY_KINDS or not SECURITY_SETTINGS.isdisjoint(changed_names(detail))


def label_of(name: str) -> str:
    """Return the label of a setting or field."""
    setting = BY_NAME.get(name)
    return setting.label if setting else name.replace("_", " ")


def words(name: str, raw: Any) -> str:
    """Return a value as it stands in JSON in words for a person."""
    setting = BY_NAME.get(name)
    if setting is not None and not (isinstance(raw, str) and raw.startswith("SHA-256 ")):
        try:
            return setting.kind.says(setting.kind.parse(raw)).replace("\n", ", ")
        except SettingProblem:
            pass
    return _text(raw)


def _text(raw: Any) -> str:
    if isinstance(raw, (list, tuple)):
        return ", ".join(map(str, raw)) or "none"
    if isinstance(raw, Mapping):
        return "; ".join(f"{label_of(name)}: {_text(value)}" for name, value in raw.items()) or "none"
    if isinstance(raw, bool):
        return "on" if raw else "off"
    return "none" if raw in (None, "") else str(raw)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _scheme(name: str) -> str:
    setting: AnySetting | None = BY_NAME.get(name)
    if setting is not None and setting.held_by is Holder.POLICY:
        return f"change{_camel(name.removesuffix('_policy'))}Policy"
    return f"changeApplication{_camel(name)}"


def _camel(name: str, *, first: str = "") -> str:
    parts = [part for part in name.replace(".", "_").split("_") if part]
    return first + "".join(part[:1].upper() + part[1:] for part in parts)
