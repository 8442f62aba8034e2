"""Which addresses are public: everything else is not asked for anything (S31)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.kit.addresses import is_public


@pytest.mark.requirement("S31")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
        "192.0.0.192", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
        "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
        "2606:4700::1111%eth0", "fec0::1", "ff02::1",
        "", "localhost", "127.1", "0x7f000001",
    ],
)  # fmt: skip
def test_an_address_of_ourselves_our_neighbours_or_nobody_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "193.0.6.139", "2606:4700:4700::1111", "2a00:1450::1"])
def test_an_address_of_a_public_host_is_public(address: str) -> None:
    assert is_public(address)


@given(st.text(max_size=50))
def test_judging_an_address_never_fails(text: str) -> None:
    assert is_public(text) in (True, False)
