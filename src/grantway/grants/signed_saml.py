"""What the flows that take SAML share: opening a message, and reading what a certificate vouches for (S44)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from grantway.policy.app_keys import SIGNED
from grantway.protocol.assertion import Assertion
from grantway.protocol.decision import Finding
from grantway.protocol.refusal import Reason, Refused

if TYPE_CHECKING:  # lxml's part of it is slow to import, and few servers ever meet a SAML message
    from grantway.kit.saml import Message

RECIPIENT: Final = "Recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """The reasons that what is read here is refused with."""

    unreadable: Reason
    no_certificate: Reason
    not_signed: Reason
    other_recipient: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whose signature it should be: app or org by name, and the certificate; `pem` is empty where there is none."""

    name: str
    pem: str
    subject: str
    fingerprint: str


class Vouched(msgspec.Struct, frozen=True, gc=False):
    """What an assertion says, if its signature holds, and what was found of signature and recipient."""

    assertion: Assertion
    signed: Finding | None
    confirmed: Finding | None


def token_endpoints(names: Collection[str]) -> frozenset[str]:
    """Return the token endpoints among the audiences that mean this server."""
    return frozenset(name for name in names if name.endswith("/token"))


def opened(text: str, *, in_response: bool, strict: bool, unreadable: Reason) -> "Message":
    """Let a message through the gate.

    Raises:
        Refused: its form is not taken.
    """
    from grantway.kit import saml

    try:
        return saml.opened(text, root=saml.RESPONSE if in_response else saml.ASSERTION, strict=strict)
    except saml.SamlRefused as problem:
        raise Refused(unreadable(why=str(problem))) from problem


def unvouched(text: str, message: "Message", signed: Finding | None = None) -> Vouched:
    """Return what is known of a message whose signature does not hold, or was not looked at: nothing."""
    from grantway.protocol.saml import unsigned

    return Vouched(unsigned(text, message.claimed_issuer), signed, None)


def vouched(
    text: str, message: "Message", known: Known, *, recipients: Collection[str], bare: bool, no: Voices
) -> Vouched:
    """Read what a certificate vouches for.

    `recipients` are the endpoints for which the bearer may be confirmed; `bare`: or for none, where the conditions say
    when the assertion ends.
    """
    from grantway.kit.saml import SamlRefused
    from grantway.protocol.saml import read_statement

    if not known.pem:
        return unvouched(text, message, Finding(SIGNED, "there is no certificate", no.no_certificate(app=known.name)))
    try:
        element = message.verified(known.pem)
    except SamlRefused as problem:
        refusal = no.not_signed(app=known.name, why=str(problem), certificate=known.fingerprint)
        return unvouched(text, message, Finding(SIGNED, str(problem), refusal))
    signed = Finding(SIGNED, f"by the certificate of {known.subject}")
    try:
        statement = read_statement(element)
    except SamlRefused as problem:
        nothing = unvouched(text, message, signed)
        return Vouched(nothing.assertion, signed, Finding(RECIPIENT, "unread", no.unreadable(why=str(problem))))
    by = statement.confirmed(recipients, bare=bare)
    if by is not None:
        return Vouched(statement.as_assertion(text, by), signed, Finding(RECIPIENT, "this server's token endpoint"))
    sent = ", ".join(one.recipient or "nothing" for one in statement.confirmations)[:200] or "nothing"
    refusal = no.other_recipient(sent=sent, names=", ".join(sorted(recipients)))
    return Vouched(statement.as_assertion(text, None), signed, Finding(RECIPIENT, f"another: {sent}", refusal))
