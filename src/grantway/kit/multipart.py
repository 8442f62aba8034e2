"""multipart/form-data: text fields at the token endpoint (decision 16), and forms with files of pages of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from grantway.kit.form import MAX_FIELDS, FormError, fields_of

_TYPE: Final = b"multipart/form-data"
_NAME_SHOWN: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file of a form: its name without any folders, fit to be shown, and what is in it."""

    name: str
    data: bytes


def is_multipart(media_type: bytes) -> bool:
    """Tell whether a Content-Type is multipart/form-data."""
    return media_type[: len(_TYPE)].lower() == _TYPE


def multipart_fields(media_type: bytes, body: bytes) -> Mapping[str, str]:
    """Return the text fields of a multipart body.

    Raises:
        FormError: malformed, a file part, too many fields, not UTF-8, or a field given twice.
    """
    collector = _collected(media_type, body, _Collector(MAX_FIELDS))
    return fields_of([(_text(name), _text(value)) for name, value in collector.pairs])


def multipart_form(
    media_type: bytes, body: bytes, *, most: int
) -> tuple[Mapping[str, tuple[str, ...]], tuple[UploadedFile, ...]]:
    """Return the text fields of a form of ours, all values of each name in order, and its files.

    A field for files in which none was chosen gives none.

    Raises:
        FormError: malformed, more than `most` parts, or a field that is no text.
    """
    collector = _collected(media_type, body, _Collector(most, files=True))
    forms: dict[str, tuple[str, ...]] = {}
    for raw, value in collector.pairs:
        name, text = _text(raw), _text(value)
        if "\0" in text or not name.isprintable():
            raise FormError("a field holds what is no text")
        forms[name] = (*forms.get(name, ()), text)
    files = tuple(UploadedFile(name=_shown(name), data=data) for name, data in collector.files if name or data)
    return forms, files


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as problem:
        raise FormError("a value is not UTF-8") from problem


def _shown(name: bytes) -> str:
    last = name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return "".join(char if char.isprintable() else "?" for char in last)[-_NAME_SHOWN:]


def _collected(media_type: bytes, body: bytes, collector: "_Collector") -> "_Collector":
    boundary = parse_options_header(media_type)[1].get(b"boundary")
    if not boundary:
        raise FormError("multipart/form-data without a boundary")
    parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]  # its TypedDict asks for all
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as problem:
        raise FormError("the multipart body is malformed") from problem
    if not collector.ended:
        raise FormError("the multipart body ends too early")
    return collector


class _Collector:
    """Gathers what the streaming parser calls out: at most `most` parts, files only where they are asked for."""

    def __init__(self, most: int, *, files: bool = False) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.files: list[tuple[bytes, bytes]] = []
        self._most = most
        self._takes_files = files
        self.ended = False
        self._header: list[bytes] = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._value = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._more_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._more_header(1, data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finished,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._value = bytearray()

    def _more_header(self, which: int, data: bytes) -> None:
        self._header[which] += data

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise FormError("a part has no name")
        if b"filename" in options and not self._takes_files:
            raise FormError("files are not taken here")
        if len(self.pairs) + len(self.files) >= self._most:
            raise FormError(f"there are more than {self._most} fields")
        if b"filename" in options:
            self.files.append((options[b"filename"], bytes(self._value)))
        else:
            self.pairs.append((name, bytes(self._value)))

    def _finished(self) -> None:
        self.ended = True
