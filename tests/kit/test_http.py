"""The records of a request, and the ids by which people speak of them."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.kit.http import Call, new_request_id, normal_request_id


def test_a_header_is_found_by_its_name_in_lower_case() -> None:
    call = Call(method="GET", path="/", headers=((b"host", b"a"), (b"accept", b"b"), (b"accept", b"c")))
    assert call.header(b"accept") == b"b"
    assert call.header(b"cookie") is None


def test_request_ids_are_three_groups_of_four_and_never_the_same() -> None:
    ids = [new_request_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", each) for each in ids)
    assert {char for each in ids for char in each} == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")


def test_a_forked_worker_makes_ids_of_its_own() -> None:
    """Ids are made in batches; the parent's batch must not be given out by a child too."""
    script = (
        "import os\n"
        "from grantway.kit.http import new_request_id\n"
        "new_request_id()\n"
        "child = os.fork()\n"
        "os.write(1, b' '.join(new_request_id().encode() for _ in range(50)) + b' ')\n"
        "child and os.waitpid(child, 0)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    ids = ran.stdout.split()
    assert len(ids) == len(set(ids)) == 100


@pytest.mark.parametrize(
    "typed", ["7Q4M-K2XD-90VB", "7q4mk2xd90vb", " 7q4m k2xd 90vb\n", "7Q4M-K2XD-9OVB", "7q4m-k2xd-9ovb"]
)
def test_any_spelling_of_a_request_id_is_understood(typed: str) -> None:
    assert normal_request_id(typed) == "7Q4M-K2XD-90VB"


def test_i_and_l_are_read_as_1() -> None:
    assert normal_request_id("iILl-1111-1111") == "1111-1111-1111"


@pytest.mark.parametrize("typed", ["", "7Q4M", "7Q4M-K2XD-90VBX", "UUUU-UUUU-UUUU", "7Q4M-K2XD-90V!", "é" * 12])
def test_what_is_no_request_id_is_none(typed: str) -> None:
    assert normal_request_id(typed) is None


@given(st.text(max_size=30))
def test_reading_an_id_never_fails(typed: str) -> None:
    found = normal_request_id(typed)
    assert found is None or normal_request_id(found) == found
