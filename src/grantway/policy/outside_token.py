"""Checks of a token that somebody else issued, against what a handler declares (RFC 8693 2.1; S19, S22)."""

from typing import Any, Final

import msgspec

from grantway.domain.token_handler import TokenHandler
from grantway.kit.certified import PublicKey
from grantway.kit.jose import EXTERNAL_HEADER_MEMBERS, JwtRefused, read_header
from grantway.kit.key_sets import PublishedKey, key_id_of, signer_among
from grantway.protocol.assertion import Assertion
from grantway.protocol.decision import Check, Finding
from grantway.protocol.no import exchange as no
from grantway.protocol.refusal import Refusal
from grantway.protocol.token_handler import Named, NewPerson
from grantway.settings import token_handlers as f

KIND: Final = "Kind of token"
SIGNED: Final = "Signature"
ISSUER: Final = "Issuer"
AUDIENCE: Final = "Audience"
TIME: Final = "Time"
PERSON: Final = "User named"
SKEW_MS: Final = 30_000
_ACCESS: Final = frozenset({"at+jwt"})
_ANY: Final = frozenset({"", "jwt"})
_VALUE_LIMIT: Final = 255


class OutsideCase(msgspec.Struct, frozen=True, gc=False):
    """What a token says, or its issuer says of it, and the handler that should believe it.

    `introspected`: the issuer answered for it, so who signed it is not asked, and times may be missing.
    """

    handler: TokenHandler
    token_type: str
    said: Assertion
    now_ms: int
    introspected: bool


def wrong_kind(token: str, token_type: str) -> Refusal | None:
    """Refuse a JWT whose header says that it is something else than announced: ID tokens are no access tokens (S20).

    Raises:
        JwtRefused: it is no JWT whose form is right.
    """
    typ = read_header(token, EXTERNAL_HEADER_MEMBERS).get("typ", "")
    word = typ.lower().removeprefix("application/") if isinstance(typ, str) and typ.isprintable() else "no text"
    if word in _ANY or (word in _ACCESS and token_type in ("access_token", "jwt")):
        return None
    return no.WRONG_KIND(typ=word[:60])


def signed_by(token: str, keys: tuple[PublishedKey, ...]) -> Finding:
    """The key that the token names must have signed it; where it names none, any of the issuer's for its algorithm."""
    try:
        signer = signer_among(token, keys, EXTERNAL_HEADER_MEMBERS)
    except JwtRefused as problem:
        return Finding(SIGNED, str(problem), no.NOT_SIGNED(why=str(problem)))
    if signer is None:
        kid = key_id_of(token, EXTERNAL_HEADER_MEMBERS)
        return Finding(SIGNED, "no such key", no.NO_KEY(kid=kid[:100] or "at all"))
    return Finding(SIGNED, f"by the issuer's key {signer.kid[:60]}".rstrip())


def signed_by_certificate(token: str, pem: str) -> Finding:
    """The certificate's key must have signed the token."""
    try:
        PublicKey.of_certificate(pem).verify(token, EXTERNAL_HEADER_MEMBERS)
    except JwtRefused as problem:
        return Finding(SIGNED, str(problem), no.NOT_SIGNED(why=str(problem)))
    return Finding(SIGNED, "by the certificate of the handler")


def issuer(case: OutsideCase) -> Finding | None:
    """The token must be of the issuer that the handler names."""
    wanted, sent = case.handler[f.ISSUER], case.said.issuer
    if case.introspected and (not wanted or not sent):
        return Finding(ISSUER, "whoever answers at the introspection URL")
    if sent != wanted:
        refusal = no.OTHER_ISSUER(sent=sent[:200] or "nobody", issuer=wanted)
        return Finding(ISSUER, "another", refusal)
    return Finding(ISSUER, "the one that is believed")


def audience(case: OutsideCase) -> Finding | None:
    """The token must be meant for one of the handler's audiences."""
    wanted, sent = case.handler[f.AUDIENCES], case.said.audiences
    if case.introspected and not wanted:
        return None
    if not sent:
        return Finding(AUDIENCE, "missing", no.NO_AUDIENCE(names=", ".join(wanted)))
    if set(wanted).isdisjoint(sent):
        told = ", ".join(sent)[:200]
        return Finding(AUDIENCE, f"another: {told}", no.OTHER_AUDIENCE(sent=told, names=", ".join(wanted)))
    return Finding(AUDIENCE, "one that the handler takes")


def within_time(case: OutsideCase) -> Finding | None:
    """The token must hold now: exp ahead, nbf and iat not, give or take 30 seconds."""
    said, now = case.said, case.now_ms
    if said.ends_at is None and not case.introspected:
        return Finding(TIME, "exp is missing", no.NO_END())
    if said.ends_at is not None and said.ends_at + SKEW_MS <= now:
        return Finding(TIME, "ended", no.ENDED(ended_at=said.ends_at))
    starts_at = max(said.starts_at or 0, said.issued_at or 0)
    if starts_at - SKEW_MS > now:
        return Finding(TIME, "not yet", no.TOO_EARLY(starts_at=starts_at))
    return Finding(TIME, "within its time")


def names_somebody(case: OutsideCase) -> Finding | None:
    """The claim that names the user must be a text; an email must not be one that the issuer calls unverified."""
    claim = case.handler[f.USER_CLAIM]
    if not _text(case.said.claims, claim):
        return Finding(PERSON, f"no {claim}", no.NOBODY_NAMED(claim=claim))
    # An email that is compared with usernames or federation ids is one all the same.
    by_email = case.handler[f.MATCHES] is f.Matches.EMAIL or claim in {"email", case.handler[f.EMAIL_CLAIM]}
    if by_email and _unverified(case.said.claims):
        return Finding(PERSON, "an email that is not verified", no.EMAIL_UNVERIFIED())
    return None


STATEMENTS: Final[tuple[Check[OutsideCase], ...]] = (issuer, audience, within_time)
"""What every token must pass, the subject's and the actor's; `names_somebody` is asked of the subject's alone."""


def named_by(case: OutsideCase) -> Named:
    """Return whom a token that passed names, and the user it would make."""
    handler, claims = case.handler, case.said.claims
    value = _text(claims, handler[f.USER_CLAIM])
    email = _text(claims, handler[f.EMAIL_CLAIM])
    by = handler[f.MATCHES]
    username = value if by is f.Matches.USERNAME else email
    new = None
    # Nobody is made for an email that may be somebody else's, nor where the user could not be found again.
    if email and username and by is not f.Matches.USER_ID and not _unverified(claims):
        first, last = _text(claims, handler[f.FIRST_NAME_CLAIM]), _text(claims, handler[f.LAST_NAME_CLAIM])
        new = NewPerson(username=username, email=email, first_name=first[:40], last_name=last[:80])
    return Named(by=by, value=value, new=new)


def _unverified(claims: dict[str, Any]) -> bool:
    return claims.get("email_verified", True) not in (True, "true")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    usable = isinstance(value, str) and len(value) <= _VALUE_LIMIT and value.isprintable() and value.strip()
    return value if usable else ""
