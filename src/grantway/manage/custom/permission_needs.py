"""What the file of a custom permission says beyond its label: what it requires, and whether it is licensed (1.17)."""

from typing import Final

import msgspec

from grantway.domain.custom import CustomPermission
from grantway.metadata.document import MetadataDocument, count, from_json, replaced, to_json, value
from grantway.metadata.element import Element

PERMISSION: Final = "CustomPermission"
_GROUP: Final = "requiredPermission"


def document_of(permission: CustomPermission) -> MetadataDocument:
    """Return the file that is kept of a custom permission; an empty one where it was not imported."""
    if not permission.metadata:
        return MetadataDocument(root=Element(name=PERMISSION))
    return from_json(msgspec.json.decode(permission.metadata))


def required_of(permission: CustomPermission) -> tuple[str, ...]:
    """Return the API names of the custom permissions that whoever gives this one must give too, in the file's order."""
    return tuple(name for name, required in _entries(document_of(permission)) if required)


def is_licensed(permission: CustomPermission) -> bool:
    """Tell whether its file says that a license of its publisher is needed; nothing here changes that."""
    return (value(document_of(permission), "isLicensed") or "").strip() == "true"


def with_required(permission: CustomPermission, names: tuple[str, ...]) -> str:
    """Return the metadata of a custom permission that requires exactly these; what else its file names stays."""
    document = document_of(permission)
    other = [name for name, required in _entries(document) if not required and name not in names]
    entries = [*((name, "true") for name in names), *((name, "false") for name in other)]
    document = replaced(document, _GROUP, None)
    for place, (name, required) in enumerate(entries, start=1):
        document = replaced(document, f"{_GROUP}[{place}]/customPermission", [name])
        document = replaced(document, f"{_GROUP}[{place}]/dependency", [required])
    return msgspec.json.encode(to_json(document)).decode() if entries or permission.metadata else ""


def _entries(document: MetadataDocument) -> list[tuple[str, bool]]:
    found = []
    for place in range(1, count(document, _GROUP) + 1):
        name = (value(document, f"{_GROUP}[{place}]/customPermission") or "").strip()
        if name:
            found.append((name, (value(document, f"{_GROUP}[{place}]/dependency") or "").strip() == "true"))
    return found
