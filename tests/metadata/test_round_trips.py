"""Whatever a document holds, writing and storing it loses nothing; whatever bytes come, reading them ends well."""

import contextlib
import json
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from grantway.metadata.archive import read_archive
from grantway.metadata.document import (
    MetadataDocument,
    from_json,
    paths,
    read,
    replaced,
    to_json,
    unnumbered,
    value,
    values,
    write,
)
from grantway.metadata.element import NIL, TYPE, Element
from grantway.metadata.problem import MetadataProblem

NAMES = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_letters + "_"),
    st.text(alphabet=string.ascii_letters + string.digits + "_.-", max_size=8),
) | st.sampled_from(["label", "scopes", "fullName", "consumerSecret", "oauthConfig"])
FULL_NAMES = NAMES | NAMES.map(lambda name: "{urn:other:1}" + name)
TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]).filter(
        lambda c: c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")
    ),
    max_size=20,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["a", "b", NIL, "{urn:a}x", "{urn:b}x", "{http://www.w3.org/XML/1998/namespace}lang"]),
    TEXTS,
    max_size=3,
).map(lambda found: tuple(sorted(found.items()))) | st.just(((TYPE, "xsd:string"),))


def leaves(text: st.SearchStrategy[str]) -> st.SearchStrategy[Element]:
    return st.builds(Element, name=FULL_NAMES, text=text, attributes=ATTRIBUTES)


def groups(children: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    several = st.lists(children, min_size=1, max_size=4).map(tuple)
    return st.builds(Element, name=FULL_NAMES, children=several, attributes=ATTRIBUTES)


ROOTS = st.builds(
    Element,
    name=NAMES,
    children=st.lists(st.recursive(leaves(TEXTS), groups, max_leaves=8), max_size=4).map(tuple),
    attributes=ATTRIBUTES,
)
DOCUMENTS = st.builds(MetadataDocument, root=ROOTS)
PLAIN_PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@settings(deadline=None)  # other tests may hold the processor
@given(DOCUMENTS)
def test_what_is_written_is_read_again(document: MetadataDocument) -> None:
    once = write(document, secrets=True)

    assert read(once) == document
    assert write(read(once), secrets=True) == once


@settings(deadline=None)  # other tests may hold the processor
@given(DOCUMENTS)
def test_what_is_stored_is_found_again(document: MetadataDocument) -> None:
    assert from_json(json.loads(json.dumps(to_json(document, secrets=True)))) == document


@settings(deadline=None)  # other tests may hold the processor
@given(DOCUMENTS)
def test_every_leaf_path_leads_to_one_leaf(document: MetadataDocument) -> None:
    found = paths(document)

    assert len(set(found)) == len(found)
    for path in found:
        assert len(values(document, path)) <= 1
        if (text := value(document, path)) is not None:
            assert replaced(document, path, [text]) == document
            assert text in values(document, unnumbered(path))


@settings(deadline=None)  # other tests may hold the processor
@given(PLAIN_PATHS, st.lists(TEXTS, max_size=4), DOCUMENTS)
def test_what_is_put_at_a_path_is_found_there(path: str, texts: list[str], document: MetadataDocument) -> None:
    with contextlib.suppress(ValueError, MetadataProblem):  # ambiguous, or something of the file is in the way
        changed = replaced(document, path, texts)
        assert values(changed, path) == tuple(texts)
        assert read(write(changed, secrets=True)) == changed


@settings(deadline=None)  # other tests may hold the processor
@given(
    st.binary(max_size=200)
    | DOCUMENTS.map(write).flatmap(lambda data: st.integers(0, len(data)).map(lambda n: data[:n]))
)
def test_any_bytes_give_a_document_or_a_metadata_problem(data: bytes) -> None:
    with contextlib.suppress(MetadataProblem):
        document = read(data)
        assert read(write(document, secrets=True)) == document


@settings(deadline=None)  # other tests may hold the processor
@given(st.binary(max_size=200).map(b"PK\x03\x04".__add__))
def test_any_bytes_give_an_archive_or_a_metadata_problem(data: bytes) -> None:
    with contextlib.suppress(MetadataProblem):
        read_archive(data)
