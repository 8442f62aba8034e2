"""A metadata file as a value: read, asked, changed and written without losing what nobody here knows (decision 18).

Paths are element names joined by `/`, below the root: `oauthConfig/callbackUrl`. A name may bear a position among its
namesakes, counted from 1: `attributes[2]/key`. Names match exactly; an element of another namespace is
`{namespace}name`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from grantway.kit.xml import DEPTH_LIMIT, XmlProblem, parse
from grantway.metadata.element import BLANKS, NAMESPACE, NIL, TYPE, XSD, Element
from grantway.metadata.layout import laid_out
from grantway.metadata.problem import MetadataProblem

if TYPE_CHECKING:  # slow to import, and most servers meet no XML
    from lxml import etree

SECRETS: Final = frozenset({"consumersecret", "signingkey", "password", "serviceaccount"})
"""Elements that are never written unless asked for (connected-apps.md 1.16, 1.20); compared without case."""

_STEP: Final = re.compile(r"((?:\{[^{}]*\})?[^/\[\]{}]+)(?:\[([1-9][0-9]{0,5})\])?(?:/|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataDocument:
    """A whole file. Two are equal if they say the same, however they were laid out."""

    root: Element

    def __post_init__(self) -> None:
        line = self.root.line or None
        if self.root.name.startswith("{"):
            raise MetadataProblem(f"this is no Salesforce metadata: the root element is not in {NAMESPACE}.", line)
        if self.root.text:
            raise MetadataProblem(f"<{self.root.name}> holds text where its settings should be.", line)

    @property
    def type(self) -> str:
        """The name of the root element, such as `ConnectedApp`."""
        return self.root.name


def read(data: bytes) -> MetadataDocument:
    """Return the document in `data`. Raises MetadataProblem, with the line, if it is none."""
    try:
        root = parse(data)
    except XmlProblem as problem:
        raise MetadataProblem(problem.text, problem.line) from None
    return MetadataDocument(root=_element(root, is_root=True))


def write(document: MetadataDocument, *, secrets: bool = False) -> bytes:
    """Return the file in Salesforce's layout; without consumer secrets, push keys and passwords unless `secrets`."""
    return laid_out(document.root if secrets else _without_secrets(document.root))


def without_secrets(document: MetadataDocument) -> MetadataDocument:
    """Return the document without the elements that hold secrets, wherever they stand."""
    return replace(document, root=_without_secrets(document.root))


def values(document: MetadataDocument, path: str) -> tuple[str, ...]:
    """Return the texts of all elements at `path`, in order; groups and elements that say `xsi:nil` have none."""
    return tuple(e.text for e in _found(document, path) if not e.children and not e.is_nil)


def value(document: MetadataDocument, path: str) -> str | None:
    """Return the text of the first element at `path` that has one, or None."""
    return next(iter(values(document, path)), None)


def has(document: MetadataDocument, path: str) -> bool:
    """Tell whether an element, leaf or group, stands at `path`; one that says `xsi:nil` does not count."""
    return any(not element.is_nil for element in _found(document, path))


def count(document: MetadataDocument, path: str) -> int:
    """Return how many elements stand at `path`, for walking through groups by position."""
    return sum(1 for _ in _found(document, path))


def line_of(document: MetadataDocument, path: str) -> int | None:
    """Return the line of the first element at `path`; None if there is none or the document came from no file."""
    return next((element.line or None for element in _found(document, path)), None)


def paths(document: MetadataDocument) -> tuple[str, ...]:
    """Return the path of every leaf (element without elements), in order; each names that one element only.

    Namesakes bear positions, an only one bears none: `oauthConfig/scopes[2]`, `label`. Empty leaves are named too.
    """
    return tuple(_leaf_paths(document.root, ""))


def unnumbered(path: str) -> str:
    """Return `path` without positions: what settings are declared by."""
    return "/".join(name for name, _ in _steps(path))


