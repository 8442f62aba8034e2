"""Text fields of multipart/form-data, which Salesforce's CLI and Postman send to the token endpoint (decision 16)."""

from collections.abc import Mapping
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from grantway.kit.form import MAX_FIELDS, FormError, fields_of

_TYPE: Final = b"multipart/form-data"


def is_multipart(media_type: bytes) -> bool:
    """Tell whether a Content-Type is multipart/form-data."""
    return media_type[: len(_TYPE)].lower() == _TYPE


def multipart_fields(media_type: bytes, body: bytes) -> Mapping[str, str]:
    """Return the text fields of a multipart body.

    Raises:
        FormError: malformed, a file part, too many fields, not UTF-8, or a field given twice.
    """
    boundary = parse_options_header(media_type)[1].get(b"boundary")
    if not boundary:
        raise FormError("multipart/form-data without a boundary")
    collector = _Collector()
    parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]  # its TypedDict asks for all
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as problem:
        raise FormError("the multipart body is malformed") from problem
    if not collector.ended:
        raise FormError("the multipart body ends too early")
    try:
        pairs = [(name.decode(), value.decode()) for name, value in collector.pairs]
    except UnicodeDecodeError as problem:
        raise FormError("a value is not UTF-8") from problem
    return fields_of(pairs)


class _Collector:
    """Gathers what the streaming parser calls out."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.ended = False
        self._header: list[bytes] = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._value = b""

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
        self._value = b""

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
        if b"filename" in options:
            raise FormError("files are not taken here")
        if len(self.pairs) >= MAX_FIELDS:
            raise FormError(f"there are more than {MAX_FIELDS} fields")
        self.pairs.append((name, self._value))

    def _finished(self) -> None:
        self.ended = True
