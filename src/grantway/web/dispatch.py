"""From a `Call` to a `Reply`: find the route, ask the endpoint, and put every accident in the dialect of the path."""

import logging
from collections.abc import Coroutine
from typing import Any, Final

from grantway.adminapi.problems import problem_reply
from grantway.endpoints.answer import EDGE_REASONS, note, refuse_at_edge, voice_of
from grantway.endpoints.authorization.outcome import refuse_on_page, wants_page
from grantway.endpoints.cross_origin import opened, preflight
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.protocol.door import STANDARDS, Voice, door_of
from grantway.protocol.no import request as no
from grantway.protocol.refusal import Refusal, Refused
from grantway.store.statement import Unavailable, Unfit
from grantway.web.routes import ANY_HOST, PAGES, is_admin_api, is_page, route_of

_log: Final = logging.getLogger("grantway")


class Dispatch:
    """Answers every call; nothing escapes it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, call: Call) -> Coroutine[Any, Any, Reply]:
        """Answer one call."""
        return self._answer(call) if call.header(b"origin") is None else self._opened(call)

    async def _opened(self, call: Call) -> Reply:
        return await opened(call, self._server, await self._answer(call))

    async def _answer(self, call: Call) -> Reply:
        server = self._server
        base = server.urls.at(call.host)
        if base is None:
            try:
                base = await self._my_domain(call.host)
            except Unavailable as problem:
                return self._unavailable(call, problem)
            if base is None and call.path not in ANY_HOST:
                return self.refuse(call, no.HOST_UNKNOWN())
            base = base or server.urls.base
        if server.urls.is_domain_host(base) and door_of(call.path) is STANDARDS:
            # The standards' issuer exists under the base URL only (decision 17).
            return self.refuse(call, no.PATH_UNKNOWN())
        route = route_of(call.path)
        if route is None:
            return self.refuse(call, no.PATH_UNKNOWN())
        if call.method == "OPTIONS" and (asked := await preflight(call, server)) is not None:
            return asked
        if route.methods and call.method not in route.methods:
            reply = self.refuse(call, no.METHOD_NOT_ALLOWED(path=call.path[:200], method=call.method[:20]))
            allow = (b"allow", ", ".join(route.methods).encode())
            return Reply(reply.status, reply.body, (*reply.headers, allow))
        try:
            return await route.endpoint(call, server, base)
        except Refused as refused:
            return self.refuse(call, refused.refusal)
        except Unavailable as problem:
            return self._unavailable(call, problem)
        except Unfit:
            return self.refuse(call, no.MALFORMED(problem="a value that cannot be stored as text"))

    async def _my_domain(self, host: str) -> str | None:
        """Return the base URL of a My Domain of one of the orgs, or None for any other name."""
        label = self._server.urls.my_domain_of(host)
        if not label or label not in await self._server.directory.my_domains():
            return None
        return self._server.urls.of_my_domain(host)

    def _unavailable(self, call: Call, problem: Unavailable) -> Reply:
        _log.error("request %s: database unavailable: %s", call.request_id, problem)
        return self.refuse(call, no.OUTCOME_UNKNOWN() if problem.unknown else no.UNAVAILABLE())

    def refuse(self, call: Call, refusal: Refusal) -> Reply:
        """Put a refusal in the dialect of the path, or on a page where a person looks, and keep it for `explain`."""
        if is_page(call.path) and wants_page(call):
            title = "" if call.path in PAGES else "Setup could not do this"
            return refuse_on_page(call, self._server, door_of(call.path), refusal, title=title)
        if is_admin_api(call.path):
            note(self._server, call, refusal, refusal.reason.wire(Voice.STANDARDS))
            return problem_reply(call, refusal)
        note(self._server, call, refusal, refusal.reason.wire(voice_of(call.path)))
        return refuse_at_edge(call.path, refusal)

    def refuse_status(self, call: Call, status: int, problem: BaseException | None) -> Reply:
        """Answer what the HTTP edge could not take (413, 431 …), or what went wrong inside (500)."""
        del problem  # the edge has logged it, without what it says: that may quote a parameter
        reason = EDGE_REASONS.get(status, no.INTERNAL if status >= 500 else no.MALFORMED)
        refusal = reason(
            path=call.path[:200], method=call.method[:20], problem="not valid HTTP", media_type="another type"
        )
        return self.refuse(call, refusal)
