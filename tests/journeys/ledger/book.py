"""What clients were told, and what must hold of it after any crash.

Each client works alone on tokens of its own and writes down what was answered. What was asked and not answered is in
doubt: it may have been done or not, but never by halves, and asking again must make one of the two of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from tests.journeys.caller import Caller, InDoubt

T = TypeVar("T")
DOOR = "/services/oauth2"
# So many things of the past are remembered by each client and looked at again, rounds later.
REMEMBERED = 200
# So many of them in each round.
LOOKED_AT_AGAIN = 1


class Broken(Exception):
    """Something that must hold does not."""


@dataclass(frozen=True)
class App:
    """A connected app, as its clients know it."""

    client_id: str
    client_secret: str
    callback: str
    overlaps: bool = False
    """Whether the token before the current one gives the current one again."""

    @property
    def credentials(self) -> dict[str, str]:
        """What the app says of itself."""
        return {"client_id": self.client_id, "client_secret": self.client_secret}


@dataclass
class Book:
    """One client's notes; `inspector` is an app that may introspect every token."""

    inspector: App
    random: Random
    told: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def ask(self, http: Caller, kind: str, path: str, form: dict[str, str]) -> dict[str, Any]:
        """Ask for what must be granted, and write down that it was, or that nobody knows."""
        try:
            status, answer = http.post(DOOR + path, form)
        except InDoubt:
            self.doubts[kind] += 1
            raise
        if status != 200:
            raise Broken(f"{kind}: {status} {answer}")
        self.told[kind] += 1
        return answer

    def is_active(self, http: Caller, token: str) -> bool:
        """Ask whether a token is good."""
        _, answer = http.post(f"{DOOR}/introspect", {"token": token, **self.inspector.credentials})
        return bool(answer["active"])

    def require(self, http: Caller, tokens: list[str], *, active: bool, what: str) -> None:
        """Make sure that tokens are all good, or all dead."""
        wrong = [token for token in tokens if self.is_active(http, token) is not active]
        if wrong:
            raise Broken(f"{what}: {len(wrong)} of {len(tokens)} {'dead' if active else 'alive'}")

    def are_active(self, http: Caller, tokens: list[str], what: str) -> bool:
        """Ask whether tokens that live and die together are good."""
        states = {self.is_active(http, token) for token in tokens}
        if len(states) != 1:
            raise Broken(f"{what}: dead by halves")
        return states.pop()

    def some_of(self, past: Sequence[T]) -> list[T]:
        """Choose what of the past is looked at again."""
        return self.random.sample(past, min(LOOKED_AT_AGAIN, len(past)))

    def require_refused(self, http: Caller, form: dict[str, str], what: str) -> None:
        """Make sure that a token request is refused."""
        status, answer = http.post(f"{DOOR}/token", form)
        if (status, answer.get("error")) != (400, "invalid_grant"):
            raise Broken(f"{what}: {status} {answer.get('error', 'granted')}")
