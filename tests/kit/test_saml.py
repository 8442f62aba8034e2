"""The gate for SAML messages: one assertion, one signature over it, and nothing else is ever read (S44)."""

import base64
import contextlib
import copy
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from grantway.kit.saml import ASSERTION, RESPONSE, TEXT_LIMIT, SamlRefused, opened
from grantway.protocol.saml import Statement, read_statement
from tests.endpoints.saml_signer import encoded, file, signed_by
from tests.endpoints.signer import signer
from tests.kit.test_xml import LAUGHS

pytestmark = pytest.mark.requirement("S44")

DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
CERTIFICATE = file("signer.crt").decode()
Node = etree._Element
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=30),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?Z", fullmatch=True),
)
TAGS = st.sampled_from(["Issuer", "Subject", "NameID", "Conditions", "SubjectConfirmation", "AudienceRestriction"])


def read(xml: bytes, root: str = ASSERTION) -> Statement:
    """Let a message through the gate, and say what it says."""
    return read_statement(opened(encoded(xml), root=root, strict=True).verified(CERTIFICATE))


def why(xml: bytes, root: str = ASSERTION) -> str:
    """Return why a message is not taken."""
    with pytest.raises(SamlRefused) as caught:
        read(xml, root)
    return str(caught.value)


def tree(name: str) -> Node:
    """Return a message that xmlsec1 signed, to be meddled with."""
    return etree.fromstring(file(f"{name}.xml"))


def found(node: Node, tag: str) -> Node:
    """Return the first element of a name."""
    element = next(node.iter(tag))
    assert isinstance(element, etree._Element)
    return element


def evil(node: Node, *, signature: bool = False) -> Node:
    """Return a copy of an element that names somebody else, under an ID of its own."""
    forged = copy.deepcopy(node)
    forged.set("ID", "_evil")
    found(forged, SAML + "NameID").text = "admin@harbour.example"
    if not signature:
        for one in list(forged.iter(DS + "Signature")):
            parent = one.getparent()
            assert parent is not None
            parent.remove(one)
    return forged


def bare(node: Node) -> Node:
    """Return a copy without its signature."""
    stripped = copy.deepcopy(node)
    stripped.remove(found(stripped, DS + "Signature"))
    return stripped


def xsw1() -> Node:
    """The signed response inside its own signature, which stands in a forged response."""
    signed = tree("signed_response")
    forged = evil(signed)
    signature = copy.deepcopy(found(signed, DS + "Signature"))
    signature.append(bare(signed))
    forged.insert(1, signature)
    return forged


def xsw2() -> Node:
    """The signed response beside its signature, in a forged response."""
    signed = tree("signed_response")
    forged = evil(signed)
    forged.insert(1, copy.deepcopy(found(signed, DS + "Signature")))
    forged.insert(1, bare(signed))
    return forged


def xsw3() -> Node:
    """A forged assertion before the signed one."""
    message = tree("response")
    message.insert(len(message) - 1, evil(found(message, ASSERTION)))
    return message


def xsw4() -> Node:
    """The signed assertion inside a forged one."""
    message = tree("response")
    signed = found(message, ASSERTION)
    forged = evil(signed)
    message.append(forged)
    forged.append(signed)
    return message


def xsw5() -> Node:
    """A forged assertion with the signature, and the signed one without it behind."""
    message = tree("response")
    signed = found(message, ASSERTION)
    message.append(evil(signed, signature=True))
    message.append(bare(signed))
    message.remove(signed)
    return message


def xsw6() -> Node:
    """A forged assertion with the signature, and the signed one inside that."""
    message = tree("response")
    signed = found(message, ASSERTION)
    forged = evil(signed, signature=True)
    found(forged, DS + "Signature").append(bare(signed))
    message.append(forged)
    message.remove(signed)
    return message


def xsw7() -> Node:
    """A forged assertion in an extension, before the signed one."""
    message = tree("response")
    extensions = etree.Element(PROTOCOL + "Extensions")
    extensions.append(evil(found(message, ASSERTION)))
    message.insert(1, extensions)
    return message


def xsw8() -> Node:
    """A forged assertion with the signature, and the signed one in an object of that."""
    message = tree("response")
    signed = found(message, ASSERTION)
    forged = evil(signed, signature=True)
    holder = etree.SubElement(found(forged, DS + "Signature"), DS + "Object")
    holder.append(bare(signed))
    message.append(forged)
    message.remove(signed)
    return message


def wrapped_assertion() -> Node:
    """As the sixth, for an assertion that comes without a response."""
    signed = tree("bearer")
    forged = evil(signed, signature=True)
    found(forged, DS + "Signature").append(bare(signed))
    return forged


WRAPPINGS: list[Callable[[], Node]] = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8]


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_a_wrapped_signature_never_vouches_for_what_it_did_not_sign(wrap: Callable[[], Node]) -> None:
    assert "assertions, and exactly one is taken" in why(etree.tostring(wrap()), RESPONSE)


def test_nor_does_one_around_an_assertion_without_a_response() -> None:
    assert "2 assertions" in why(etree.tostring(wrapped_assertion()))


@pytest.mark.parametrize("name", ["response", "signed_response"])
def test_an_assertion_in_a_response_may_be_signed_itself_or_with_the_response(name: str) -> None:
    said = read(file(f"{name}.xml"), RESPONSE)

    assert (said.issuer, said.subject) == ("https://idp.example", "ada@harbour.example")


def test_the_signature_of_a_response_does_not_cover_an_assertion_that_took_anothers_place() -> None:
    message = tree("signed_response")
    found(message, SAML + "NameID").text = "admin@harbour.example"

    assert why(etree.tostring(message), RESPONSE) == "it was changed after it was signed"


