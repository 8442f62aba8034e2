"""Record ids in both lengths, and the time order of rows (salesforce-oauth.md 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantway.kit import ids
from grantway.kit.ids import canonical_id, checksum, first_row_id, new_id, new_row_id

PREFIXES = [ids.ORG, ids.USER, ids.PROFILE, ids.PERMISSION_SET, ids.CONNECTED_APP]


@pytest.mark.parametrize(
    ("short", "suffix"),
    [
        ("000000000000000", "AAA"),
        ("A00000000000000", "BAA"),
        ("0A0000000000000", "CAA"),
        ("0000A0000000000", "QAA"),
        ("00000A000000000", "ABA"),
        ("AAAAAAAAAAAAAAA", "555"),
        ("00D000000000062", "EAA"),
        ("005000000000001", "AAA"),
    ],
)
def test_bit_j_of_a_group_of_five_is_set_where_character_j_is_upper_case(short: str, suffix: str) -> None:
    assert checksum(short) == suffix


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_fresh_id_has_18_characters_its_prefix_and_its_checksum(prefix: str) -> None:
    made = new_id(prefix)

    assert len(made) == 18
    assert made.startswith(prefix)
    assert made.isalnum()
    assert made[15:] == checksum(made[:15])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_both_lengths_mean_the_same_record(prefix: str) -> None:
    made = new_id(prefix)

    assert canonical_id(made, prefix) == canonical_id(made[:15], prefix) == made


def test_what_is_no_id_of_the_kind_is_none() -> None:
    made = new_id(ids.USER)
    wrong = "A" if made[17] != "A" else "B"

    for text in (
        "",
        made[:-1],
        made + "A",
        made[:17] + wrong,
        made.swapcase(),
        made[:14] + "-",
        made[:14] + "é",
        "005",
    ):
        assert canonical_id(text, ids.USER) is None
    assert canonical_id(made, ids.ORG) is None


@given(st.integers(0, 2**47), st.integers(0, 2**47))
def test_row_ids_sort_as_their_times_do(one: int, other: int) -> None:
    if one < other:
        assert new_row_id(one) < new_row_id(other)
    assert first_row_id(one) <= new_row_id(one)
    assert len(new_row_id(one)) == ids.ROW_ID_LENGTH


def test_row_ids_of_a_sequence_sort_as_they_were_asked_for_also_within_a_millisecond() -> None:
    sequence = ids.Sequence()
    given = [sequence.next(at) for at in (5, 5, 5, *[7] * 1_000)]

    assert given == sorted(set(given))
    assert first_row_id(5) <= given[0] < first_row_id(6) <= first_row_id(7) <= given[3]
    assert {len(one) for one in given} == {ids.ROW_ID_LENGTH}


@given(st.binary(max_size=12).map(lambda data: data * 3))
def test_what_is_written_in_the_alphabet_of_tokens_is_read_again(data: bytes) -> None:
    assert ids.token_bytes(ids.token_text(data)) == data
