"""Make the files beside this one anew: SAML messages signed by xmlsec1 (Debian package xmlsec1), which is not ours.

    python3 tests/endpoints/saml/make.py

Keys are made, used and thrown away; certificates stay. The times are those at which the clock of a test stands.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
KEY = "3MVG9.signed.by.xmlsec1"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = DS + "sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
BASE = "http://localhost:8400"


@dataclass
class Form:
    """How a message is signed; the defaults are what is taken."""

    method: str = RSA_SHA256
    digest: str = SHA256
    canonical: str = EXCLUSIVE
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    uris: tuple[str, ...] = ("#_a1",)


def signature(form: Form) -> str:
    """An empty signature for xmlsec1 to fill in."""
    transforms = "".join(f'<ds:Transform Algorithm="{one}"/>' for one in form.transforms)
    references = "".join(
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{form.digest}"/><ds:DigestValue/></ds:Reference>'
        for uri in form.uris
    )
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{form.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{form.method}"/>{references}</ds:SignedInfo><ds:SignatureValue/>'
        "<ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"
    )


def assertion(
    signed: str, *, issuer: str = KEY, audience: str = BASE, recipient: str = "/services/oauth2/token"
) -> str:
    """An assertion about ada, within a time that holds when a test begins."""
    return (
        f'<saml:Assertion xmlns:saml="{SAML}" ID="_a1" IssueInstant="2026-11-18T11:06:40Z" Version="2.0">'
        f"<saml:Issuer>{issuer}</saml:Issuer>{signed}"
        '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">'
        "ada@harbour.example</saml:NameID>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
        f'NotOnOrAfter="2026-11-18T11:09:40.000Z" Recipient="{BASE}{recipient}"/></saml:SubjectConfirmation>'
        '</saml:Subject><saml:Conditions NotBefore="2026-11-18T11:06:10Z" NotOnOrAfter="2026-11-18T11:09:40Z">'
        f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
        '</saml:Conditions><saml:AuthnStatement AuthnInstant="2026-11-18T11:06:40Z"><saml:AuthnContext>'
        "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>"
        "</saml:AuthnContext></saml:AuthnStatement></saml:Assertion>"
    )


def response(signed: str, inner: str) -> str:
    """A response of an identity provider around an assertion."""
    return (
        f'<samlp:Response xmlns:samlp="{PROTOCOL}" ID="_r1" IssueInstant="2026-11-18T11:06:40Z" Version="2.0" '
        f'Destination="{BASE}/services/oauth2/token"><saml:Issuer xmlns:saml="{SAML}">https://idp.example</saml:Issuer>'
        f'{signed}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f"{inner}</samlp:Response>"
    )


def of_idp(signed: str) -> str:
    """An assertion of an identity provider."""
    return assertion(signed, issuer="https://idp.example", audience="https://harbour.example/sso")


PLAIN = Form()
MESSAGES = {
    "bearer": assertion(signature(PLAIN)),
    "standards": assertion(signature(PLAIN), audience=f"{BASE}/oidc", recipient="/oidc/token"),
    "elliptic": assertion(signature(Form(method=ECDSA_SHA256))),
    "another_key": assertion(signature(PLAIN)),
    "sha1": assertion(signature(Form(method=DS + "rsa-sha1", digest=SHA1))),
    "sha1_digest": assertion(signature(Form(digest=SHA1))),
    "inclusive": assertion(signature(Form(canonical=INCLUSIVE, transforms=(ENVELOPED, INCLUSIVE)))),
    "with_comments": assertion(signature(Form(transforms=(ENVELOPED, EXCLUSIVE + "WithComments")))),
    "xpath": assertion(
        signature(Form()).replace(
            f'<ds:Transform Algorithm="{ENVELOPED}"/>',
            f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
            f'<ds:XPath xmlns:saml="{SAML}">not(ancestor-or-self::saml:NameID)</ds:XPath></ds:Transform>',
        )
    ),
    "whole_document": assertion(signature(Form(uris=("",)))),
    "two_references": assertion(signature(Form(uris=("#_a1", "")))),
    "response": response("", of_idp(signature(PLAIN))),
    "signed_response": response(signature(Form(uris=("#_r1",))), of_idp("")),
}


def main() -> None:
    """Make keys and certificates, and sign every message with the key that its form names."""
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in (("signer", "rsa:2048"), ("stranger", "rsa:2048"), ("elliptic", "ec")):
            curve = ("-pkeyopt", "ec_paramgen_curve:P-256") if kind == "ec" else ()
            subprocess.run(
                [
                    *("openssl", "req", "-x509", "-newkey", kind, *curve, "-nodes", "-days", "7300"),
                    *("-subj", f"/CN={name}.example", "-keyout", f"{folder}/{name}.key"),
                    *("-out", f"{folder}/{name}.crt"),
                ],
                check=True,
                capture_output=True,
            )
            (HERE / f"{name}.crt").write_text(Path(folder, f"{name}.crt").read_text())
        for name, message in MESSAGES.items():
            key = {"elliptic": "elliptic", "another_key": "stranger"}.get(name, "signer")
            source = Path(folder, f"{name}.xml")
            source.write_text(message)
            subprocess.run(
                [
                    *("xmlsec1", "--sign", "--privkey-pem", f"{folder}/{key}.key,{folder}/{key}.crt"),
                    *("--id-attr:ID", f"{SAML}:Assertion", "--id-attr:ID", f"{PROTOCOL}:Response"),
                    *("--output", str(HERE / f"{name}.xml"), str(source)),
                ],
                check=True,
            )


if __name__ == "__main__":
    main()
