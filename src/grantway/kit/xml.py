"""The one gate through which foreign XML comes in: metadata files and SAML messages (security.md S44).

Two parsers read every document. Expat goes first and builds nothing: it stops at the first thing that is not allowed,
before an entity could be expanded or a tree could grow. Only what it let through becomes a tree, by lxml. Both read
the same text, decoded here, so that they cannot disagree about the encoding.

Not allowed are document type declarations (and with them every entity of one's own), processing instructions, and more
than the caps below. Comments are left out of the tree, the text around one is joined; who parses may refuse them.
"""

import codecs
import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:  # slow to import, and most servers meet no XML
    from lxml import etree

SIZE_LIMIT: Final = 5_000_000
"""Bytes of one document (decision 12)."""
DEPTH_LIMIT: Final = 32
ELEMENT_LIMIT: Final = 50_000
ATTRIBUTE_LIMIT: Final = 64
"""Attributes of one element, namespace declarations among them."""
ATTRIBUTES_LIMIT: Final = 20_000
"""Attributes of all elements together."""

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NO_BOM: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_UTF_32: Final = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"<\x00\x00\x00", b"\x00\x00\x00<")
_CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16",
    "utf-16be": "utf-16",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
_DECLARED: Final = re.compile(r"""<\?xml\s[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,30})["']""")

_WORDS: Final = {
    expat.errors.XML_ERROR_NO_ELEMENTS: "the file ends before its XML does. Is it empty or cut off?",
    expat.errors.XML_ERROR_UNCLOSED_TOKEN: "a tag begins here and never ends.",
    expat.errors.XML_ERROR_TAG_MISMATCH: "this closing tag does not belong to the element that is open.",
    expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "an attribute stands twice in one tag.",
    expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "something stands after the end of the document.",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "an entity is used that XML does not have. Write the character itself.",
    expat.errors.XML_ERROR_BAD_CHAR_REF: "a character reference names no character that XML has.",
    expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION: "a CDATA section begins here and never ends.",
    expat.errors.XML_ERROR_MISPLACED_XML_PI: "the XML declaration must be the very first thing in the file.",
    expat.errors.XML_ERROR_INVALID_TOKEN: "this is not well-formed XML. Often a bare & or <, or a control character.",
}


class XmlProblem(Exception):
    """A document cannot be taken.

    `text` is a sentence for the administrator and quotes nothing but names; `line` is the line it is about, counted
    from 1, or None where no single line is.
    """

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text if line is None else f"line {line}: {text}")
        self.text = text
        self.line = line


def parse(data: bytes, *, limit: int = SIZE_LIMIT, comments: bool = True) -> "etree._Element":
    """Return the root of the document in `data`, without comments.

    Args:
        data: the document, in one of the encodings that are read.
        limit: how many bytes it may have.
        comments: whether it may have any. In what is signed none are taken: a signature may hold with and without them.

    Raises:
        XmlProblem: nothing else, with the line it is about wherever there is one.
    """
    from lxml import etree

    if len(data) > limit:
        raise XmlProblem(f"the file has {len(data):,} bytes; at most {limit:,} are read.")
    text = _decoded(data)
    _Inspection(comments=comments).run(text)
    # lxml gets UTF-8 whatever the file said, and is told so: a declaration in the text cannot change it.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise XmlProblem(f"this is not well-formed XML ({_first_words(error)}).", error.lineno) from None
    if root.getroottree().docinfo.internalDTD is not None:  # both parsers would have to be wrong
        raise XmlProblem("a document type declaration is not allowed.")
    return root


def _decoded(data: bytes) -> str:
    """Decode a document by the rules of XML 1.0, appendix F: byte order mark, else first bytes, else declaration."""
    if data.startswith(_UTF_32):
        raise XmlProblem("the file is in UTF-32. Save it as UTF-8.", 1)
    bom, codec = next(((mark, codec) for mark, codec in _BOMS if data.startswith(mark)), (b"", ""))
    if not codec:
        codec = next((codec for start, codec in _NO_BOM if data.startswith(start)), "")
    head = data[len(bom) : len(bom) + 400].decode(codec or "latin-1", errors="replace")
    match = _DECLARED.match(head)
    declared = match.group(1) if match else ""
    said = _CODECS.get(declared.lower(), "") if declared else codec or "utf-8"
    if not said:
        raise XmlProblem(f"the encoding {declared} is not read here. Save the file as UTF-8.", 1)
    if codec.startswith("utf-16") != said.startswith("utf-16") or (bom and codec == "utf-8" and said != "utf-8"):
        raise XmlProblem(f"the file says it is in {declared or 'UTF-8'}, but it is not. Save it as UTF-8.", 1)
    try:
        return data[len(bom) :].decode(codec or said)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start + len(bom)) + 1
        raise XmlProblem(f"a byte is no text in {declared or 'UTF-8'}. Save the file as UTF-8.", line) from None


class _Inspection:
    """One pass over a text that builds nothing and raises XmlProblem at the first thing that is not allowed."""

    def __init__(self, *, comments: bool) -> None:
        self._depth = 0
        self._elements = 0
        self._attributes = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction
        if not comments:
            self._parser.CommentHandler = self._comment
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.ordered_attributes = True

    def run(self, text: str) -> None:
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            reason = expat.errors.messages[error.code]
            words = _WORDS.get(reason, f"this is not well-formed XML ({reason}).")
            raise XmlProblem(words, error.lineno) from None

    def _refuse(self, text: str) -> XmlProblem:
        return XmlProblem(text, self._parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise self._refuse("a document type declaration (DOCTYPE) is not allowed. Take it out.")

    def _instruction(self, target: str, _: str) -> None:
        raise self._refuse(f"the processing instruction <?{target[:40]} …?> is not allowed. Take it out.")

    def _comment(self, _: str) -> None:
        raise self._refuse("a comment is not allowed here. Take it out.")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._elements += 1
        here = len(attributes) // 2
        self._attributes += here
        if self._depth > DEPTH_LIMIT:
            raise self._refuse(f"elements are nested more than {DEPTH_LIMIT} deep.")
        if self._elements > ELEMENT_LIMIT:
            raise self._refuse(f"the file has more than {ELEMENT_LIMIT:,} elements.")
        if here > ATTRIBUTE_LIMIT:
            raise self._refuse(f"the element <{name[:40]}> has more than {ATTRIBUTE_LIMIT} attributes.")
        if self._attributes > ATTRIBUTES_LIMIT:
            raise self._refuse(f"the file has more than {ATTRIBUTES_LIMIT:,} attributes.")

    def _end(self, _: str) -> None:
        self._depth -= 1


def _first_words(error: "etree.XMLSyntaxError") -> str:
    """What lxml found, without the position it adds (that is told apart) and without a flood."""
    return (error.msg or "no reason given").split(", line ", 1)[0][:160]
