"""A client with a person: gets codes, redeems, refreshes and revokes, and writes down what it was told."""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.journeys.caller import Caller
from tests.journeys.ledger.book import DOOR, REMEMBERED, App, Book, Broken

_VERIFIER = "v" * 64
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
# The server keeps five lines of a user and app, and the sixth ends the oldest: so many are held here at most.
_LINES = 3


@dataclass
class Line:
    """What comes of one code: a refresh token, its successors, and access tokens."""

    code: str
    refresh: str = ""
    access: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    doubt: str = ""
    """What was asked and not answered: code, refresh, revoke, or the access token that was to be revoked."""
    lost: bool = False
    """The code was redeemed, and nobody was told the tokens."""

    def take(self, answer: dict[str, Any]) -> None:
        """Note the tokens of an answer; a new refresh token spends the one before."""
        self.access.append(answer["access_token"])
        following = answer.get("refresh_token", self.refresh)
        if self.refresh not in {"", following}:
            self.spent.append(self.refresh)
        self.refresh = following


class Visitor:
    """One person's browser, logged in, and one app."""

    def __init__(self, app: App, cookie: str, book: Book) -> None:
        self.book = book
        self._app = app
        self._cookie = cookie
        self._lines: list[Line] = []  # the oldest first
        self._just_ended: list[Line] = []
        self._ended: list[Line] = []

    def work(self, http: Caller) -> None:
        """Do one thing.

        Raises:
            InDoubt: no answer came; the line knows to what.
            Broken: what must be granted was refused.
        """
        usable = [line for line in self._lines if line.refresh]
        roll = self.book.random.random()
        if not usable or roll < 0.1:
            self._begin(http)
        elif roll < 0.2:
            self._end(http, usable[0])
        elif roll < 0.3 and usable[-1].access:
            line = usable[-1]
            line.doubt = line.access[0]
            self.book.ask(http, "revoked access token", "/revoke", {"token": line.access[0]})
            line.dead.append(line.access.pop(0))
            line.doubt = ""
        else:
            line = self.book.random.choice(usable)
            line.doubt = "refresh"
            line.take(self.book.ask(http, "rotation", "/token", self._refreshing(line.refresh)))
            line.doubt = ""

    def check(self, http: Caller) -> None:
        """Hold the notes against a server that was started again; what was in doubt is settled by asking again.

        Raises:
            Broken: they differ.
        """
        for line in list(self._lines):
            self._settle(http, line)
        for line in self._lines:
            if line.refresh:
                self.book.require(http, [*line.access, line.refresh], active=True, what="told")
                self.book.require(http, [*line.dead, *line.spent], active=False, what="revoked or spent")
        for line in [*self._just_ended, *self.book.some_of(self._ended)]:
            self._check_ended(http, line)
        self._ended = [*self._ended, *self._just_ended][-REMEMBERED:]
        self._just_ended = []

    def check_in_the_end(self, http: Caller) -> None:
        """Make sure that nothing spent or ended is of any use; this ends the lines it is tried on.

        Raises:
            Broken: something is.
        """
        for line in self._ended:
            self._check_ended(http, line)
        for line in self._lines:
            # Within the overlap the one before the current one is as good as the current one.
            for token in line.spent[:-1] if self._app.overlaps else line.spent:
                self.book.require_refused(http, self._refreshing(token), "a spent refresh token")
            if line.refresh or line.lost:
                self.book.require_refused(http, self._redeeming(line.code), "a redeemed code")

    def _begin(self, http: Caller) -> None:
        """Get a code, or redeem the one at hand; before there are too many lines, end the oldest."""
        newest = self._lines[-1] if self._lines else None
        if newest is not None and not newest.refresh and not newest.lost:
            newest.doubt = "code"
            newest.take(self.book.ask(http, "redeemed code", "/token", self._redeeming(newest.code)))
            newest.doubt = ""
        elif len(self._lines) < _LINES:
            self._lines.append(Line(self._code(http)))
        elif self._lines[0].lost:
            self._just_ended.append(self._lines.pop(0))
        else:
            self._end(http, self._lines[0])

    def _code(self, http: Caller) -> str:
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": self._app.callback,
            "scope": "api refresh_token",
            "code_challenge": _CHALLENGE,
            "code_challenge_method": "S256",
        }
        location = http.location(f"{DOOR}/authorize", query, self._cookie)
        answer = parse_qs(urlsplit(location).query)
        if not location.startswith(self._app.callback) or "code" not in answer:
            raise Broken(f"no code: {location}")
        self.book.told["code"] += 1
        return answer["code"][0]

    def _end(self, http: Caller, line: Line) -> None:
        line.doubt = "revoke"
        self.book.ask(http, "revoked line", "/revoke", {"token": line.refresh})
        line.doubt = ""
        self._note_end(line)

    def _note_end(self, line: Line) -> None:
        self._lines.remove(line)
        self._just_ended.append(line)

    def _settle(self, http: Caller, line: Line) -> None:
        doubt, line.doubt = line.doubt, ""
        if doubt == "code":
            status, answer = http.post(f"{DOOR}/token", self._redeeming(line.code))
            if status == 200:
                line.take(answer)
            elif answer.get("error") == "invalid_grant":
                line.lost = True
            else:
                raise Broken(f"a code in doubt: {status} {answer}")
        elif doubt == "refresh":
            self._settle_refresh(http, line)
        elif doubt == "revoke":
            if self.book.are_active(http, [*line.access, line.refresh], "a line that was being revoked"):
                self._end(http, line)
            else:
                self._note_end(line)
        elif doubt and not self.book.is_active(http, doubt):
            line.access.remove(doubt)
            line.dead.append(doubt)

    def _settle_refresh(self, http: Caller, line: Line) -> None:
        self.book.require(http, line.access, active=True, what="told before a rotation in doubt")
        if self.book.is_active(http, line.refresh) or self._app.overlaps:
            line.take(self.book.ask(http, "rotation asked for again", "/token", self._refreshing(line.refresh)))
            return
        # It was done, and nobody was told the successor. Asking again is a tie, or a replay that ends the whole line.
        self.book.require_refused(http, self._refreshing(line.refresh), "a rotation that was done")
        if line.access and self.book.are_active(http, line.access, "a line whose spent token came back"):
            self._end(http, line)
        else:
            self._note_end(line)

    def _check_ended(self, http: Caller, line: Line) -> None:
        gone = [line.refresh, *line.spent] if line.refresh else []
        self.book.require(http, [*line.access, *line.dead, *gone], active=False, what="a line that was revoked")
        if gone:
            form = self._refreshing(self.book.random.choice(gone))
            self.book.require_refused(http, form, "a refresh token of a line that was revoked")
        self.book.require_refused(http, self._redeeming(line.code), "a redeemed code")

    def _redeeming(self, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._app.callback,
            "code_verifier": _VERIFIER,
            **self._app.credentials,
        }

    def _refreshing(self, token: str) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": token, **self._app.credentials}
