"""The documentation names files and links to headings: each of them must be there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
# In the map of the code, paths begin at the package.
_BEGINNINGS = (ROOT, ROOT / "src" / "grantway")
_FILE = re.compile(r"`((?:[\w.*-]+/)+[\w*-]+\.py|(?:docs|tests|src|bench|scripts)/[\w./-]*)`")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NO_PART_OF_AN_ANCHOR = re.compile(r"[^\w\- ]")


def anchors(document: Path) -> set[str]:
    """Return what links into a document may name: its headings, as GitHub writes them."""
    headings = _HEADING.findall(document.read_text(encoding="utf-8"))
    return {_NO_PART_OF_AN_ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    named = _FILE.findall(document.read_text(encoding="utf-8"))

    assert [path for path in named if not any(list(start.glob(path)) for start in _BEGINNINGS)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(document: Path) -> None:
    broken = []
    for target, anchor in _LINK.findall(document.read_text(encoding="utf-8")):
        file = document.parent / target if target else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{target}#{anchor}")

    assert broken == []


def test_the_map_of_the_code_names_files() -> None:
    """The patterns above find what they are for."""
    assert len(_FILE.findall((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))) > 20


def test_the_readme_leads_to_every_document() -> None:
    readme = ROOT / "README.md"
    linked = {(ROOT / target).resolve() for target, _ in _LINK.findall(readme.read_text(encoding="utf-8"))}

    assert [path for path in DOCUMENTS if path != readme and not {path, path.parent} & linked] == []
