"""Who is calling: the peer's address, or the one that a configured proxy vouches for (security.md S51)."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

_MAPPED: Final = "::ffff:"
_REMEMBERED: Final = 1024


class Peers:
    """Knows which peers are our own proxies."""

    __slots__ = ("_known", "_networks")

    def __init__(self, trusted_proxies: Iterable[str] = ()) -> None:
        """Take addresses and networks (`10.0.0.0/8`).

        Raises:
            ValueError: one of them is neither.
        """
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(each) for each in trusted_proxies)
        self._known: dict[str, bool] = {}

    def trusts(self, address: str) -> bool:
        """Tell whether an address (as `plain_address` spells it) is a proxy of ours."""
        if not self._networks:
            return False
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[address] = self._look(address)
        return known

    def client_of(self, peer: str, forwarded_for: list[bytes]) -> str:
        """Return the client's address: the right-most of X-Forwarded-For that is no proxy of ours.

        What stands left of it is anybody's claim. An entry that is no address ends the search.
        """
        client = peer
        for entry in reversed(b",".join(forwarded_for).split(b",")):
            address = _address_in(entry)
            if address is None:
                return client
            client = address
            if not self.trusts(address):
                return client
        return client

    def _look(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def plain_address(address: str) -> str:
    """Return an address as IPv4 where it is an IPv4 address inside IPv6 (S52), without a zone."""
    if ":" not in address:
        return address
    address = address.partition("%")[0]
    if address[:7].lower() == _MAPPED and "." in address:
        return address[7:]
    return address


def _address_in(entry: bytes) -> str | None:
    text = entry.strip().decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(parsed)
