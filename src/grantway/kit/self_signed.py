"""Making a self-signed certificate for a key of ours (RFC 5280)."""

from datetime import UTC, datetime


def self_signed(pem: bytes, name: str, starts_at: int, ends_at: int) -> str:
    """Return a certificate, as PEM, of a private key (PEM), signed with itself by SHA-256. Times in milliseconds."""
    from cryptography import x509  # slow to import, and certificates are made rarely
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    # It was just made here: to prove anew that its factors are prime takes 75 ms.
    key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("no RSA key")
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(starts_at // 1000, UTC))
        .not_valid_after(datetime.fromtimestamp(ends_at // 1000, UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode().strip()
