"""Reasons about flows without a person: client credentials (salesforce-oauth.md 3.10)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

CLIENT_CREDENTIALS_OFF: Final = Reason(
    id="machine.client_credentials_off",
    wires=oauth(
        "invalid_grant",
        "client credentials flow not enabled",
        standards=Wire(error="unauthorized_client", says="the client may not use this grant type"),
    ),
    means="The client credentials flow is off for the app {app}.",
    remedy="`grantway app set {app} client_credentials=true`, and name a run-as user.",
    setting=s.CLIENT_CREDENTIALS,
)
NO_RUN_AS_USER: Final = Reason(
    id="machine.no_run_as_user",
    wires=oauth(
        "invalid_grant",
        "no client credentials user enabled",
        standards=Wire(error="unauthorized_client", says="the client may not use this grant type"),
    ),
    means="The policy of {app} in this org names no run-as user, or one that does not exist ({run_as}).",
    remedy="`grantway app set {app} run_as=USERNAME` with a user of this org.",
    setting=s.RUN_AS,
)
NO_VALID_SCOPES: Final = Reason(
    id="machine.no_valid_scopes",
    wires=oauth(
        "invalid_grant",
        "no valid scopes defined",
        standards=Wire(error="invalid_scope", says="no scope is left for this grant type"),
    ),
    means="The app {app} has only scopes that this flow drops: full, web and refresh_token.",
    remedy="Give the app a scope such as api.",
    setting=s.SCOPES,
)
NOT_AT_LOGIN_HOST: Final = Reason(
    id="machine.not_at_login_host",
    wires=oauth("invalid_grant", "request not supported on this domain"),
    means="Client credentials were asked for at a login host, which belongs to no org.",
    remedy="Call the token endpoint under the org's My Domain, or under the base URL.",
)
