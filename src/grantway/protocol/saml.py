"""What a SAML assertion says, read once into a record, from an element whose signature held (RFC 7522, section 3)."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import msgspec
from lxml import etree

from grantway.kit.saml import SAML, SamlRefused
from grantway.protocol.assertion import Assertion

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TEXT_LIMIT: Final = 1024
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z", re.ASCII)
# OneTimeUse is what happens here to every assertion; how often another may be made from it is not our affair.
_CONDITIONS: Final = frozenset({SAML + "AudienceRestriction", SAML + "OneTimeUse", SAML + "ProxyRestriction"})


class Confirmation(msgspec.Struct, frozen=True, gc=False):
    """How the bearer may be confirmed: at which endpoint, and within which time (ms). `bare`: nothing is said of it."""

    bare: bool
    recipient: str
    starts_at: int | None
    ends_at: int | None


class Statement(msgspec.Struct, frozen=True, gc=False):
    """What an assertion says. Times are in milliseconds; `ends_at` and `starts_at` are those of its conditions."""

    id: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    starts_at: int | None
    ends_at: int | None
    issued_at: int
    confirmations: tuple[Confirmation, ...]

    def confirmed(self, recipients: Collection[str], *, bare: bool) -> Confirmation | None:
        """Return the confirmation that holds at one of these endpoints, the one that lasts longest; None if none does.

        `bare`: one that names no endpoint will do, if the conditions say when the assertion ends (RFC 7522, 3).
        """
        found = [
            one
            for one in self.confirmations
            if (one.recipient in recipients and one.ends_at is not None)
            or (bare and one.bare and self.ends_at is not None)
        ]
        return max(found, key=lambda one: one.ends_at or self.ends_at or 0, default=None)

    def as_assertion(self, text: str, by: Confirmation | None) -> Assertion:
        """Return the record that the checks of all assertions look at: conditions and confirmation hold together."""
        ends = [one for one in (self.ends_at, by.ends_at if by else None) if one is not None]
        starts = [one for one in (self.starts_at, by.starts_at if by else None) if one is not None]
        return Assertion(
            text=text,
            issuer=self.issuer,
            subject=self.subject,
            audiences=self.audiences,
            ends_at=min(ends, default=None),
            starts_at=max(starts, default=None),
            issued_at=self.issued_at,
            jti=self.id,
            claims={},
        )


def unsigned(text: str, issuer: str) -> Assertion:
    """Return the record of an assertion whose signature does not hold: it says nothing."""
    return Assertion(text, issuer, "", (), None, None, None, "", {})


def read_statement(assertion: etree._Element) -> Statement:
    """Read an assertion whose signature held.

    Raises:
        SamlRefused: something has not the form that it should have, or stands twice.
    """
    if assertion.get("Version") != "2.0":
        raise SamlRefused("its version is not 2.0")
    subject = _only(assertion, "Subject")
    conditions = _only(assertion, "Conditions")
    issued_at = _time(assertion, "IssueInstant")
    if issued_at is None:
        raise SamlRefused("IssueInstant is missing")
    if not assertion.get("ID"):
        raise SamlRefused("ID is missing")  # by which it is known when it comes again
    return Statement(
        id=_attribute(assertion, "ID"),
        issuer=_text(_only(assertion, "Issuer")),
        subject=_text(_only(subject, "NameID")) if subject is not None else "",
        audiences=_audiences(conditions) if conditions is not None else (),
        starts_at=_time(conditions, "NotBefore"),
        ends_at=_time(conditions, "NotOnOrAfter"),
        issued_at=issued_at,
        confirmations=_confirmations(subject) if subject is not None else (),
    )


def _only(parent: etree._Element | None, name: str) -> etree._Element | None:
    """Return the child of a name; None where there is none."""
    found = parent.findall(SAML + name) if parent is not None else []
    if len(found) > 1:
        raise SamlRefused(f"{name} stands there {len(found)} times")
    return found[0] if found else None


def _text(element: etree._Element | None) -> str:
    if element is None:
        return ""
    text = (element.text or "").strip()
    if len(element) or len(text) > _TEXT_LIMIT:
        raise SamlRefused(f"{etree.QName(element).localname} is no text of at most {_TEXT_LIMIT} characters")
    return text


def _attribute(element: etree._Element, name: str) -> str:
    value = str(element.get(name, ""))
    if len(value) > _TEXT_LIMIT:
        raise SamlRefused(f"{name} is no text of at most {_TEXT_LIMIT} characters")
    return value


def _audiences(conditions: etree._Element) -> tuple[str, ...]:
    if any(one.tag not in _CONDITIONS for one in conditions):
        raise SamlRefused("it has a condition that is not known here")
    restriction = _only(conditions, "AudienceRestriction")
    found = restriction.findall(SAML + "Audience") if restriction is not None else []
    if len(found) > 10:
        raise SamlRefused("it names more than 10 audiences")
    return tuple(text for one in found if (text := _text(one)))


def _confirmations(subject: etree._Element) -> tuple[Confirmation, ...]:
    found = [one for one in subject.findall(SAML + "SubjectConfirmation") if one.get("Method") == BEARER]
    if len(found) > 10:
        raise SamlRefused("it has more than 10 subject confirmations")
    return tuple(_confirmation(_only(one, "SubjectConfirmationData")) for one in found)


def _confirmation(data: etree._Element | None) -> Confirmation:
    if data is None:
        return Confirmation(bare=True, recipient="", starts_at=None, ends_at=None)
    return Confirmation(
        bare=False,
        recipient=_attribute(data, "Recipient"),
        starts_at=_time(data, "NotBefore"),
        ends_at=_time(data, "NotOnOrAfter"),
    )


def _time(element: etree._Element | None, name: str) -> int | None:
    """Read a time of XML Schema, which is in UTC in SAML (core, 1.3.3), as milliseconds since 1970."""
    value = element.get(name) if element is not None else None
    if value is None:
        return None
    match = _TIME.fullmatch(str(value))
    if match is None:
        raise SamlRefused(f"{name} is no time in UTC, such as 2026-12-01T08:30:00Z")
    try:
        second = datetime.fromisoformat(match.group(1)).replace(tzinfo=UTC)
    except ValueError as problem:
        raise SamlRefused(f"{name} is no time of the calendar") from problem
    return int(second.timestamp()) * 1000 + int((match.group(2) or "").ljust(3, "0")[:3])