def replaced(document: MetadataDocument, path: str, values: Sequence[str] | None) -> MetadataDocument:
    """Return the document with exactly `values` at `path`, one element each; None or none takes the elements away.

    Elements that are there keep their places and attributes, more of the same follow them. Where there is none yet, it
    and the groups it needs go where Salesforce's retrieve puts them: alphabetically, `fullName` first. Taking elements
    away leaves the group around them; a path that names a group takes the group away.

    ValueError if the path is ambiguous (a group on the way has namesakes: say which), skips a position, or would put
    text in the place of a group. MetadataProblem if XML cannot carry a value, or text of the file is in the way.
    """
    return replace(document, root=_replaced(document.root, _steps(path), tuple(values or ()), path))


def merged(older: MetadataDocument, newer: MetadataDocument) -> MetadataDocument:
    """Return `newer`, with what only `older` has: for files of which each says a part.

    Groups that stand once in both are merged; of everything else that both have, the newer counts.
    """
    return replace(newer, root=_merged(older.root, newer.root))


def to_json(document: MetadataDocument, *, secrets: bool = False) -> list[Any]:
    """Return the document as JSON to be stored: `[name, text or list of children]`, then attributes if there are any.

    Secrets are left out unless asked for, as in `write`; everything else comes back from `from_json`, except lines.
    """
    return _to_json(document.root if secrets else _without_secrets(document.root))


def from_json(stored: Any) -> MetadataDocument:
    """Return the document that `to_json` gave. MetadataProblem if `stored` is none."""
    return MetadataDocument(root=_from_json(stored, 1))


def _merged(older: Element, newer: Element) -> Element:
    if not newer.children:
        return newer if newer.text or newer.is_nil else replace(older, attributes=newer.attributes)
    names = Counter(child.name for child in (*older.children, *newer.children))
    before = {child.name: child for child in older.children}
    children = [
        _merged(before[child.name], child)
        if child.children and names[child.name] == 2 and child.name in before and before[child.name].children
        else child
        for child in newer.children
    ]
    for child in older.children:
        if not any(child.name == other.name for other in newer.children):
            place = sum(1 for other in children if _retrieve_order(other.name) <= _retrieve_order(child.name))
            children.insert(place, child)
    return replace(newer, children=tuple(children))


def _element(node: "etree._Element", *, is_root: bool = False) -> Element:
    children = tuple(_element(child) for child in node)
    text = node.text or ""
    if children or is_root:
        for between in (text, *(child.tail or "" for child in node)):
            if between.strip(BLANKS):
                raise MetadataProblem(f"text stands between the elements of <{_name(node.tag)}>.", _line(node))
        text = ""
    return Element(
        name=_name(node.tag),
        text=text,
        children=children,
        attributes=tuple(sorted((str(name), _attribute(node, str(name))) for name in node.attrib)),
        line=_line(node),
    )


def _line(node: "etree._Element") -> int:
    line: Any = node.sourceline  # lxml's stubs leave its type open
    return line or 0


def _name(tag: str) -> str:
    return tag.removeprefix(f"{{{NAMESPACE}}}")


def _attribute(node: "etree._Element", name: str) -> str:
    """Return an attribute's value; a type's prefix becomes the usual one, since the file's own is forgotten."""
    value = str(node.attrib[name])
    prefix, colon, local = value.partition(":")
    return f"xsd:{local}" if name == TYPE and colon and node.nsmap.get(prefix) == XSD else value


def _without_secrets(element: Element) -> Element:
    kept = tuple(_without_secrets(c) for c in element.children if c.name.rpartition("}")[2].lower() not in SECRETS)
    return element if kept == element.children else replace(element, children=kept)


def _steps(path: str) -> list[tuple[str, int | None]]:
    steps, at = [], 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            break
        steps.append((match[1], int(match[2]) if match[2] else None))
        at = match.end()
    if at < len(path) or not steps or path.endswith("/"):
        raise ValueError(f"{path!r} is no path of a metadata document")
    return steps


def _found(document: MetadataDocument, path: str) -> Iterator[Element]:
    found: Iterable[Element] = (document.root,)
    for name, position in _steps(path):
        found = [child for parent in found for child in _named(parent, name, position)]
    return iter(found)


def _named(parent: Element, name: str, position: int | None) -> list[Element]:
    namesakes = [child for child in parent.children if child.name == name]
    return namesakes if position is None else namesakes[position - 1 : position]