def test_the_signature_of_an_assertion_says_nothing_of_the_response_around_it() -> None:
    """What stands there is not read; whatever it says, the assertion's own words count."""
    message = tree("response")
    found(message, SAML + "Issuer").text = "https://elsewhere.example"

    assert read(etree.tostring(message), RESPONSE).issuer == "https://idp.example"


def test_a_reference_that_could_mean_two_elements_is_refused() -> None:
    message = tree("response")
    message.set("ID", "_a1")

    assert why(etree.tostring(message), RESPONSE) == "two of its elements have the same ID"
    message.set("ID", "_r1")
    message.set("Id", "_a1")
    assert why(etree.tostring(message), RESPONSE) == "two of its elements have the same ID"


def test_an_unsigned_assertion_and_an_encrypted_one_are_refused() -> None:
    encrypted = b'<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'
    around = b'<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol">' + encrypted + b"</p:Response>"

    assert why(etree.tostring(bare(tree("bearer")))) == "it is not signed"
    assert "encrypted" in why(around, RESPONSE)


def test_a_second_signature_in_the_assertion_is_refused() -> None:
    message = tree("bearer")
    message.append(copy.deepcopy(found(message, DS + "Signature")))

    assert why(etree.tostring(message)) == "it is signed twice in one place"


def test_a_signature_with_an_object_is_refused() -> None:
    message = tree("bearer")
    etree.SubElement(found(message, DS + "Signature"), DS + "Object").text = "more"

    assert why(etree.tostring(message)) == "its signature holds an object"


@pytest.mark.parametrize("comment", [b"<!---->", b"<!-- . -->"])
def test_a_comment_that_cuts_a_name_in_two_is_refused(comment: bytes) -> None:
    """It would not break the signature, since the canonical form has no comments (CVE-2017-11427 and its kin)."""
    cut = file("bearer.xml").replace(b"harbour.example</", b"harbour" + comment + b".example</")

    assert "a comment is not allowed" in why(cut)


@pytest.mark.parametrize("data", [LAUGHS, b"<!DOCTYPE a><a/>", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'])
def test_a_document_type_is_refused_before_anything_is_built(data: bytes) -> None:
    assert "DOCTYPE" in why(data)
    assert "DOCTYPE" in why(file("bearer.xml").replace(b"<saml:Assertion", b"<!DOCTYPE a><saml:Assertion", 1))


def test_what_is_too_long_is_not_decoded_and_what_is_no_base64url_is_told() -> None:
    for text in ("A" * (TEXT_LIMIT + 1), "a b", "\u00e9", "A", "AA+/", "AA==AA"):
        with pytest.raises(SamlRefused):
            opened(text, root=ASSERTION, strict=True)


def test_an_assertion_may_be_laid_out_and_encoded_as_its_signer_likes() -> None:
    again = file("bearer.xml").decode().replace('"1.0"?', '"1.0" encoding="utf-16"?').encode("utf-16")

    assert read(again) == read(file("bearer.xml"))


def test_a_namespace_that_would_fill_the_memory_in_canonical_form_is_refused() -> None:
    """Declared once and used a thousand times, it is written a thousand times, before any key has a say."""
    many = b'<m xmlns:n="urn:' + b"x" * 10_000 + b'">' + b"<n:a/>" * 1000 + b"</m></ds:CanonicalizationMethod>"
    method = b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"'
    message = file("bearer.xml").replace(method + b"/>", method + b">" + many)

    assert why(message) == "a namespace in it has a name of more than 200 characters"


def test_what_grows_beyond_measure_in_canonical_form_is_refused() -> None:
    inside = f'<m xmlns:n="urn:{"x" * 190}">{"<n:a/>" * 1000}</m>'
    message = signed_by(f'<a:Assertion xmlns:a="{SAML[1:-1]}" ID="_1">{inside}</a:Assertion>', signer())

    with pytest.raises(SamlRefused, match="in canonical form"):
        opened(encoded(message), root=ASSERTION, strict=True).verified(signer().certificate)


def test_the_libraries_are_not_loaded_before_a_message_comes() -> None:
    program = "import sys, grantway.app; print({'lxml', 'signxml'} & sys.modules.keys() or 'neither')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "neither"


@given(st.dictionaries(st.sampled_from(["ID", "Version", "IssueInstant"]), TEXT), st.lists(st.tuples(TAGS, TEXT)))
def test_whatever_a_signer_writes_is_read_or_refused(own: dict[str, str], parts: list[tuple[str, str]]) -> None:
    assertion = etree.Element(ASSERTION, {"Version": "2.0", "IssueInstant": "2026-11-18T11:06:40Z", **own})
    for number, (tag, text) in enumerate(parts):
        parent = assertion if number % 3 == 0 or not len(assertion) else assertion[-1]
        made = etree.SubElement(parent, SAML + tag, {"NotOnOrAfter": text, "Recipient": text})
        made.text = text
    with contextlib.suppress(SamlRefused):
        read_statement(assertion)


@given(st.text(max_size=200) | st.binary(max_size=200).map(encoded))
def test_garbage_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(SamlRefused):
        opened(text, root=ASSERTION, strict=False)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_is_changed_in_a_message_it_says_the_same_or_is_refused(data: st.DataObject) -> None:
    original = file(data.draw(st.sampled_from(["response.xml", "signed_response.xml"])))
    at = data.draw(st.integers(0, len(original) - 1))
    gone = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b"<", b"<a/>", b' ID="_a1"', original[at : at + 900]]))
    changed = base64.urlsafe_b64encode(original[:at] + put + original[at + gone :]).decode()
    try:
        said = read_statement(opened(changed, root=RESPONSE, strict=False).verified(CERTIFICATE))
    except SamlRefused:
        return
    assert said == read(original, RESPONSE)
