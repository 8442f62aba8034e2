"""Signed SAML 2.0 messages behind a gate: only a plain form is taken, and only what was signed is read (S44).

XML Signature can sign any part of a document by any way of getting at it. SAML uses one way (SAML 2.0 core, 5.4): the
signature stands in the element that it signs, names it by its ID, and leaves nothing out but itself. What differs is
refused before the cryptography begins, for which signxml is called with one certificate and the algorithms of its key.
What comes out is the signed bytes, parsed again: nothing that was not under the signature is in that tree.
"""

import base64
import binascii
from typing import Final

from lxml import etree

from grantway.kit.certified import PublicKey
from grantway.kit.jose import JwtRefused
from grantway.kit.xml import XmlProblem, parse

SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
ASSERTION: Final = SAML + "Assertion"
RESPONSE: Final = PROTOCOL + "Response"
TEXT_LIMIT: Final = 40_000
"""Characters of a message in base64; nothing longer is decoded."""
SIZE_LIMIT: Final = 30_000
"""Bytes of a message as XML."""

_NAMESPACE_LIMIT: Final = 200
# The canonical form repeats what a namespace is wherever it is used.
_CANONICAL_LIMIT: Final = 4 * SIZE_LIMIT

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_SIGNATURE: Final = _DS + "Signature"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
# The algorithm is a property of the key, as in `certified`. SHA-1 is not among them, although Salesforce's old samples
# sign with it: who can find a collision there signs what the key's owner never saw.
_METHODS: Final = {
    "RS256": "RSA_SHA256",
    "RS384": "RSA_SHA384",
    "RS512": "RSA_SHA512",
    "ES256": "ECDSA_SHA256",
    "ES384": "ECDSA_SHA384",
    "ES512": "ECDSA_SHA512",
}
_DIGESTS: Final = ("SHA256", "SHA384", "SHA512")
_TO_STANDARD: Final = str.maketrans("-_", "+/")


class SamlRefused(Exception):
    """A SAML message that is not taken; the text says why and quotes nothing of it but names."""


class Message:
    """A message whose form is plain. Nothing in it is known to be true before `verified` gave it back.

    `claimed_issuer` is what the assertion says of itself: good for finding the certificate that it must be signed with.
    """

    __slots__ = ("_signed", "claimed_issuer")

    def __init__(self, signed: etree._Element, claimed_issuer: str) -> None:
        self._signed = signed
        self.claimed_issuer = claimed_issuer

    def verified(self, certificate: str) -> etree._Element:
        """Return the assertion as the key of a certificate (PEM) signed it.

        Whether the certificate has expired does not matter: docs/decisions/0012.

        Raises:
            SamlRefused: another key signed it, or another algorithm was used than the key's.
        """
        try:
            algorithms = PublicKey.of_certificate(certificate).algorithms
        except JwtRefused as problem:
            raise SamlRefused(str(problem)) from problem
        methods = [_METHODS[name] for name in algorithms if name in _METHODS]
        if not methods:
            raise SamlRefused("a key of this kind does not sign XML here: RSA, P-256, P-384 or P-521")
        data = _signed_bytes(self._signed, certificate, methods)
        try:
            signed = parse(data, limit=_CANONICAL_LIMIT, comments=False)
        except XmlProblem as problem:
            raise SamlRefused(f"in canonical form {problem}".rstrip(".")) from problem
        if signed.tag != self._signed.tag or signed.get("ID") != self._signed.get("ID"):
            raise SamlRefused("the signature is about another element than the one it stands in")
        return _only_assertion(signed)


def opened(text: str, *, root: str, strict: bool) -> Message:
    """Read a message and look at its form: one assertion, one signature over it, and nothing that could mislead.

    Args:
        text: the message in base64url (RFC 7522, section 2.1).
        root: what it must be, `ASSERTION` or `RESPONSE`.
        strict: refuse the common base64 alphabet, which Salesforce's clients use too.

    Raises:
        SamlRefused: it is not of that form.
    """
    try:
        tree = parse(_decoded(text, strict=strict), limit=SIZE_LIMIT, comments=False)
    except XmlProblem as problem:
        raise SamlRefused(str(problem).rstrip(".")) from problem
    if tree.tag != root:
        raise SamlRefused(f"the root element is not {etree.QName(root).localname} of SAML 2.0")
    assertion = _only_assertion(tree)
    _ids_once(tree)
    _namespaces_short(tree)
    signed = _signed(tree, assertion)
    _plain(signed)
    issuer = assertion.find(SAML + "Issuer")
    return Message(signed, (issuer.text or "").strip() if issuer is not None else "")


def _decoded(text: str, *, strict: bool) -> bytes:
    if len(text) > TEXT_LIMIT:
        raise SamlRefused(f"it has {len(text):,} characters, and at most {TEXT_LIMIT:,} are read")
    if strict and ("+" in text or "/" in text):
        raise SamlRefused("it is in base64, and base64url is asked for: - and _ in the place of + and /")
    body = text.rstrip("=").translate(_TO_STANDARD)
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise SamlRefused("it is not base64url") from problem


