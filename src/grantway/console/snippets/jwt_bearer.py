"""Acting for a user who is not there: an assertion signed by the key of the app's certificate."""

import re
from typing import Final

from grantway import settings as s
from grantway.console.snippets.snippet import QUOTES, Snippet, door_path
from grantway.domain.app import InstalledApp
from grantway.kit.certified import PublicKey
from grantway.kit.jose import RS256, JwtRefused

_PLACE: Final = re.compile("@(TOKEN|KEY|AUDIENCE|ALGORITHM)@")
# What node:crypto calls the hash of an algorithm; Ed25519 has its own inside.
_HASHES: Final = {"RS256": '"sha256"', "ES256": '"sha256"', "ES384": '"sha384"', "ES512": '"sha512"'}


def jwt_bearer(app: InstalledApp, base: str) -> list[Snippet]:
    """Return the snippets that sign an assertion and trade it for a token; none where the key signs nothing here.

    openssl signs as JWTs want it with RSA keys alone, so for others there is none for curl.
    """
    certificate = app[s.CERTIFICATE]
    if certificate is None:
        return []
    try:
        algorithm = PublicKey.of_certificate(certificate.pem).algorithms[0]
    except JwtRefused:
        return []
    door = door_path(app)
    filled = {
        "TOKEN": f"{base}{door}/token",
        "KEY": app.consumer_key,
        "AUDIENCE": base + (door if door == "/oidc" else ""),
        "ALGORITHM": algorithm,
    }
    templates = {"curl": _CURL} if algorithm == RS256 else {}
    templates |= {"Python": _PYTHON, "JavaScript": _JAVASCRIPT.replace("@HASH@", _HASHES.get(algorithm, "null"))}
    found = []
    for language, template in templates.items():
        quote = QUOTES[language]
        text = _PLACE.sub(lambda place, quote=quote: quote(filled[place[1]]), template)  # type: ignore[misc]
        name = "act for a user, with a signed assertion"
        found.append(Snippet(id=f"jwt-{language.lower()}", name=name, language=language, text=text))
    return found


_CURL: Final = """\
# signer.key is the key of the app's certificate, GRANTWAY_USER the user to act for
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
HEADER=$(printf '{"alg":"%s"}' @ALGORITHM@ | b64)
CLAIMS=$(printf '{"iss":"%s","sub":"%s","aud":"%s","exp":%s,"jti":"%s"}' @KEY@ "$GRANTWAY_USER" @AUDIENCE@ \\
  "$(($(date +%s) + 180))" "$(openssl rand -hex 16)" | b64)
SIGNATURE=$(printf '%s.%s' "$HEADER" "$CLAIMS" | openssl dgst -sha256 -sign signer.key | b64)
curl -sS --fail-with-body @TOKEN@ \\
  --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \\
  --data-urlencode "assertion=$HEADER.$CLAIMS.$SIGNATURE"
"""
_PYTHON: Final = """\
# pip install httpx "pyjwt[crypto]"; signer.key is the key of the app's certificate
import os
import time
import uuid
from pathlib import Path

import httpx
import jwt

claims = {
    "iss": @KEY@,
    "sub": os.environ["GRANTWAY_USER"],
    "aud": @AUDIENCE@,
    "exp": int(time.time()) + 180,
    "jti": str(uuid.uuid4()),
}
assertion = jwt.encode(claims, Path("signer.key").read_text(), algorithm=@ALGORITHM@)
reply = httpx.post(
    @TOKEN@,
    data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion},
)
reply.raise_for_status()
print(reply.text)
"""
_JAVASCRIPT: Final = """\
// signer.key is the key of the app's certificate, GRANTWAY_USER the user to act for
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const b64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = {
  iss: @KEY@,
  sub: process.env.GRANTWAY_USER,
  aud: @AUDIENCE@,
  exp: Math.floor(Date.now() / 1000) + 180,
  jti: randomUUID(),
};
const signed = `${b64({ alg: @ALGORITHM@ })}.${b64(claims)}`;
const key = createPrivateKey(readFileSync("signer.key"));
const signature = sign(@HASH@, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
const reply = await fetch(@TOKEN@, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${signed}.${signature.toString("base64url")}`,
  }),
});
if (!reply.ok) throw new Error(await reply.text());
console.log(await reply.text());
"""
