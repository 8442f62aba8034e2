"""An administrator: changes a setting of an app by the command line, again and again."""

import subprocess
import threading
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
        self._next = _FIRST
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def work_until_killed(self) -> None:
        """Edit until `kill`, which may come first; `check` comes before both.

        Raises:
            Broken: an edit was refused.
        """
        while not self._stopped:
            self._edit()

    def kill(self) -> None:
        """End the edit under way, and make no more."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.kill()

    def check(self, http: Caller) -> None:
        """Make sure that the last edit holds, and make another while nothing is killed.

        Raises:
            Broken: another value holds, or the edit was refused.
        """
        form = {"grant_type": "client_credentials", **self._app.credentials}
        status, answer = http.post("/oidc/token", form)
        if status != 200:
            raise Broken(f"after an edit: {status} {answer}")
        holds = int(answer["expires_in"]) // 60
        if self._may_hold and holds not in self._may_hold:
            raise Broken(f"{holds} minutes hold, and {sorted(self._may_hold)} were told")
        self._stopped = False
        self._edit()

    def _edit(self) -> None:
        asked = self._next
        with self._lock:
            if self._stopped:
                return
            command = [*self._command, f"session_timeout={asked}"]
            self._running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._next = asked + 1 if asked < _LAST else _FIRST
        status = self._running.wait()
        if status == 0:
            self._may_hold = {asked}
            self.book.told["edit"] += 1
        elif status < 0:
            self._may_hold.add(asked)
            self.book.doubts["edit"] += 1
        else:
            raise Broken(f"an edit ended with status {status}")
