"""Resource indicators: at which servers a token is to be used (RFC 8707)."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.urls import is_loopback_host
from grantway.protocol.decision import Finding
from grantway.protocol.no import resource as no
from grantway.settings.kinds import uri_problem

RESOURCE: Final = "Resource"
MOST: Final = 8
_HELD: Final = Finding(RESOURCE, "as it was approved")


class ResourceCase(msgspec.Struct, frozen=True, gc=False):
    """Which resources are asked for, and for which app, as the org sees it whose setting counts.

    `granted` is what was approved; None where nobody approved anything before (client credentials, assertions).
    """

    asked: tuple[str, ...]
    app: InstalledApp
    granted: tuple[str, ...] | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """What the token is to be good for: what is asked for, else all that was approved."""
        return self.asked or self.granted or ()


def read_resources(text: str) -> tuple[str, ...]:
    """Return the values of a `resource` parameter that may have stood several times, each once; none for no text."""
    return tuple(dict.fromkeys(text.split())) if text else ()


def well_formed(case: ResourceCase) -> Finding | None:
    """A resource must be an absolute URI without a fragment."""
    if len(case.asked) > MOST:
        return Finding(RESOURCE, "too many", no.RESOURCES_TOO_MANY(most=MOST))
    for one in case.asked:
        if problem := uri_problem(one):
            return Finding(RESOURCE, "malformed", no.RESOURCE_MALFORMED(resource=one[:200], problem=problem))
    return None


def within_grant(case: ResourceCase) -> Finding | None:
    """Where resources were approved, a token is for some of these and for no other."""
    if case.granted is None or not case.asked:
        return None
    extra = [one for one in case.asked if one not in case.granted]
    if extra:
        granted = " ".join(case.granted)[:200] or "none"
        refusal = no.RESOURCE_NOT_GRANTED(resource=extra[0][:200], granted=granted)
        return Finding(RESOURCE, "not what was approved", refusal)
    return _HELD


def served(case: ResourceCase) -> Finding | None:
    """The org decides at which resource servers its tokens may be used."""
    wanted = case.wanted
    if not wanted:
        return None
    listed = case.app[s.RESOURCES]
    for one in wanted:
        if (one not in listed) if listed else not _is_web(one):
            org = case.app.org.name
            refusal = no.RESOURCE_NOT_LISTED(resource=one[:200], org=org, app=case.app.app.name)
            return Finding(RESOURCE, "none of the org's", refusal)
    return Finding(RESOURCE, "one of the org's" if listed else "any is taken")


CHECKS: Final = (well_formed, within_grant, served)


def _is_web(resource: str) -> bool:
    parts = urlsplit(resource)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))
