"""Pictures for tests, drawn byte by byte."""

import struct
import zlib


def png(width: int = 2, height: int = 2, *, extra: bytes = b"") -> bytes:
    """Return a petrol PNG; `extra` are chunks before its end."""
    rows = b"".join(b"\0" + b"\x0b\x5b\x69" * width for _ in range(min(height, 64)))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + extra + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def gif(width: int = 2, height: int = 2) -> bytes:
    """Return a GIF of one pixel on a canvas of that size."""
    screen = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\x0b\x5b\x69\xff\xff\xff"
    return screen + b"," + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02D\x01\0;"


def jpeg(width: int = 2, height: int = 2) -> bytes:
    """Return what a JPG begins and ends with: an application's segment, a frame, a scan."""
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\0"
    return b"\xff\xd8" + app0 + frame + b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\0\0\x3f\0" + b"\0\xff\xd9"
