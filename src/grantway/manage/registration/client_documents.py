"""Clients that are known by the URL of their metadata document: each becomes an app of the default org.

No person asks here, as in `registering`, and so these operations refuse as endpoints do.
"""

from dataclasses import dataclass
from typing import Any, Final

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.connected_apps.app_values import Values
from grantway.manage.desk import Desk
from grantway.manage.registration.registering import Place, add, ceiling_of, demand_room, put, settled_of
from grantway.protocol.client_document import is_approved, url_problem
from grantway.protocol.door import STANDARDS
from grantway.protocol.no import document as no
from grantway.protocol.refusal import Refused
from grantway.protocol.registration import settle
from grantway.store.apps import Apps

_BY: Final = "its metadata document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an org says of such clients: the org, and its settings as they stand."""

    org: Org
    values: Values

    @property
    def on(self) -> bool:
        """Whether the org knows clients by their documents at all."""
        return bool(self.values.get(s.CLIENT_ID_DOCUMENTS, s.CLIENT_ID_DOCUMENTS.default))

    def demand(self, url: str) -> None:
        """Demand that a client may be known by a URL.

        Raises:
            Refused: it may not, or that is no such URL.
        """
        if not self.on:
            raise Refused(no.OFF(url=url[:200]))
        if problem := url_problem(url):
            raise Refused(no.URL_INVALID(problem=problem))
        if not is_approved(url, self.values.get(s.CLIENT_DOCUMENT_SOURCES, s.CLIENT_DOCUMENT_SOURCES.default)):
            raise Refused(no.NOT_APPROVED(url=url))


async def take(desk: Desk, rules: Rules, url: str, document: dict[str, Any]) -> None:
    """Make a document's client an app of the org, or have its app say what the document says now.

    Raises:
        Refused: what it says cannot be honoured, or there are too many such apps.
    """
    ceiling = ceiling_of(rules.org)
    try:
        settled = settle(document, STANDARDS, ceiling)
    except Refused as refused:
        raise Refused(no.UNUSABLE(url=url, problem=refused.refusal.explanation())) from refused
    app = await Apps(desk.ring).by_key(desk.session, url)
    if app is not None and await settled_of(desk.session, app.id) == settled:
        return
    async with desk.changing() as changing:
        app = await Apps(changing.ring).by_key(changing.session, url)
        if app is None:
            place = Place(org=rules.org, parent=None, ceiling=ceiling, document=url)
            await demand_room(changing, place)
            await add(changing, place, STANDARDS, settled)
            return
        before = await settled_of(changing.session, app.id)
        if before is not None and before != settled:
            await put(changing, app, settled, None, STANDARDS, _BY)
