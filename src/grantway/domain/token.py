"""Grants and the tokens that come of them: authorization codes, token families, access and refresh tokens."""

import msgspec


class Code(msgspec.Struct, frozen=True, gc=False):
    """An authorization code and all it is bound to (S13). `spent_at`, `settled_us`: see RefreshToken.

    `resources`: the resource servers that were approved (RFC 8707), joined by blanks; so in all records here.
    """

    id: str
    hash: bytes
    family_id: str
    app_id: str
    org_id: str
    user_id: str
    door: str
    redirect_uri: str
    redirect_uri_sent: int
    scopes: str
    challenge: str
    nonce: str
    auth_time: int
    session_id: str
    issued_at: int
    expires_at: int
    spent_at: int | None
    settled_us: int | None
    resources: str = ""


class Family(msgspec.Struct, frozen=True, gc=False):
    """All tokens that came of one approval: they end together. `used_at` (ms) is the last use of its refresh token."""

    id: str
    app_id: str
    org_id: str
    user_id: str
    door: str
    scopes: str
    auth_time: int
    created_at: int
    used_at: int
    has_refresh: int
    revoked_at: int | None
    resources: str = ""


class StandingGrant(msgspec.Struct, frozen=True, gc=False):
    """An approval that came with a refresh token, which nobody took back: its scopes, and when it began and was used.

    Whether the refresh token still counts is for the app's policy and the marks of user, app and org to say.
    """

    scopes: str
    created_at: int
    used_at: int


class RefreshToken(msgspec.Struct, frozen=True, gc=False):
    """One refresh token of a family.

    `spent_at` (ms): when a rotation ended it. `settled_us` (µs): when that was on disk, written right after; a request
    that arrived earlier is a tie, a later one a replay (decision 3). `successor_id`: the token that came of it.
    """

    id: str
    hash: bytes
    family_id: str
    issued_at: int
    spent_at: int | None
    settled_us: int | None
    successor_id: str


class AccessToken(msgspec.Struct, frozen=True, gc=False):
    """One access token.

    `family_id` is empty for client credentials. `lifetime_ms` is what a use at Salesforce's door renews. `kid`: the key
    that signed it, where it is a JWT; its end never moves then, for it stands in the token. `actor`: who acts for the
    user, as the JSON of the claim `act` (RFC 8693, section 4.1); empty where nobody does. `visitor`: which guest it is
    for, where the user is a guest user; a UUID.
    """

    id: str
    hash: bytes
    family_id: str
    app_id: str
    org_id: str
    user_id: str
    door: str
    scopes: str
    issued_at: int
    expires_at: int
    lifetime_ms: int
    revoked_at: int | None
    kid: str = ""
    actor: str = ""
    resources: str = ""
    visitor: str = ""
