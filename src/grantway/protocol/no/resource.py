"""Reasons about resource indicators (RFC 8707, section 2)."""

from typing import Final

from grantway import settings as s
from grantway.protocol.refusal import Reason, oauth

_WIRE: Final = oauth("invalid_target", "the requested resource is invalid, unknown or malformed")
RESOURCE_MALFORMED: Final = Reason(
    id="resource.malformed",
    wires=_WIRE,
    means="The request names the resource {resource}, and {problem}.",
    remedy="Send the absolute URI of the resource server, without a fragment, such as https://mcp.example.com/mcp.",
)
RESOURCES_TOO_MANY: Final = Reason(
    id="resource.too_many",
    wires=_WIRE,
    means="The request names more than {most} resources.",
    remedy="Ask for a token for each resource server: one token for many is good at all of them if one leaks it.",
)
RESOURCE_NOT_GRANTED: Final = Reason(
    id="resource.not_granted",
    wires=_WIRE,
    means="A token was asked for {resource}; approved was: {granted}.",
    remedy="Send every resource with the authorization request, where it is approved; the token request may narrow.",
)
RESOURCE_NOT_LISTED: Final = Reason(
    id="resource.not_listed",
    wires=_WIRE,
    means="The app {app} asked for a token for {resource}, which is none of the resource servers of the org {org}.",
    remedy="Add that very URI to the org's resource servers; while it lists none, any https or loopback URI is taken.",
    setting=s.RESOURCES,
)
