"""The text of a key file: which keys it holds, and in which order (contract.md, "Files")."""

import pytest

from grantway.kit.keyfile import new_key_line, read_key_ring
from grantway.kit.secrets import KeyRingError

PURPOSE = b"test"


def test_a_fresh_line_is_a_key_file() -> None:
    line = new_key_line()

    assert line != new_key_line()
    assert read_key_ring(line).open(read_key_ring(line).seal(b"text", PURPOSE), PURPOSE) == b"text"


@pytest.mark.parametrize("layout", ["{0}{1}", "# old and new\n\n  {0}\n\n{1}# end", "{0}\r\n{1}\r\n"])
def test_the_first_key_encrypts_and_all_decrypt(layout: str) -> None:
    new, old = new_key_line(), new_key_line()
    ring = read_key_ring(layout.format(new, old))

    assert ring.open(read_key_ring(old).seal(b"text", PURPOSE), PURPOSE) == b"text"
    assert read_key_ring(new).open(ring.seal(b"text", PURPOSE), PURPOSE) == b"text"
    with pytest.raises(KeyRingError):
        read_key_ring(old).open(ring.seal(b"text", PURPOSE), PURPOSE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the key file holds no key"),
        ("#\n", "the key file holds no key"),
        ("c2hvcnQ=", "line 1 of the key file"),
        ("# old\n" + "A" * 43, "line 2 of the key file"),
        (new_key_line().strip() + "AAAA", "line 1 of the key file"),
        ("\ufeff" + new_key_line(), "line 1 of the key file"),
        ("key: " + new_key_line(), "line 1 of the key file"),
    ],
    ids=["empty", "remark", "short", "no-padding", "long", "byte-order-mark", "label"],
)
def test_what_is_no_key_is_named_by_its_line_and_not_shown(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        read_key_ring(text)

    assert not any(len(word) > 5 and word in str(refused.value) for word in text.split())
