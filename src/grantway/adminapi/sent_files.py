"""Files in the body of a request: a zip, or a form with files (multipart/form-data)."""

from typing import Any, Final

from grantway.adminapi.ask import BadRequest
from grantway.kit.form import FormError
from grantway.kit.http import Call
from grantway.kit.multipart import is_multipart, multipart_form

_ZIP: Final = b"application/zip"
_PARTS: Final = 200
_FILE: Final = {"type": "string", "format": "binary"}
CONTENT: Final[dict[str, dict[str, Any]]] = {
    _ZIP.decode(): {"schema": _FILE},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"files": {"type": "array", "items": _FILE, "minItems": 1, "maxItems": _PARTS}},
            "required": ["files"],
        }
    },
}
"""What the description says of them."""


def files_of(call: Call) -> tuple[tuple[str, bytes], ...] | None:
    """Return names and contents of what was sent; None where the body is neither a zip nor a form with files.

    Raises:
        BadRequest: a form that cannot be read.
    """
    media_type = call.header(b"content-type") or b""
    if media_type.partition(b";")[0].strip().lower() == _ZIP:
        return (("upload.zip", call.body),)
    if not is_multipart(media_type):
        return None
    try:
        _, files = multipart_form(media_type, call.body, most=_PARTS)
    except FormError as problem:
        raise BadRequest.at("body", str(problem)) from None
    return tuple((file.name, file.data) for file in files)
