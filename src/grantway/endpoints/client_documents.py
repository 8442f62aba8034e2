"""Metadata documents of clients: fetched when a client asks for a login, and for a while believed."""

import asyncio
from typing import Final

from grantway.kit.clock import MINUTE_MS
from grantway.manage.desk import Desk
from grantway.manage.registration.client_documents import Rules, take
from grantway.outbound.fetch import Fetcher
from grantway.outbound.target import Unfetched
from grantway.protocol.client_document import ACCEPT, LIMIT_BYTES, read_client_document
from grantway.protocol.no import document as no
from grantway.protocol.refusal import Refused

FRESH_MS: Final = 15 * MINUTE_MS
"""How long a document is believed before it is fetched again. What could not be used is never kept."""
_KEPT: Final = 1000


class ClientDocuments:
    """When each document was read last, by its URL; a bounded number of them."""

    def __init__(self) -> None:
        self._read_at: dict[str, int] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def meet(self, desk: Desk, fetcher: Fetcher, rules: Rules | None, url: str, *, is_app: bool) -> None:
        """See to it that the client of a document is an app here which says what the document says.

        `is_app`: there is an app by that URL already.

        Raises:
            Refused: the org lets no such client in, or the document could not be fetched or honoured.
        """
        if rules is None:
            raise Refused(no.OFF(url=url[:200]))
        rules.demand(url)
        now_ms = desk.clock.now_ms()
        if is_app and now_ms - self._read_at.get(url, -FRESH_MS) < FRESH_MS:
            return
        # One request for all who come at this moment: more would take each other's turns. It goes on when one leaves.
        reading = self._under_way.get(url)
        if reading is None:
            reading = self._under_way[url] = asyncio.create_task(self._read(desk, fetcher, rules, url, now_ms))
            reading.add_done_callback(lambda _: self._under_way.pop(url))
        await asyncio.shield(reading)

    async def _read(self, desk: Desk, fetcher: Fetcher, rules: Rules, url: str, now_ms: int) -> None:
        try:
            answer = await fetcher.fetch(url, accept=ACCEPT, limit=LIMIT_BYTES)
        except Unfetched as problem:
            raise Refused(no.NOT_FETCHED(url=url, why=problem.why)) from problem
        document = read_client_document(url, answer.status, answer.content_type, answer.body)
        await take(desk, rules, url, document)
        self._read_at.pop(url, None)
        if len(self._read_at) >= _KEPT:
            del self._read_at[next(iter(self._read_at))]
        self._read_at[url] = now_ms
