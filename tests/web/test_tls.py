"""The same over TLS, where a connection cannot be half closed."""

import datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.web.edge_server import serving

GET = b"GET /oidc/a HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "both.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_requests_answers_and_refusals_over_tls(certificate: Path) -> None:
    with serving(certificate=certificate) as server:
        with server.connect() as wire:
            for _ in range(3):
                wire.send(GET)
                heard = wire.answer().json
                assert (heard["path"], heard["scheme"]) == ("/oidc/a", "https")
            wire.send(b"GET /oidc/a HTTP/1.1\nHost: localhost\n\n")
            refused = wire.answer()
            assert (refused.status, refused.json["door"]) == (400, "standards")
            assert wire.is_closed()
        with server.connect() as wire:
            wire.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
            assert wire.answer().status == 413
