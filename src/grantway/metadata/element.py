"""One element of a metadata file, as a record that can always be written again."""

import re
from dataclasses import dataclass, field
from typing import Final

from grantway.metadata.problem import MetadataProblem

NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
NIL: Final = f"{{{XSI}}}nil"
TYPE: Final = f"{{{XSI}}}type"

BLANKS: Final = " \t\r\n"
"""What XML calls white space; other blanks are text like any other."""

_NAME: Final = re.compile(r"(\{[!#-;=?-\[\]_a-z~]+\})?[A-Za-z_][A-Za-z0-9_.-]*")
_NO_TEXT: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: a leaf with text, or a group with children in the order of the file.

    - `name`: plain if it belongs to Salesforce's namespace (or to none), else `{namespace}name`.
    - `text`: exactly as written, without comments; a group has none, for the blanks between its children are layout.
    - `attributes`: pairs of name and value, sorted; their order means nothing in XML.
    - `line`: where it stood, 0 if it came from no file; says nothing about equality.

    Text and attributes are left out of `repr`, because they may be secrets. MetadataProblem for what XML cannot carry.
    """

    name: str
    text: str = field(default="", repr=False)
    children: tuple["Element", ...] = field(default=(), repr=False)
    attributes: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    line: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        line = self.line or None
        if not _NAME.fullmatch(self.name) or self.name.startswith(f"{{{XML}}}"):
            raise MetadataProblem("an element has a name that no metadata has: letters, digits and _ are used.", line)
        if self.text and self.children:
            raise MetadataProblem(f"<{self.name}> holds both text and elements.", line)
        if _NO_TEXT.search(self.text):
            raise MetadataProblem(f"<{self.name}> holds a character that XML cannot carry.", line)
        for name, value in self.attributes:
            if not _NAME.fullmatch(name) or _NO_TEXT.search(value):
                raise MetadataProblem(f"<{self.name}> has an attribute that no metadata has.", line)

    @property
    def is_nil(self) -> bool:
        """Whether the file says that there is no value (`xsi:nil`), which is not the same as an empty one."""
        return any(name == NIL and value.strip(BLANKS) in ("true", "1") for name, value in self.attributes)
