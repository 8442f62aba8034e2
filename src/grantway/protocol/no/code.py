"""Reasons about an authorization code and its proof key (RFC 6749 4.1.3, RFC 7636)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, Wire, oauth

_UNKNOWN: Final = oauth("invalid_grant", "invalid authorization code")
_EXPIRED: Final = oauth("invalid_grant", "expired authorization code")
_VERIFIER: Final = oauth("invalid_grant", "invalid code verifier")
_MISMATCH: Final = oauth(
    "redirect_uri_mismatch",
    "redirect_uri must match configuration",
    standards=Wire(error="invalid_grant", says="redirect_uri differs from the authorization request's"),
)

CODE_MISSING: Final = Reason(
    id="code.missing",
    wires=oauth(
        "invalid_grant",
        "invalid authorization code",
        standards=Wire(error="invalid_request", says="code is missing"),
    ),
    means="The request has no code.",
    remedy="Send the code that the callback received.",
)
CODE_UNKNOWN: Final = Reason(
    id="code.unknown",
    wires=_UNKNOWN,
    means="The server never issued this code, or it is long gone.",
    remedy="Start the flow again. A code arrives percent-encoded and must be decoded once.",
)
CODE_OF_ANOTHER_APP: Final = Reason(
    id="code.of_another_app",
    wires=_UNKNOWN,
    means="The code was issued to another app than {app}.",
    remedy="Redeem a code with the consumer key that asked for it.",
)
CODE_OF_THE_OTHER_DOOR: Final = Reason(
    id="code.of_the_other_door",
    wires=_UNKNOWN,
    means="The code was issued at the other door.",
    remedy="Send it to the token endpoint beside the authorize endpoint that gave it.",
)
CODE_EXPIRED: Final = Reason(
    id="code.expired",
    wires=_EXPIRED,
    means="The code expired at {expired_at}.",
    remedy="Redeem a code at once: it lives 15 minutes at Salesforce's door, 60 seconds at the standards' door.",
)
CODE_REUSED: Final = Reason(
    id="code.reused",
    wires=_EXPIRED,
    means="The code had been redeemed before, at {spent_at}; the tokens that came of it are now revoked.",
    remedy="A code counts once. Look for a client that sends its token request twice, or for a stolen code.",
)
CODE_TIE: Final = Reason(
    id="code.tie",
    wires=oauth("invalid_grant", "token request is already being processed"),
    means="Two requests redeemed this code at once; the other one won, and nothing was revoked.",
    remedy="Let the client send one token request per code.",
)
REDIRECT_URI_MISMATCH: Final = Reason(
    id="code.redirect_uri_mismatch",
    wires=_MISMATCH,
    means="redirect_uri is not the one the code was asked for with.",
    remedy="Send the very redirect_uri of the authorization request.",
    setting=s.CALLBACK_URL,
)
REDIRECT_URI_MISSING: Final = Reason(
    id="code.redirect_uri_missing",
    wires=oauth(
        "redirect_uri_missing",
        "redirect_uri is required",
        standards=Wire(error="invalid_request", says="redirect_uri is missing"),
    ),
    means="The authorization request named its redirect_uri, so the token request must repeat it.",
    remedy="Send redirect_uri.",
)
VERIFIER_MISSING: Final = Reason(
    id="code.verifier_missing",
    wires=_VERIFIER,
    means="The code was asked for with a code_challenge, and no code_verifier came.",
    remedy="Send the code_verifier that the challenge was made from.",
)
VERIFIER_WRONG: Final = Reason(
    id="code.verifier_wrong",
    wires=_VERIFIER,
    means="The code_verifier does not fit the challenge of the authorization request.",
    remedy="The challenge is the base64url SHA-256 of the verifier, without padding.",
)
VERIFIER_MALFORMED: Final = Reason(
    id="code.verifier_malformed",
    wires=_VERIFIER,
    means="The code_verifier is no verifier: 43 to {longest} characters of A-Z a-z 0-9 - . _ ~.",
    remedy="Make it of at least 32 random bytes, base64url.",
)
VERIFIER_UNEXPECTED: Final = Reason(
    id="code.verifier_unexpected",
    wires=_VERIFIER,
    means="A code_verifier came, but the code was asked for without a code_challenge: someone may have taken it out.",
    remedy="Send code_challenge with the authorization request.",
    setting=s.REQUIRE_PKCE,
)
