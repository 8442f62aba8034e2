"""A device that gets its asset token: its key, what it says of itself, and the exchange (docs/devices.md)."""

import re
from typing import Final

from grantway import settings as s
from grantway.console.snippets.snippet import QUOTES, SECRET, Snippet, door_path
from grantway.domain.app import InstalledApp

_PLACE: Final = re.compile("@(TOKEN|AUDIENCE|KEY)@")


def asset_token(app: InstalledApp, base: str) -> list[Snippet]:
    """Return the snippets of a device with a key of its own; openssl signs not as JWTs want it, so none is for curl."""
    door = door_path(app)
    needs_secret = app[s.REQUIRE_SECRET_FOR_TOKEN_EXCHANGE_FLOW]
    filled = {
        "KEY": app.consumer_key,
        "TOKEN": f"{base}{door}/token",
        "AUDIENCE": base + (door if door == "/oidc" else ""),
    }
    found = []
    for language, template in (("Python", _PYTHON), ("JavaScript", _JAVASCRIPT)):
        quote = QUOTES[language]
        text = template.replace("@SECRET@", _SECRETS[language] if needs_secret else "")
        text = _PLACE.sub(lambda place, quote=quote: quote(filled[place[1]]), text)  # type: ignore[misc]
        found.append(Snippet(id=f"asset-{language.lower()}", name="asset token", language=language, text=text))
    return found


_SECRETS: Final = {
    "Python": f'        "client_id": @KEY@,\n        "client_secret": os.environ["{SECRET}"],\n',
    "JavaScript": f"    client_id: @KEY@,\n    client_secret: process.env.{SECRET},\n",
}
_PYTHON: Final = """\
# pip install httpx "pyjwt[crypto]"; a device makes its key once, and keeps it
import os
import time
import uuid

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
said = {
    "Asset": {"Name": "Thermometer", "SerialNumber": os.environ["SERIAL_NUMBER"]},
    "cnf": {"jwk": public},
    "aud": @AUDIENCE@,
    "exp": int(time.time()) + 120,
    "jti": str(uuid.uuid4()),
}
reply = httpx.post(
    @TOKEN@,
    data={
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": os.environ["ACCESS_TOKEN"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "actor_token": jwt.encode(said, key, algorithm="ES256"),
        "actor_token_type": "urn:ietf:params:oauth:token-type:jwt",
@SECRET@    },
)
reply.raise_for_status()
print(reply.text)
"""
_JAVASCRIPT: Final = """\
// A device makes its key once, and keeps it
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const b64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const said = {
  Asset: { Name: "Thermometer", SerialNumber: process.env.SERIAL_NUMBER },
  cnf: { jwk: publicKey.export({ format: "jwk" }) },
  aud: @AUDIENCE@,
  exp: Math.floor(Date.now() / 1000) + 120,
  jti: randomUUID(),
};
const signed = `${b64({ alg: "ES256" })}.${b64(said)}`;
const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
const reply = await fetch(@TOKEN@, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: process.env.ACCESS_TOKEN,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    actor_token: `${signed}.${signature.toString("base64url")}`,
    actor_token_type: "urn:ietf:params:oauth:token-type:jwt",
@SECRET@  }),
});
if (!reply.ok) throw new Error(await reply.text());
console.log(await reply.text());
"""
