"""What is a picture: told from its bytes, the first to the last."""

import pytest

from grantway.kit.pictures import LIMIT_BYTES, LONGEST_SIDE, NoPicture, picture_in
from tests.kit.drawn import chunk, gif, jpeg, png

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
DRAWN = {"image/png": png, "image/gif": gif, "image/jpeg": jpeg}


@pytest.mark.parametrize("media_type", DRAWN)
def test_a_picture_has_its_type_and_its_sides_from_its_bytes(media_type: str) -> None:
    found = picture_in(DRAWN[media_type](300, 20))

    assert (found.media_type, found.width, found.height) == (media_type, 300, 20)


HOSTILE = {
    "an SVG": (SVG, "it is no GIF, JPG or PNG"),
    "a page": (HTML, "it is no GIF, JPG or PNG"),
    "nothing": (b"", "it is no GIF, JPG or PNG"),
    "a page behind a PNG": (png() + HTML, "it does not end as a PNG does"),
    "a page behind a GIF": (gif() + HTML, "it does not end as a GIF does"),
    "a page behind a JPG": (jpeg() + HTML, "it does not end as a JPG does"),
    "a PNG without its header": (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", HTML), "it does not begin as a PNG does"),
    "a PNG cut off": (png()[:-12], "it is cut off"),
    "a GIF cut off": (b"GIF89a;", "it is cut off"),
    "a JPG of tables only": (b"\xff\xd8\xff\xe0\0\x04ab\xff\xd9", "it is cut off"),
    "a JPG that begins with its scan": (b"\xff\xd8\xff\xda\0\0\xff\xd9", "it has no size"),
    "a JPG of junk": (b"\xff\xd8\xff\xe0\0\x02junk\xff\xd9", "it is damaged"),
    "one too heavy": (png(extra=chunk(b"tEXt", b"x" * LIMIT_BYTES)), "it is larger than 100 KB"),
    "one too wide": (
        png(LONGEST_SIDE + 1, 2),
        f"it is 2049 × 2 pixels: from 1 to {LONGEST_SIDE} a side are taken",
    ),
    "one that would fill the memory": (
        gif(65535, 65535),
        f"it is 65535 × 65535 pixels: from 1 to {LONGEST_SIDE} a side are taken",
    ),
    "one of no height": (jpeg(5, 0), f"it is 5 × 0 pixels: from 1 to {LONGEST_SIDE} a side are taken"),
}


@pytest.mark.parametrize(("body", "says"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_picture_is_refused_and_told(body: bytes, says: str) -> None:
    with pytest.raises(NoPicture, match=says):
        picture_in(body)
