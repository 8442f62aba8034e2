"""How long an app's refresh tokens live: its policy, and the cap on idle ones (connected-apps.md 3.4)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.clock import DAY_MS
from grantway.settings.choices import RefreshTokenPolicy
from grantway.settings.setting import Setting

IDLE_CAP_DAYS: Final = 30
_IDLE_CAP_MS: Final = IDLE_CAP_DAYS * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshLife:
    """The bounds of a refresh token's life, in milliseconds; None where there is none.

    - `lifetime_ms`: counted from when it was granted; 0 where it is of no use at all.
    - `idle_ms`: counted from its last use.
    - `capped_by`: the setting that made `idle_ms` what it is, where that was the cap and not the policy.
    """

    lifetime_ms: int | None
    idle_ms: int | None
    capped_by: Setting[bool] | None = None

    def ends_at(self, granted_at: int, used_at: int) -> int | None:
        """Return when a refresh token granted and last used at these times (ms) ends; None when it does not."""
        if self.lifetime_ms is None:
            return used_at + self.idle_ms if self.idle_ms is not None else None
        ends_at = granted_at + self.lifetime_ms
        return ends_at if self.idle_ms is None else min(ends_at, used_at + self.idle_ms)

    def ended_idle(self, granted_at: int, used_at: int) -> bool:
        """Tell whether it is the cap that ends such a refresh token first."""
        if self.capped_by is None or self.idle_ms is None:
            return False
        return self.lifetime_ms is None or used_at + self.idle_ms < granted_at + self.lifetime_ms


def refresh_life(app: InstalledApp) -> RefreshLife:
    """Return the bounds that the policy of an app sets, with the cap of the app or of its user's org over it."""
    cap = s.LIMIT_IDLE_REFRESH_TOKENS if app[s.LIMIT_IDLE_REFRESH_TOKENS] else None
    if cap is None and app[s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS]:
        cap = s.LIMIT_IDLE_REFRESH_TOKENS_OF_ALL_APPS
    return _life(app[s.REFRESH_TOKEN_POLICY], cap)


# Each use of a refresh token asks for it, and few policies are in use.
@lru_cache(maxsize=256)
def _life(rule: RefreshTokenPolicy, cap: Setting[bool] | None) -> RefreshLife:
    life = life_under(rule, is_capped=cap is not None)
    return life if life == life_under(rule, is_capped=False) else replace(life, capped_by=cap)


def life_under(rule: RefreshTokenPolicy, *, is_capped: bool) -> RefreshLife:
    """Return the bounds that a policy sets, with or without the cap over it.

    The cap is a sliding 30 days: "until revoked" becomes that, a longer idle time too, and a fixed lifetime stays and
    has it beside it. "Immediately expire" is not touched.
    """
    lifetime = None if rule.form in ("infinite", "specific_inactivity") else rule.period_ms
    idle = rule.period_ms if rule.form == "specific_inactivity" else None
    shorter = (one for one in (lifetime, idle) if one is not None and one <= _IDLE_CAP_MS)
    if not is_capped or next(shorter, None) is not None:
        return RefreshLife(lifetime_ms=lifetime, idle_ms=idle)
    return RefreshLife(lifetime_ms=lifetime, idle_ms=_IDLE_CAP_MS)
