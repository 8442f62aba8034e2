"""Documents written as Salesforce's own retrieve writes them, so that a file that came from it comes out unchanged."""

from typing import Final

from grantway.metadata.element import NAMESPACE, TYPE, XML, XSD, XSI, Element

_TEXT: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#xd;"},
)
_ATTRIBUTE: Final = _TEXT | str.maketrans({"\n": "&#xa;", "\t": "&#x9;"})
_PREFIXES: Final = {XML: "xml", XSI: "xsi"}


def laid_out(root: Element) -> bytes:
    """Return the file whose root is `root`: UTF-8, LF, four blanks a level, and nothing left out."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    declared = [f'xmlns="{NAMESPACE}"']
    if _uses(root, XSI):
        declared.append(f'xmlns:xsi="{XSI}"')
    if _uses_schema_types(root):
        declared.append(f'xmlns:xsd="{XSD}"')
    opening = " ".join([root.name, *declared, *_attributes(root)])
    if root.children:
        lines.append(f"<{opening}>")
        for child in root.children:
            _lay_out(child, 1, NAMESPACE, lines)
        lines.append(f"</{root.name}>")
    else:
        lines.append(f"<{opening}/>")
    return ("\n".join(lines) + "\n").encode()


def _lay_out(element: Element, depth: int, around: str, lines: list[str]) -> None:
    """Append the lines of `element`, which stands where `around` is the default namespace."""
    indent = "    " * depth
    namespace, name = _split(element.name, NAMESPACE)
    declared = [] if namespace == around else [f'xmlns="{_attribute(namespace)}"']
    opening = " ".join([name, *declared, *_attributes(element)])
    if element.children:
        lines.append(f"{indent}<{opening}>")
        for child in element.children:
            _lay_out(child, depth + 1, namespace, lines)
        lines.append(f"{indent}</{name}>")
    elif element.is_nil and not element.text:
        lines.append(f"{indent}<{opening}/>")
    else:
        lines.append(f"{indent}<{opening}>{element.text.translate(_TEXT)}</{name}>")


def _attributes(element: Element) -> list[str]:
    written: list[str] = []
    for number, (full_name, value) in enumerate(element.attributes):
        namespace, name = _split(full_name, "")
        if namespace:
            prefix = _PREFIXES.get(namespace, "")
            if not prefix:
                prefix = f"a{number}"
                written.append(f'xmlns:{prefix}="{_attribute(namespace)}"')
            name = f"{prefix}:{name}"
        written.append(f'{name}="{_attribute(value)}"')
    return written


def _attribute(value: str) -> str:
    return value.translate(_ATTRIBUTE)


def _split(name: str, without: str) -> tuple[str, str]:
    """Part `{namespace}name`; a plain name belongs to the namespace `without`."""
    if name.startswith("{"):
        namespace, _, local = name[1:].rpartition("}")
        return namespace, local
    return without, name


def _uses(element: Element, namespace: str) -> bool:
    return any(_split(name, "")[0] == namespace for name, _ in element.attributes) or any(
        _uses(child, namespace) for child in element.children
    )


def _uses_schema_types(element: Element) -> bool:
    return any(name == TYPE and value.startswith("xsd:") for name, value in element.attributes) or any(
        _uses_schema_types(child) for child in element.children
    )
