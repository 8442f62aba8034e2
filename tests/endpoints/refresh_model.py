"""What decisions 3, 4 and 8 and salesforce-oauth.md 3.2 and 3.5 say of a family of tokens, small enough to be read.

Nothing here looks at the server: it is told what the server handed out, and says what must come of the next request.
Times are milliseconds.
"""

from dataclasses import dataclass, field
from enum import Enum

DAY = 86_400_000
ACCESS_TOKEN_LIVES = 120 * 60_000
CODE_LIVES = 15 * 60_000
OVERLAP = 30_000
REPLAY_REMEMBERED = 30 * DAY
APPROVALS = 5


class Rotation(Enum):
    OFF = "off"
    ON = "on"
    OVERLAP = "on, with an overlap"


class Policy(Enum):
    INFINITE = "infinite"
    ZERO = "zero"
    LIFETIME = "specific_lifetime:10:DAYS"
    INACTIVITY = "specific_inactivity:10:DAYS"


class Standing(Enum):
    ACTIVE = "active"
    FROZEN = "frozen: no token is good meanwhile"
    DEACTIVATED = "deactivated: no token issued before will ever be good again"


class Answer(Enum):
    SAME = "a new access token; the refresh token goes on"
    ROTATED = "a new access token and a new refresh token"
    AGAIN = "a new access token and the same successor again"
    EXPIRED = "expired access/refresh token"
    TIE = "token request is already being processed"
    INACTIVE = "inactive user"
    BLOCKED = "this app is blocked by admin"


@dataclass(eq=False)
class Access:
    """An access token that was handed out."""

    text: str
    ends_at: int
    revoked: bool = False


@dataclass(eq=False)
class Refresh:
    """A refresh token that was handed out."""

    text: str
    family: "Family"
    spent_at: int | None = None
    successor: "Refresh | None" = None
    forgotten: bool = False

    def __repr__(self) -> str:
        return f"refresh token {self.family.refresh.index(self)} of a family"


@dataclass(eq=False)
class Family:
    """All that came of one code. It ends by itself, or it is taken back with all that its user has."""

    code: str
    begun_at: int
    used_at: int
    ended: bool = False
    taken_back: bool = False
    refresh: list[Refresh] = field(default_factory=list)
    access: list[Access] = field(default_factory=list)


@dataclass
class Model:
    """One app and one user: the settings in force, and the families between them."""

    rotation: Rotation = Rotation.OFF
    policy: Policy = Policy.INFINITE
    standing: Standing = Standing.ACTIVE
    app_is_blocked: bool = False
    families: list[Family] = field(default_factory=list)

    def redeemed(self, code: str, refresh_token: str, access_token: str, now: int) -> Refresh:
        """A code was redeemed: a family begins, and the sixth approval drops the oldest."""
        family = Family(code, now, now)
        family.refresh.append(Refresh(refresh_token, family))
        family.access.append(Access(access_token, now + ACCESS_TOKEN_LIVES))
        self.families.append(family)
        for old in [one for one in self.families if not one.ended][:-APPROVALS]:
            old.ended = True
        return family.refresh[0]

    def refresh(self, token: Refresh, now: int, arrived: int) -> Answer:
        """The app presents one of its refresh tokens, rightly authenticated."""
        family = token.family
        if family.ended or token.forgotten:
            return Answer.EXPIRED
        if token.spent_at is not None and not self._is_within_overlap(token, now):
            if arrived <= token.spent_at:
                return Answer.TIE
            family.ended = True
            return Answer.EXPIRED
        if self._policy_is_over(family, now):
            return Answer.EXPIRED
        if self.app_is_blocked:
            return Answer.BLOCKED
        if self.standing is not Standing.ACTIVE:
            return Answer.INACTIVE
        if family.taken_back:
            return Answer.EXPIRED
        family.used_at = now
        if token.spent_at is not None:
            return Answer.AGAIN
        if self.rotation is Rotation.OFF:
            return Answer.SAME
        token.spent_at = now
        return Answer.ROTATED

    def refreshed(self, token: Refresh, answer: Answer, refresh_token: str, access_token: str, now: int) -> Refresh:
        """The answer came; returns the refresh token to go on with."""
        token.family.access.append(Access(access_token, now + ACCESS_TOKEN_LIVES))
        if answer is Answer.ROTATED:
            token.successor = Refresh(refresh_token, token.family)
            token.family.refresh.append(token.successor)
        return token.successor or token

    def set_standing(self, standing: Standing) -> None:
        """An administrator freezes, deactivates or lets the user in again."""
        if standing is Standing.DEACTIVATED and self.standing is not Standing.DEACTIVATED:
            for family in self.families:
                family.taken_back = True
        self.standing = standing

    def code_came_again(self, family: Family, now: int) -> None:
        """A used code was presented again, and all else about it was right."""
        if now < family.begun_at + CODE_LIVES:
            family.ended = True

    def revoke_refresh(self, token: Refresh) -> bool:
        """Whoever holds a refresh token of a family may end it; False when that is no news."""
        was_alive = not token.family.ended and not token.forgotten
        if was_alive:
            token.family.ended = True
        return was_alive

    def revoke_access(self, family: Family, token: Access, now: int) -> bool:
        """An access token ends alone; False when it had ended already."""
        was_alive = not family.ended and not token.revoked and now < token.ends_at
        token.revoked = token.revoked or was_alive
        return was_alive

    def swept(self, now: int) -> None:
        """Housekeeping takes nothing that is alive, and forgets a spent refresh token thirty days after."""
        for family in self.families:
            for token in family.refresh:
                if token.spent_at is not None and token.spent_at < now - REPLAY_REMEMBERED:
                    token.forgotten = True

    def refresh_is_active(self, token: Refresh, now: int) -> bool:
        """What introspection must say of a refresh token."""
        family = token.family
        return token.spent_at is None and self._in_use() and self.is_usable(family, now)

    def access_is_active(self, family: Family, token: Access, now: int) -> bool:
        """What introspection must say of an access token."""
        alive = not family.ended and not family.taken_back and not token.revoked
        return alive and self._in_use() and now < token.ends_at

    def is_usable(self, family: Family, now: int) -> bool:
        """Whether a refresh token of the family may be of use to somebody."""
        return not family.ended and not family.taken_back and not self._policy_is_over(family, now)

    def _in_use(self) -> bool:
        return self.standing is Standing.ACTIVE and not self.app_is_blocked

    def _is_within_overlap(self, token: Refresh, now: int) -> bool:
        return (
            self.rotation is Rotation.OVERLAP
            and token.spent_at is not None
            and now - token.spent_at < OVERLAP
            and token.successor is not None
            and token.successor.spent_at is None
        )

    def _policy_is_over(self, family: Family, now: int) -> bool:
        match self.policy:
            case Policy.INFINITE:
                return False
            case Policy.ZERO:
                return True
            case Policy.LIFETIME:
                return now >= family.begun_at + 10 * DAY
            case Policy.INACTIVITY:
                return now >= family.used_at + 10 * DAY
