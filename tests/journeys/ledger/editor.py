"""An administrator: changes a setting of an app by the command line, once in each round."""

import subprocess
from collections.abc import Sequence

from tests.journeys.caller import Caller
from tests.journeys.ledger.book import App, Book, Broken

_FIRST, _LAST = 60, 1440


class Editor:
    """Sets an app's session timeout to one minute more each time; a token's `expires_in` shows what holds."""

    def __init__(self, app: App, command: Sequence[str], book: Book) -> None:
        """Take the app, and the command line that sets a setting of it, but for the setting."""
        self.book = book
        self._app = app
        self._command = command
        self._may_hold: set[int] = set()
        """One value; two when the last edit is in doubt."""
        self._asked = _FIRST
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Begin an edit; `finish` has to follow."""
        self._asked = self._asked + 1 if self._asked < _LAST else _FIRST
        command = [*self._command, f"session_timeout={self._asked}"]
        self._running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """End the edit under way, if there is one."""
        if (running := self._running) is not None:
            running.kill()

    def finish(self) -> None:
        """Wait for the end of the edit, if one was begun, and note whether it was acknowledged.

        Raises:
            Broken: it was refused.
        """
        if self._running is None:
            return
        status = self._running.wait()
        self._running = None
        if status == 0:
            self._may_hold = {self._asked}
            self.book.told["edit"] += 1
        elif status < 0:
            self._may_hold.add(self._asked)
            self.book.doubts["edit"] += 1
        else:
            raise Broken(f"an edit ended with status {status}")

    def check(self, http: Caller) -> None:
        """Make sure that the last edit holds.

        Raises:
            Broken: another value holds.
        """
        form = {"grant_type": "client_credentials", **self._app.credentials}
        status, answer = http.post("/oidc/token", form)
        if status != 200:
            raise Broken(f"after an edit: {status} {answer}")
        holds = int(answer["expires_in"]) // 60
        if self._may_hold and holds not in self._may_hold:
            raise Broken(f"{holds} minutes hold, and {sorted(self._may_hold)} were told")
        self._may_hold = {holds}
