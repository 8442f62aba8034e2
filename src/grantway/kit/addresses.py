"""Which internet addresses lead out to the public network, and which to us, our neighbours or nowhere (S31)."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

# IPv4 blocks that Python calls global and that are no public hosts: IETF protocol assignments, old 6to4 relays.
_V4_SPECIAL: Final = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
# All public IPv6 hosts are in here. Outside are loopback, unique local, link-local and multicast addresses, and those
# that wrap an IPv4 address: mapped, compatible, NAT64 (RFC 4291, RFC 6052, RFC 8215).
_V6_PUBLIC: Final = IPv6Network("2000::/3")
# Inside of it: protocol assignments with Teredo, documentation, 6to4, which wraps IPv4 too (RFC 6890, RFC 9637).
_V6_SPECIAL: Final = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "3ffe::/16")
)


def is_public(address: str) -> bool:
    """Tell whether an address, as a resolver writes it, belongs to a host on the public network.

    Whatever is not certainly so is not: special-purpose blocks of the IANA registries, multicast, addresses that wrap
    another one, addresses with a zone (`fe80::1%eth0`), and what is no address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    return _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in block for block in _V4_SPECIAL)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _V6_PUBLIC or not address.is_global:
        return False
    return not any(address in block for block in _V6_SPECIAL)
