"""Certificates: what is taken for one, what people recognize it by, and what is never taken."""

import base64

import pytest

from grantway import settings as s
from grantway.settings.certificates import EXAMPLE_CERTIFICATE
from tests.settings.values import new_certificate

FINGERPRINT_LENGTH = 32 * 3 - 1


def parsed(raw: object) -> s.Certificate:
    found = s.CERTIFICATE.kind.parse(raw)
    assert found is not None
    return found


def test_it_is_shown_with_subject_end_key_and_fingerprint() -> None:
    said = s.CERTIFICATE.kind.says(parsed(EXAMPLE_CERTIFICATE))

    assert said.startswith("CN=sync.harbour.example, valid until 2046-01-01, EC, 256 bits, SHA-256 ")
    assert len(said.rpartition(" ")[2]) == FINGERPRINT_LENGTH


def test_pem_wrapped_base64_and_windows_line_ends_are_the_same_certificate_stored_as_pem() -> None:
    pem = new_certificate()
    bare = "".join(pem.splitlines()[1:-1])
    wrapped = "\n".join(bare[at : at + 76] for at in range(0, len(bare), 76)) + "\n"

    ways = {parsed(way).pem for way in (pem, bare, wrapped, pem.replace("\n", "\r\n"), f"subject=x\n{pem}")}

    assert ways == {pem.strip()}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "this holds a private key"),
        (new_certificate() + "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "make a new key"),
        (new_certificate() + new_certificate(), "one certificate, these are 2"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nMIIE\n-----END CERTIFICATE REQUEST-----", "this is a request for"),
        ("-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----", "this is no certificate but a public key"),
        ("REPLACE_WITH_CERTIFICATE", "this is no certificate"),
        (base64.b64encode(b"no certificate").decode(), "this is no certificate that can be read"),
        ("A" * 4001, "at most 4000 characters, this has 4001"),
        (17, "paste the certificate"),
    ],
)
def test_what_is_no_certificate_is_refused_in_words_that_say_what_to_give(raw: object, says: str) -> None:
    with pytest.raises(s.SettingProblem) as refused:
        s.CERTIFICATE.kind.parse(raw)

    assert says in str(refused.value)
    assert "MIIE" not in str(refused.value)
