"""The whole server without sockets: a request as bytes, through the HTTP edge and the route table, to an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from grantway.web.adapter import Edge
from grantway.web.dispatch import Dispatch
from tests.endpoints.house import House

Headers = tuple[tuple[bytes, bytes], ...]
FORM = b"application/x-www-form-urlencoded"
HTML = (b"accept", b"text/html")


@dataclass(frozen=True)
class Answer:
    """What came back; of headers that came more than once, the last, but every cookie."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Wire:
    """Sends requests to a house as they would come from a socket."""

    def __init__(self, house: House) -> None:
        dispatch = Dispatch(house.server)
        self._edge = Edge(dispatch, dispatch.refuse_status, now_us=house.clock.now_us)

    async def send(
        self,
        method: str,
        path: str | bytes,
        *,
        query: bytes = b"",
        body: bytes = b"",
        media_type: bytes = b"",
        headers: Headers = (),
    ) -> Answer:
        """Send a request; path, query and body go as they are."""
        raw_path = path.encode() if isinstance(path, str) else path
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": raw_path.decode("latin-1"),
            "raw_path": raw_path,
            "query_string": query,
            "headers": [
                (b"host", b"localhost:8400"),
                *([(b"content-type", media_type)] if media_type else []),
                *headers,
            ],
            "client": ("127.0.0.1", 50_000),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._edge(scope, receive, send)
        start, end = sent
        named = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        cookies = [
            value.decode("latin-1").partition(";")[0] for name, value in start["headers"] if name == b"set-cookie"
        ]
        return Answer(start["status"], named, end["body"], tuple(cookies))

    async def post(self, path: str, fields: Mapping[str, str], *headers: tuple[bytes, bytes]) -> Answer:
        """Post a form."""
        return await self.send("POST", path, body=urlencode(fields).encode(), media_type=FORM, headers=headers)

    async def get(self, path: str, fields: Mapping[str, str] | None = None, *headers: tuple[bytes, bytes]) -> Answer:
        """Get a page."""
        return await self.send("GET", path, query=urlencode(fields or {}).encode(), headers=headers)
