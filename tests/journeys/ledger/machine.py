"""A client without a person: gets tokens by client credentials, and revokes some of them."""

from tests.journeys.caller import Caller
from tests.journeys.ledger.book import REMEMBERED, App, Book


class Machine:
    """One integration."""

    def __init__(self, app: App, book: Book) -> None:
        self.book = book
        self._app = app
        self._live: list[str] = []
        self._dead: list[str] = []
        self._past_live: list[str] = []
        self._past_dead: list[str] = []
        self._doubt = ""

    def work(self, http: Caller) -> None:
        """Do one thing.

        Raises:
            InDoubt: no answer came.
            Broken: what must be granted was refused.
        """
        if self._live and self.book.random.random() < 0.3:
            self._doubt = self._live[0]
            self.book.ask(http, "revoked access token", "/revoke", {"token": self._doubt})
            self._dead.append(self._live.pop(0))
            self._doubt = ""
        else:
            form = {"grant_type": "client_credentials", **self._app.credentials}
            self._live.append(self.book.ask(http, "client credentials", "/token", form)["access_token"])

    def check(self, http: Caller) -> None:
        """Hold the notes against a server that was started again.

        Raises:
            Broken: they differ.
        """
        if self._doubt and not self.book.is_active(http, self._doubt):
            self._dead.append(self._live.pop(0))
        self._doubt = ""
        self._compare(http, [*self._live, *self.book.some_of(self._past_live)], active=True)
        self._compare(http, [*self._dead, *self.book.some_of(self._past_dead)], active=False)
        self._past_live = [*self._past_live, *self._live][-REMEMBERED:]
        self._past_dead = [*self._past_dead, *self._dead][-REMEMBERED:]
        self._live, self._dead = [], []

    def check_in_the_end(self, http: Caller) -> None:
        """Look at everything once more.

        Raises:
            Broken: it is not as it was told.
        """
        self._compare(http, self._past_live, active=True)
        self._compare(http, self._past_dead, active=False)

    def _compare(self, http: Caller, tokens: list[str], *, active: bool) -> None:
        self.book.require(http, tokens, active=active, what="client credentials")
