"""Reasons about clients that are known by the URL of a document about them."""

from typing import Final

from grantway import settings as s
from grantway.protocol.no.client import CLIENT_UNKNOWN
from grantway.protocol.refusal import Reason

URL_INVALID: Final = Reason(
    id="document.url_invalid",
    wires=CLIENT_UNKNOWN.wires,
    means="The client id is a URL that cannot be the address of a metadata document: {problem}.",
    remedy="Use an https URL with a path, without query, fragment and dot segments, its host in lower case.",
)
OFF: Final = Reason(
    id="document.off",
    wires=CLIENT_UNKNOWN.wires,
    means="The client id is the URL {url}, and the org knows no clients by their metadata documents.",
    remedy="Let such clients in, or give the client an app of its own.",
    setting=s.CLIENT_ID_DOCUMENTS,
)
NOT_APPROVED: Final = Reason(
    id="document.not_approved",
    wires=CLIENT_UNKNOWN.wires,
    means="The metadata document {url} stands at no place that an administrator approved.",
    remedy="Add its host, as https://HOST, or that very URL to the approved places, if you trust who keeps it.",
    setting=s.CLIENT_DOCUMENT_SOURCES,
)
NOT_FETCHED: Final = Reason(
    id="document.not_fetched",
    wires=CLIENT_UNKNOWN.wires,
    means="The metadata document {url} could not be fetched: {why}.",
    remedy="Look at that address from the server's machine: it must answer itself, within seconds, by no redirect.",
)
OTHER_CLIENT: Final = Reason(
    id="document.other_client",
    wires=CLIENT_UNKNOWN.wires,
    means="The document at {url} has another client_id than its own address, or none.",
    remedy="client_id in it must be its very URL, byte by byte.",
)
UNUSABLE: Final = Reason(
    id="document.unusable",
    wires=CLIENT_UNKNOWN.wires,
    means="The metadata document {url} cannot be honoured: {problem}",
    remedy="Tell the client's developer: it may say what a registration may say (RFC 7591), and speaks of no secret.",
)
