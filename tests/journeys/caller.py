"""A client on one kept connection, which knows "no" from "no answer"."""

import http.client
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit


class InDoubt(Exception):
    """No whole answer came: what was asked may have been done, or not."""


class Caller:
    """Calls one server; a context manager."""

    def __init__(self, base: str) -> None:
        host = urlsplit(base)
        assert host.port is not None
        # Not "localhost", which may be looked for at ::1 first.
        self._connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=60)
        self._host = host.netloc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def post(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Send a form, and return the status and the JSON of the answer (none: empty).

        Raises:
            InDoubt: no whole answer came.
        """
        status, _, body = self._ask("POST", path, urlencode(form), "application/x-www-form-urlencoded")
        return status, json.loads(body) if body.startswith(b"{") else {}

    def location(self, path: str, query: dict[str, str], cookie: str) -> str:
        """Go to a page with a browser's cookie, and return where the browser is sent on to (nowhere: empty).

        Raises:
            InDoubt: no whole answer came.
        """
        return self._ask("GET", f"{path}?{urlencode(query)}", None, None, cookie)[1]

    def _ask(
        self, method: str, path: str, body: str | None, content_type: str | None, cookie: str = ""
    ) -> tuple[int, str, bytes]:
        headers = {"Host": self._host, "Cookie": cookie}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            self._connection.request(method, path, body, headers)
            reply = self._connection.getresponse()
            return reply.status, reply.headers.get("Location", ""), reply.read()
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            raise InDoubt(f"{method} {path.partition('?')[0]}: {problem!r}") from problem
