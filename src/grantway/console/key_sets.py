"""The keys page of an external client app: its own key and secret, and the sets beside them (connected-apps.md 2.8)."""

from dataclasses import dataclass
from typing import ClassVar, Final

from grantway import settings as s
from grantway.console.moments import Moment, moment
from grantway.console.registration import Registration
from grantway.manage.consumer_keys.credentials import Pair, Pairs

_NEVER: Final = Moment()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSet:
    """A key and secret as they stand on the page; `secret` is empty until it is revealed.

    The app's own has key and secret alone. `by`: the username of who staged or replaced it, empty for the operator.
    """

    consumer_key: str
    secret: str = ""
    id: str = ""
    state: str = ""
    answers: bool = True
    is_rotated: bool = False
    since: Moment = _NEVER
    until: Moment = _NEVER
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsPage:
    """The sets of an app, and what can be done with them. `verified_until` is empty while nothing may be shown."""

    template: ClassVar[str] = "setup/key_sets.html"
    label: str
    here: str
    verify: str
    verified_until: str
    current: ShownSet
    sets: tuple[ShownSet, ...]
    can_stage: bool
    registration: Registration | None

    @property
    def title(self) -> str:
        """The page's heading."""
        return f"Consumer key and secret of {self.label}"


def sets_page(
    pairs: Pairs,
    *,
    now_ms: int,
    here: str,
    verify: str,
    until: str,
    secret: str = "",
    revealed: Pair | None = None,
    registration: Registration | None = None,
) -> SetsPage:
    """Return the page; `secret` of the app's own pair, and the set that was `revealed`, are shown in clear."""
    app = pairs.app
    return SetsPage(
        label=app[s.LABEL] or app.app.name,
        here=here,
        verify=verify,
        verified_until=until,
        current=ShownSet(consumer_key=app.consumer_key, secret=secret),
        sets=tuple(_shown(one, revealed, now_ms) for one in pairs.sets),
        can_stage=pairs.staged is None,
        registration=registration,
    )


def _shown(one: Pair, revealed: Pair | None, now_ms: int) -> ShownSet:
    return ShownSet(
        consumer_key=one.consumer_key,
        secret=one.secret.reveal() if revealed is not None and revealed.id == one.id else "",
        id=one.id,
        state=one.state.value,
        answers=one.state.answers,
        is_rotated=one.is_replaced,
        since=moment(one.created_at, now_ms),
        until=moment(one.ends_at or 0, now_ms),
        by=one.username or one.created_by,
    )
