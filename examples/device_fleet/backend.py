"""A backend of devices: it verifies their asset tokens by the server's published keys alone, and takes measurements.

    python backend.py --server http://localhost:8400 --port 8500

A token counts if the server signed it for this backend and it has not ended; a request counts if the key that the
token names (`cnf`) signed a fresh proof for this very body. The authorization server is asked for its keys once in a
while, never about a token.
"""

import argparse
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

PROOF_S = 60
LIMIT = 65_536


class Refused(Exception):
    """A request that does not count; the text says why."""


class Verifier:
    """Tells which device a request comes from."""

    def __init__(self, server: str, backend: str) -> None:
        self._server = server
        self._backend = backend
        self._keys = jwt.PyJWKClient(f"{server}/id/keys", lifespan=300)
        self._proofs: dict[str, float] = {}

    def device(self, authorization: str, proof: str, body: bytes) -> dict[str, Any]:
        """Return the claims of the device that sent a body.

        Raises:
            Refused: the token or the proof does not count.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused("no asset token")
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                ["RS256"],
                audience=self._backend,
                issuer=self._server,
                options={"require": ["exp", "aud", "iss", "did", "cnf"]},
            )
        except jwt.PyJWTError as problem:
            raise Refused(f"the asset token does not count: {problem}") from problem
        self._check_proof(claims["cnf"]["jwk"], proof, body)
        return claims

    def _check_proof(self, public: dict[str, str], proof: str, body: bytes) -> None:
        try:
            key = jwt.PyJWK.from_dict(public, algorithm="ES256")
            said = jwt.decode(proof, key, ["ES256"], audience=self._backend, options={"require": ["iat", "jti"]})
        except jwt.PyJWTError as problem:
            raise Refused(f"the proof does not count: {problem}") from problem
        now = time.time()
        if abs(now - said["iat"]) > PROOF_S or said.get("sha256") != hashlib.sha256(body).hexdigest():
            raise Refused("the proof is old, or for another body")
        self._proofs = {jti: until for jti, until in self._proofs.items() if until > now}
        if said["jti"] in self._proofs:
            raise Refused("the proof was used before")
        self._proofs[said["jti"]] = now + 2 * PROOF_S


def serve(server: str, port: int) -> ThreadingHTTPServer:
    """Return a backend that takes measurements on a port of this machine; `serve_forever()` starts it."""

    class Measurements(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a measurement."""
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > LIMIT:
                self._answer(413, {"error": "a body of at most 64 kB"})
                return
            body = self.rfile.read(int(length))
            try:
                device = verifier.device(
                    self.headers.get("authorization", ""), self.headers.get("device-proof", ""), body
                )
            except Refused as refused:
                self._answer(401, {"error": str(refused)})
                return
            self._answer(200, {"device": device["did"], "asset": device["Asset"]["Id"], "took": json.loads(body)})

        def log_message(self, *_: Any) -> None:
            """Say nothing: requests bear tokens."""

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    listening = ThreadingHTTPServer(("127.0.0.1", port), Measurements)
    verifier = Verifier(server, f"http://localhost:{listening.server_port}")
    return listening


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description="A backend that verifies asset tokens by the published keys.")
    options.add_argument("--server", required=True)
    options.add_argument("--port", type=int, default=8500)
    given = options.parse_args()
    listening = serve(given.server, given.port)
    print(f"The backend answers at http://localhost:{listening.server_port}", flush=True)
    listening.serve_forever()


if __name__ == "__main__":
    main()
