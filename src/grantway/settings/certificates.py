"""X.509 certificates as a setting takes them: PEM, or DER in base64; shown with subject, end and fingerprint."""

import base64
import binascii
import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from grantway.settings.choices import optional
from grantway.settings.kinds import Kind, SettingProblem

CERTIFICATE_LIMIT: Final = 4000
_ARMOUR: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_HOW: Final = "paste the certificate as PEM (-----BEGIN CERTIFICATE-----), or its base64 alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate, with what a person recognizes it by. Two are equal if they are the same certificate.

    - `pem`: the certificate, armoured.
    - `subject`: its name as RFC 4514 writes it.
    - `starts_at`, `ends_at`: when it is valid, in milliseconds.
    - `fingerprint`: SHA-256 of the DER form, in pairs of hex digits.
    - `key`: kind and size of its public key, such as `RSA, 2048 bits`.
    """

    pem: str
    subject: str = field(compare=False)
    starts_at: int = field(compare=False)
    ends_at: int = field(compare=False)
    fingerprint: str = field(compare=False)
    key: str = field(compare=False)

    def __str__(self) -> str:
        until = datetime.fromtimestamp(self.ends_at / 1000, UTC).strftime("%Y-%m-%d")
        return f"{self.subject}, valid until {until}, {self.key}, SHA-256 {self.fingerprint}"


def holds_private_key(text: str) -> bool:
    """Tell whether a text bears the armour of a private key, whatever else stands in it."""
    return "PRIVATE KEY" in text.upper()


def _certificate(raw: Any) -> Certificate:
    if isinstance(raw, Certificate):
        return raw
    if not isinstance(raw, str):
        raise SettingProblem(_HOW)
    if holds_private_key(raw):
        raise SettingProblem(
            "this holds a private key. Give the certificate alone, and make a new key: this one was shown to a server"
        )
    if len(raw.strip()) > CERTIFICATE_LIMIT:
        raise SettingProblem(f"at most {CERTIFICATE_LIMIT} characters, this has {len(raw.strip())}")
    return _read(_der(raw))


def _der(text: str) -> bytes:
    blocks = _ARMOUR.findall(text)
    kinds = {kind for kind, _ in blocks}
    if "CERTIFICATE REQUEST" in kinds or "NEW CERTIFICATE REQUEST" in kinds:
        raise SettingProblem("this is a request for a certificate. Give the certificate that was issued for it")
    if kinds - {"CERTIFICATE"}:
        raise SettingProblem(f"this is no certificate but a {min(kinds - {'CERTIFICATE'}).lower()}; {_HOW}")
    if len(blocks) > 1:
        raise SettingProblem(f"one certificate, these are {len(blocks)}; give the app's own alone, without its issuers")
    body = blocks[0][1] if blocks else text
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise SettingProblem(f"this is no certificate; {_HOW}") from problem


# Records are read again and again, and a certificate in one takes longest.
@lru_cache(maxsize=256)
def _read(der: bytes) -> Certificate:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        with warnings.catch_warnings():
            # Odd names and serial numbers are warned about; the certificates work all the same.
            warnings.simplefilter("ignore")
            found = x509.load_der_x509_certificate(der)
            pem = found.public_bytes(Encoding.PEM).decode().strip()
            read = Certificate(
                pem=pem,
                subject=_shown(found.subject.rfc4514_string()) or "no subject",
                starts_at=int(found.not_valid_before_utc.timestamp() * 1000),
                ends_at=int(found.not_valid_after_utc.timestamp() * 1000),
                fingerprint=found.fingerprint(hashes.SHA256()).hex(":").upper(),
                key=_key_of(found.public_key()),
            )
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm) as problem:
        raise SettingProblem(f"this is no certificate that can be read; {_HOW}") from problem
    if len(pem) > CERTIFICATE_LIMIT:
        raise SettingProblem(f"at most {CERTIFICATE_LIMIT} characters as PEM, this has {len(pem)}")
    return read


def _key_of(key: Any) -> str:
    kind = type(key).__name__.removeprefix("_").removesuffix("PublicKey") or "unknown key"
    size = getattr(key, "key_size", 0)
    words = {"EllipticCurve": "EC"}
    return f"{words.get(kind, kind)}, {size} bits" if size else words.get(kind, kind)


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:200]


CERTIFICATE: Final = optional(
    Kind[Certificate](
        name="certificate",
        parse=_certificate,
        write=lambda value: value.pem,
        says=str,
        schema={"type": "string", "maxLength": CERTIFICATE_LIMIT, "contentMediaType": "application/x-x509-ca-cert"},
        hint="@FILE",
        limits=f"one X.509 certificate, PEM or DER, at most {CERTIFICATE_LIMIT} characters as PEM; never a private key",
    ),
    without="none",
)

EXAMPLE_CERTIFICATE: Final = (
    "MIIBPTCB5KADAgECAhQ1exM9R2seoFHceWNV02QjsgFiBTAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBRzeW5jLmhhcmJvdXIuZXhh"
    "bXBsZTAeFw0yNjAxMDEwMDAwMDBaFw00NjAxMDEwMDAwMDBaMB8xHTAbBgNVBAMMFHN5bmMuaGFyYm91ci5leGFtcGxlMFkwEwYH"
    "KoZIzj0CAQYIKoZIzj0DAQcDQgAEFLxuu6NnHTOwIPjLeVrg5ML+ceU4MPVHVMoiT511Hk3xw0ToAhyIxDCjjJQAGgGkuh4sLiqp"
    "VAaHv+wy4ERWgTAKBggqhkjOPQQDAgNIADBFAiBsaxoXN9J69so+XOlX4iULEJ2Hr7lFWiNyQKg06QjgmQIhAM/lFjXUhm3etrWa"
    "9hVbiRRME2O/x/VH/kItGUer9Zih"
)
"""A certificate of nobody: its private key was thrown away."""
