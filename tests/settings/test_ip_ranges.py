"""Ranges of addresses: how they are written, and what is refused."""

import pytest

from grantway import settings as s


def test_a_range_is_a_line_or_a_record_and_one_address_is_a_range_too() -> None:
    lines = "192.0.2.0 - 192.0.2.255 Warehouse, gate 2\n\n192.0.2.7\n2001:DB8::1-2001:db8::ffff"

    found = s.IP_RANGES.kind.parse(lines)

    assert found == (
        s.IpRange(start="192.0.2.0", end="192.0.2.255", description="Warehouse, gate 2"),
        s.IpRange(start="192.0.2.7", end="192.0.2.7"),
        s.IpRange(start="2001:db8::1", end="2001:db8::ffff"),
    )
    assert s.IP_RANGES.kind.parse(s.IP_RANGES.kind.write(found)) == found
    assert s.IP_RANGES.kind.parse(s.IP_RANGES.kind.says(found)) == found


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("192.0.2.9 - 192.0.2.1", "line 1: 192.0.2.9 comes after 192.0.2.1"),
        ("192.0.2.1\n192.0.2.1 - ::1", "line 2: 192.0.2.1 and ::1 are of two kinds"),
        ("192.0.2.1 - 192.0.2.256", "line 1: '192.0.2.256' is no IP address"),
        ("192.0.2.0/24", "line 1: '192.0.2.0/24': write START - END"),
        ([{"start": "192.0.2.1"}], "line 1: a range has start, end and, if you like, description"),
        ([{"start": "fe80::1%eth0", "end": "fe80::2"}], "line 1: 'fe80::1%eth0' is no IP address"),
        ([{"start": "192.0.2.1", "end": "192.0.2.1", "note": "x"}], "line 1: a range has start, end"),
        ([{"start": 1, "end": 2}], "line 1: '' is no IP address"),
        ([f"192.0.2.{number}" for number in range(129)], "at most 128 ranges, these are 129"),
        (7, "write a list of ranges"),
    ],
)
def test_what_is_no_range_is_refused_with_its_line(raw: object, says: str) -> None:
    with pytest.raises(s.SettingProblem) as refused:
        s.IP_RANGES.kind.parse(raw)

    assert str(refused.value).startswith(says)