def _leaf_paths(parent: Element, above: str) -> Iterator[str]:
    namesakes = Counter(child.name for child in parent.children)
    seen: Counter[str] = Counter()
    for child in parent.children:
        seen[child.name] += 1
        here = f"{above}{child.name}" + (f"[{seen[child.name]}]" if namesakes[child.name] > 1 else "")
        if child.children:
            yield from _leaf_paths(child, f"{here}/")
        else:
            yield here


def _replaced(parent: Element, steps: list[tuple[str, int | None]], values: tuple[str, ...], path: str) -> Element:
    (name, position), below = steps[0], steps[1:]
    at = [index for index, child in enumerate(parent.children) if child.name == name]
    if position is not None:
        if values and position > len(at) + 1:
            raise ValueError(f"{path}: there are only {len(at)} of {name} yet")
        if not below and len(values) > 1:
            raise ValueError(f"{path}: one position takes one value")
        chosen = at[position - 1 : position]
    else:
        chosen = at
    if not below:
        return _with_leaves(parent, name, at, chosen, values, path)
    if len(chosen) > 1:
        raise ValueError(f"{path}: there are {len(chosen)} of {name}; say which")
    if chosen:
        child = parent.children[chosen[0]]
        changed = _replaced(child, below, values, path)
        if changed == child:
            return parent
        return _with_children(parent, (*parent.children[: chosen[0]], changed, *parent.children[chosen[0] + 1 :]))
    if not values:
        return parent
    return _with_new(parent, at, [_replaced(Element(name=name), below, values, path)])


def _with_leaves(
    parent: Element, name: str, at: list[int], chosen: list[int], values: tuple[str, ...], path: str
) -> Element:
    """Give the `chosen` ones of the elements `at` the first values, take away those left over, add what is missing."""
    texts = dict(zip(chosen, values, strict=False))
    if any(parent.children[index].children for index in texts):
        raise ValueError(f"{path}: {name} is a group and takes no text")
    gone = set(chosen) - set(texts)
    children = tuple(
        _with_text(child, texts[index]) if index in texts else child
        for index, child in enumerate(parent.children)
        if index not in gone
    )
    changed = parent if children == parent.children else _with_children(parent, children)
    if extra := values[len(chosen) :]:
        changed = _with_new(changed, at, [Element(name=name, text=text) for text in extra])
    return changed


def _with_text(leaf: Element, text: str) -> Element:
    if leaf.text == text and not leaf.is_nil:
        return leaf
    return replace(leaf, text=text, attributes=_not_nil(leaf))


def _with_new(parent: Element, namesakes: list[int], new: list[Element]) -> Element:
    """Put `new`, all of one name, behind their namesakes, or else where the alphabet wants them."""
    if namesakes:
        place = namesakes[-1] + 1
    else:
        key = _retrieve_order(new[0].name)
        smaller = [i for i, child in enumerate(parent.children) if _retrieve_order(child.name) <= key]
        place = smaller[-1] + 1 if smaller else 0
    return _with_children(parent, (*parent.children[:place], *new, *parent.children[place:]))


def _retrieve_order(name: str) -> tuple[bool, str]:
    return (name != "fullName", name)


def _with_children(parent: Element, children: tuple[Element, ...]) -> Element:
    if parent.text.strip(BLANKS):
        raise MetadataProblem(f"<{parent.name}> holds text, so it cannot hold elements.", parent.line or None)
    return replace(parent, text="", children=children, attributes=_not_nil(parent))


def _not_nil(element: Element) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in element.attributes if pair[0] != NIL)


def _to_json(element: Element) -> list[Any]:
    content: Any = [_to_json(child) for child in element.children] if element.children else element.text
    return [element.name, content, dict(element.attributes)] if element.attributes else [element.name, content]


def _from_json(stored: Any, depth: int) -> Element:
    match stored:
        case [str(name), str(text)]:
            return Element(name=name, text=text)
        case [str(name), list(children)] if children and depth < DEPTH_LIMIT:
            return Element(name=name, children=tuple(_from_json(child, depth + 1) for child in children))
        case [str(name), (str() | list()) as content, dict(attributes)] if attributes:
            if not all(isinstance(part, str) for pair in attributes.items() for part in pair):
                raise MetadataProblem("the stored document is damaged.")
            return replace(_from_json([name, content], depth), attributes=tuple(sorted(attributes.items())))
        case _:
            raise MetadataProblem("the stored document is damaged.")
