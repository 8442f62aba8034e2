"""Reasons about a refresh token (RFC 6749, section 6; salesforce-oauth.md 3.5)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

# One text for all of them: a stranger must not learn which tokens once existed.
_EXPIRED: Final = oauth("invalid_grant", "expired access/refresh token")

REFRESH_TOKEN_MISSING: Final = Reason(
    id="refresh.missing",
    wires=oauth(
        "invalid_grant",
        "expired access/refresh token",
        standards=Wire(error="invalid_request", says="refresh_token is missing"),
    ),
    means="The request has no refresh_token.",
    remedy="Send the refresh token that came with the last answer.",
)
REFRESH_TOKEN_UNKNOWN: Final = Reason(
    id="refresh.unknown",
    wires=_EXPIRED,
    means="The server knows no such refresh token.",
    remedy="The user has to approve the app again.",
)
REFRESH_TOKEN_OF_ANOTHER_APP: Final = Reason(
    id="refresh.of_another_app",
    wires=_EXPIRED,
    means="The refresh token belongs to another app than {app}.",
    remedy="Use each refresh token with the consumer key it was issued to.",
)
REFRESH_TOKEN_OF_THE_OTHER_DOOR: Final = Reason(
    id="refresh.of_the_other_door",
    wires=_EXPIRED,
    means="The refresh token was issued at the other door.",
    remedy="Refresh where the token was issued.",
)
REFRESH_TOKEN_REVOKED: Final = Reason(
    id="refresh.revoked",
    wires=_EXPIRED,
    means="The refresh token's line was revoked at {revoked_at}.",
    remedy="The user has to approve the app again.",
)
REFRESH_TOKEN_REUSED: Final = Reason(
    id="refresh.reused",
    wires=_EXPIRED,
    means="This refresh token had been used before, at {spent_at}; its whole line is now revoked.",
    remedy=(
        "The client must keep the new refresh token of each answer. If answers get lost, set a rotation overlap; if "
        "the client cannot follow, switch rotation off. If neither fits, a token was stolen."
    ),
    setting=s.REFRESH_TOKEN_ROTATION,
)
REFRESH_TOKEN_TIE: Final = Reason(
    id="refresh.tie",
    wires=oauth("invalid_grant", "token request is already being processed"),
    means="Two requests used this refresh token at once; the other one won, and nothing was revoked.",
    remedy="Let the client refresh once at a time, and share the answer.",
    setting=s.REFRESH_TOKEN_ROTATION,
)
REFRESH_TOKEN_EXPIRED: Final = Reason(
    id="refresh.expired",
    wires=_EXPIRED,
    means="The refresh token ended at {ended_at}: the policy of {app} says {policy}.",
    remedy="The user has to approve the app again; a longer policy helps from then on.",
    setting=s.REFRESH_TOKEN_POLICY,
)
REFRESH_TOKEN_IDLE: Final = Reason(
    id="refresh.idle",
    wires=_EXPIRED,
    means="The refresh token ended at {ended_at}: {app} ends what nobody uses for 30 days, whatever its policy says.",
    remedy="The user has to approve the app again; then it should refresh at least once in 30 days.",
    setting=s.LIMIT_IDLE_REFRESH_TOKENS,
)
REFRESH_TOKEN_IDLE_IN_ORG: Final = Reason(
    id="refresh.idle_in_org",
    wires=_EXPIRED,
    means="The refresh token ended at {ended_at}: the org {org} ends what nobody uses for 30 days, also of {app}.",
    remedy="The user has to approve the app again; then it should refresh at least once in 30 days.",
    setting=s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS,
)
SCOPE_NOT_SUPPORTED: Final = Reason(
    id="refresh.scope_not_supported",
    wires=oauth("invalid_request", "scope parameter not supported"),
    means="scope was sent with a grant that takes none at Salesforce's door.",
    remedy="Leave scope out: the token keeps what was granted. At the standards' door scope narrows.",
)
SCOPE_NOT_HELD: Final = Reason(
    id="refresh.scope_not_held",
    wires=oauth(
        "invalid_scope",
        "the requested scope is not allowed",
        standards=Wire(error="invalid_scope", says="the requested scope exceeds what was granted"),
    ),
    means="The scope {extra} was asked for, which was not granted.",
    remedy="Ask for no more than was approved: at a login, or where nobody logged in by the app's own scopes.",
    setting=s.SCOPES,
)
