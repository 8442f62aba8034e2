"""Reads a rendered page back, as a browser's parser would: its elements, their attributes and their text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from grantway.pages import Page, render

_VOID = frozenset({"meta", "link", "input", "path", "circle", "rect", "image", "br", "img"})


@dataclass(slots=True)
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass(slots=True)
class Document:
    elements: list[Element] = field(default_factory=list)

    def by_id(self, wanted: str) -> Element:
        """The one element with this id."""
        (found,) = (element for element in self.elements if element.attributes.get("id") == wanted)
        return found

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def fields(self) -> dict[str, str | None]:
        """What the page's inputs are called and hold."""
        return {str(one.attributes["name"]): one.attributes.get("value") for one in self.all("input")}

    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """The page without its words: what a value must never be able to change."""
        return [(element.tag, tuple(element.attributes)) for element in self.elements]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.document.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.document.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def document(page: Page) -> Document:
    """The page, rendered and read back; unbalanced tags fail the test."""
    reader = _Reader()
    reader.feed(render(page).decode())
    reader.close()
    assert not reader._open, "a tag was left open"
    return reader.document