def _only_assertion(tree: etree._Element) -> etree._Element:
    """Return the one assertion: the root itself, or a child of it."""
    found = [one for one in tree.iter() if etree.QName(one).localname in {"Assertion", "EncryptedAssertion"}]
    if len(found) != 1:
        raise SamlRefused(f"it holds {len(found)} assertions, and exactly one is taken")
    (assertion,) = found
    if assertion.tag != ASSERTION:
        raise SamlRefused("its assertion is encrypted or of another version; a plain one of SAML 2.0 is taken")
    if assertion is not tree and assertion.getparent() is not tree:
        raise SamlRefused("the assertion stands deeper in the message than it should")
    return assertion


def _ids_once(tree: etree._Element) -> None:
    """No two elements may have one ID, however the attribute is spelled: a reference could mean either."""
    seen: set[str] = set()
    for element in tree.iter():
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower() == "id":
                if value in seen:
                    raise SamlRefused("two of its elements have the same ID")
                seen.add(str(value))


def _namespaces_short(tree: etree._Element) -> None:
    """No namespace may have a long name: repeated in canonical form, it would make a short message a huge one."""
    if any(len(name) > _NAMESPACE_LIMIT for element in tree.iter() for name in element.nsmap.values()):
        raise SamlRefused(f"a namespace in it has a name of more than {_NAMESPACE_LIMIT} characters")


def _signed(tree: etree._Element, assertion: etree._Element) -> etree._Element:
    """Return the element that is signed: the assertion, else the whole message around it."""
    at = [one.getparent() for one in tree.iter(_SIGNATURE)]
    if any(parent is not tree and parent is not assertion for parent in at):
        raise SamlRefused("a signature stands elsewhere than in the assertion or the message")
    for element in (assertion, tree):
        count = sum(parent is element for parent in at)
        if count > 1:
            raise SamlRefused("it is signed twice in one place")
        if count:
            return element
    raise SamlRefused("it is not signed")


def _plain(signed: etree._Element) -> None:
    """The signature must be about the element it stands in, by the transforms that SAML has (core, 5.4.2 to 5.4.4)."""
    own = signed.get("ID", "")
    if not own:
        raise SamlRefused("the signed element has no ID")
    signature = signed.find(_SIGNATURE)
    assert signature is not None  # noqa: S101 - `_signed` found it there
    if signature.find(_DS + "Object") is not None:
        raise SamlRefused("its signature holds an object")
    infos = signature.findall(_DS + "SignedInfo")
    references = signature.findall(f".//{_DS}Reference")
    if len(infos) != 1 or len(references) != 1 or references[0].getparent() is not infos[0]:
        raise SamlRefused("its signature has not exactly one reference")
    if references[0].get("URI") != f"#{own}":
        raise SamlRefused("its signature refers to something else than the element it stands in")
    if _algorithms(infos[0], "CanonicalizationMethod") != [_EXCLUSIVE]:
        raise SamlRefused("its signature is not in exclusive canonical form without comments")
    if _algorithms(references[0], "Transforms/*") != [_ENVELOPED, _EXCLUSIVE]:
        raise SamlRefused("its signature has other transforms than enveloped-signature and exclusive canonical form")


def _algorithms(parent: etree._Element, path: str) -> list[str]:
    steps = "/".join(step if step == "*" else _DS + step for step in path.split("/"))
    return [str(one.get("Algorithm", "")) for one in parent.iterfind(steps)]


def _signed_bytes(element: etree._Element, certificate: str, methods: list[str]) -> bytes:
    """Return the canonical form of an element, without its signature, if the certificate's key signed that."""
    from cryptography import x509  # as signxml, it is slow to import, and few servers ever meet a SAML message
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    known = x509.load_pem_x509_certificate(certificate.encode())
    config = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(SignatureMethod[name] for name in methods),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in _DIGESTS),
        ignore_ambiguous_key_info=True,  # whatever keys the message brings along, the certificate's is the only one
        verification_time=known.not_valid_before_utc,
    )
    alone = etree.tostring(element, with_tail=False)
    try:
        result = XMLVerifier().verify(alone, x509_cert=known, id_attribute="ID", expect_config=config)
    except Exception as problem:  # a library at work on what a stranger sent: whatever it trips over is no signature
        raise SamlRefused(_why(problem)) from problem
    if not isinstance(result, VerifyResult):
        raise SamlRefused("the signature has more than one reference")
    return result.signed_data


def _why(problem: Exception) -> str:
    name = type(problem).__name__
    if name == "InvalidDigest":
        return "it was changed after it was signed"
    if "forbidden by configuration" in str(problem) or isinstance(problem, ValueError):
        return "its algorithms are not those of the key (RSA or ECDSA with SHA-256, SHA-384 or SHA-512)"
    return "the key did not sign it"
