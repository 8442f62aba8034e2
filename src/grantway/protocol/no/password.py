"""Reasons of the username-password flow (salesforce-oauth.md 3.9): on the wire they are all the same."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, oauth

# Whoever guesses must not learn whether the flow is on, the user known, the password right or the token missing.
_FAILED: Final = oauth("invalid_grant", "authentication failure")

FLOW_OFF: Final = Reason(
    id="password.flow_off",
    wires=_FAILED,
    means="The username-password flow is off for the app {app}. Nobody looked at the password.",
    remedy="Use the web server flow or JWT bearer. If nothing else will do, switch the flow on for this app.",
    setting=s.USERNAME_PASSWORD,
)
EXTERNAL_CLIENT_APP: Final = Reason(
    id="password.external_client_app",
    wires=_FAILED,
    means="{app} is an external client app; these have no username-password flow.",
    remedy="Use the web server flow, JWT bearer or client credentials.",
)
BLOCKED_BY_ORG: Final = Reason(
    id="password.blocked_by_org",
    wires=_FAILED,
    means="The org {org} blocks username-password flows. Nobody told the app whether the password was right.",
    remedy="Use the web server flow or JWT bearer. If nothing else will do, switch the block off for the org.",
    setting=s.BLOCK_USERNAME_PASSWORD_FLOW,
)
WRONG: Final = Reason(
    id="password.wrong",
    wires=_FAILED,
    means="Username and password do not fit together, or the user may not log in.",
    remedy="Compare both. Behind the password stands the security token, unless the address is trusted.",
)
NO_SECURITY_TOKEN: Final = Reason(
    id="password.no_security_token",
    wires=_FAILED,
    means="The password of {user} was right, and the security token did not follow it; {address} is not trusted.",
    remedy="Send password and security token as one text, or add the address to the org's trusted IP ranges.",
    setting=s.TRUSTED_IP_RANGES,
)
TOO_FAST: Final = Reason(
    id="password.too_fast",
    wires=oauth("rate_limit_exceeded", "login rate exceeded"),
    means="There were too many failures for this account or from this address; the next try may come in {seconds} s.",
    remedy="Wait. A client that keeps a wrong password keeps everybody waiting.",
)
