"""How fast somebody may go on guessing: delays that grow, never a lock (security.md S35). Pure."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import msgspec

from grantway.domain.org import User, canonical_username


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A rule for one kind of principal: so many failures in a row are free, then each doubles the wait."""

    free: int
    longest_s: int

    def wait_ms(self, failures: int, last_at: int, now_ms: int) -> int:
        """Return how long (ms) the next try has to wait after `failures` in a row, the last of them at `last_at`."""
        beyond = failures - self.free
        if beyond <= 0:
            return 0
        # 2^16 seconds are beyond any longest wait; nobody needs the power of a larger number.
        wait_s = min(self.longest_s, 1 << min(beyond - 1, 16))
        return max(0, last_at + wait_s * 1000 - now_ms)


class Looked(msgspec.Struct, frozen=True, gc=False):
    """What came of a try: the user who is there now, or None; `wait_ms` above 0 means that nothing was looked at."""

    user: User | None
    wait_ms: int = 0


ACCOUNT: Final = Pace(free=5, longest_s=30)
"""For one username, whoever tries."""
ADDRESS: Final = Pace(free=100, longest_s=5)
"""For one address, whatever it tries: many people may share one, so this is for guessing at machine speed only."""


def account_principal(username: str) -> str:
    """Return the one name under which tries for a username are counted, however it is spelled."""
    return "account:" + canonical_username(username)[:255]


def known_browser_principal(nonce: str) -> str:
    """Return the name under which tries for an account are counted in a browser that its owner has used."""
    return "browser:" + nonce


def address_principal(address: str) -> str:
    """Return the name under which tries from an address are counted; an IPv6 network of /64 is one place."""
    return "address:" + place_of(address)


def place_of(address: str) -> str:
    """Return the address, or for IPv6 the network of /64 that it is in: whoever has one there has all of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.packed[:8].hex(":", 2) + "::/64" if parsed.version == 6 else address
