"""A device of a fleet: it gets an asset token for itself and reports a measurement to its backend.

    pip install 'pyjwt[crypto]'
    python device.py --server http://localhost:8400 --client-id KEY --app-key app.pem --user ada@demo.example \\
        --serial SN-7 --backend http://localhost:8500 --celsius 21.5

The device's own key is made at the first start and never leaves it. The user's access token comes by the JWT bearer
flow here, as a gateway in the workshop would get it; where a person registers a device with a telephone, it is the
access token of their login.
"""

import argparse
import hashlib
import json
import os
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"


def device_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """Return the device's key; it is made where there is none yet, readable for its owner alone."""
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SystemExit(f"{file} holds no P-256 key")
    return key


def user_token(server: str, client_id: str, app_key: Path, user: str) -> str:
    """Return an access token of the user whose device this is."""
    now = int(time.time())
    said = {"iss": client_id, "sub": user, "aud": server, "exp": now + 120, "jti": secrets.token_hex(16)}
    assertion = jwt.encode(said, app_key.read_text(), "RS256")
    return str(asked(server, {"grant_type": JWT_BEARER, "assertion": assertion})["access_token"])


def asset_token(server: str, access_token: str, key: ec.EllipticCurvePrivateKey, serial: str, name: str) -> str:
    """Trade the user's access token, and what the device says of itself, for the device's asset token."""
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    now = int(time.time())
    said = {
        "did": f"urn:serial:{serial}",
        "Name": name,
        "Asset": {"Name": name, "SerialNumber": serial},
        "cnf": {"jwk": public},
        "aud": server,
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_hex(16),
    }
    answer = asked(
        server,
        {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token_type": TOKEN_TYPE + "access_token",
            "subject_token": access_token,
            "actor_token_type": TOKEN_TYPE + "jwt",
            "actor_token": jwt.encode(said, key, "ES256"),
        },
    )
    return str(answer["access_token"])


def report(backend: str, token: str, key: ec.EllipticCurvePrivateKey, measured: dict[str, Any]) -> Any:
    """Send a measurement, with a proof that whoever sends it holds the key that the token names."""
    body = json.dumps(measured).encode()
    proof = jwt.encode(
        {
            "aud": backend,
            "iat": int(time.time()),
            "jti": secrets.token_hex(16),
            "sha256": hashlib.sha256(body).hexdigest(),
        },
        key,
        "ES256",
    )
    headers = {"authorization": f"Bearer {token}", "device-proof": proof, "content-type": "application/json"}
    return sent(urllib.request.Request(f"{backend}/measurements", body, headers))


def asked(server: str, form: dict[str, str]) -> Any:
    """Send a form to the token endpoint and return its answer."""
    return sent(urllib.request.Request(f"{server}/services/oauth2/token", urllib.parse.urlencode(form).encode()))


def sent(request: urllib.request.Request) -> Any:
    """Send a request and return the JSON of its answer; what was refused ends the program with the reason."""
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{request.full_url} answers {refused.code}: {refused.read().decode()}") from None


def main() -> None:
    """Get a token and report once."""
    options = argparse.ArgumentParser(description="A device that reports to its backend with an asset token.")
    for name in ("--server", "--client-id", "--user", "--serial", "--backend"):
        options.add_argument(name, required=True)
    options.add_argument("--app-key", type=Path, required=True, help="PEM: the private key of the app's certificate")
    options.add_argument("--device-key", type=Path, default=Path("device.pem"))
    options.add_argument("--name", default="Thermometer")
    options.add_argument("--celsius", type=float, default=20.0)
    given = options.parse_args()
    key = device_key(given.device_key)
    access = user_token(given.server, given.client_id, given.app_key, given.user)
    token = asset_token(given.server, access, key, given.serial, given.name)
    print(json.dumps(report(given.backend, token, key, {"celsius": given.celsius})))


if __name__ == "__main__":
    main()
