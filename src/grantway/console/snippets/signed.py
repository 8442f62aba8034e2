"""A JWT that an app signs by a key of its own, and what is traded for it: an assertion, or who the app is."""

import contextlib
import json
import re
from typing import Final

from grantway import settings as s
from grantway.console.snippets.snippet import QUOTES, Snippet, door_path
from grantway.domain.app import InstalledApp
from grantway.kit.certified import PublicKey
from grantway.kit.jose import RS256, JwtRefused
from grantway.protocol.assertion import CLIENT_ASSERTION_TYPE

_PLACE: Final = re.compile("@(TOKEN|KEY|AUDIENCE|ALGORITHM|KID)@")
# How each language names the key in the header.
_WITHOUT_KID: Final = (', headers={"kid": @KID@}', ", kid: @KID@", ',"kid":"%s"', " @KID@")
# What node:crypto calls the hash of an algorithm; Ed25519 has its own inside.
_HASHES: Final = {
    "RS256": '"sha256"',
    "ES256": '"sha256"',
    "ES384": '"sha384"',
    "ES512": '"sha512"',
    "EdDSA": "null",
}
_OF_CERTIFICATE: Final = "the key of the app's certificate"
_JWT_BEARER: Final = (("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),)
_CLIENT_CREDENTIALS: Final = (("grant_type", "client_credentials"), ("client_assertion_type", CLIENT_ASSERTION_TYPE))
_USER: Final = {
    "curl": '"$GRANTWAY_USER"',
    "Python": 'os.environ["GRANTWAY_USER"]',
    "JavaScript": "process.env.GRANTWAY_USER",
}


def jwt_bearer(app: InstalledApp, base: str) -> list[Snippet]:
    """Return the snippets that act for a user who is not there; none where the key signs nothing here."""
    name = "act for a user, with a signed assertion"
    return _signed(app, base, "jwt", name, "assertion", _JWT_BEARER, for_user=True)


def private_key_jwt(app: InstalledApp, base: str) -> list[Snippet]:
    """Return the snippets in which the app proves itself by a signed assertion, without its secret (RFC 7523, 2.2)."""
    name = "client credentials, by a key in the secret's place"
    return _signed(app, base, "key", name, "client_assertion", _CLIENT_CREDENTIALS, for_user=False)


def _signed(
    app: InstalledApp,
    base: str,
    snippet_id: str,
    name: str,
    field: str,
    form: tuple[tuple[str, str], ...],
    *,
    for_user: bool,
) -> list[Snippet]:
    """Return the snippets that sign a JWT and send it as a field of a form.

    openssl signs as JWTs want it with RSA keys alone, so for others there is none for curl.
    """
    found_key = _key_of(app)
    if found_key is None:
        return []
    algorithm, kid, whose = found_key
    door = door_path(app)
    filled = {
        "TOKEN": f"{base}{door}/token",
        "KEY": app.consumer_key,
        "AUDIENCE": base + (door if door == "/oidc" else ""),
        "ALGORITHM": algorithm,
    }
    templates = {"curl": _CURL} if algorithm == RS256 else {}
    templates |= {"Python": _PYTHON, "JavaScript": _JAVASCRIPT.replace("@HASH@", _HASHES[algorithm])}
    found = []
    for language, plain in templates.items():
        template = plain.replace(_OF_CERTIFICATE, whose)
        for place in _WITHOUT_KID if not kid else ():
            template = template.replace(place, "")
        quote = QUOTES[language]
        sent = "".join(_LINES[language].format(name=one, value=quote(value)) for one, value in form)
        text = template.replace("@FORM@", sent).replace("@FIELD@", field)
        text = text.replace("@SUBJECT@", _USER[language] if for_user else "@KEY@")
        text = text.replace("@USER@", ", GRANTWAY_USER the user to act for" if for_user else "")
        text = text.replace("@OS@", "import os\n" if for_user else "")
        # There it stands within JSON, in a text that printf fills in.
        filled["KID"] = json.dumps(kid)[1:-1] if language == "curl" else kid
        text = _PLACE.sub(lambda place, quote=quote: quote(filled[place[1]]), text)  # type: ignore[misc]
        found.append(Snippet(id=f"{snippet_id}-{language.lower()}", name=name, language=language, text=text))
    return found


def _key_of(app: InstalledApp) -> tuple[str, str, str] | None:
    """Return algorithm and id of the key to sign with, and whose it is in words; None where none signs anything here.

    Of a set that the app publishes nothing is known here: RSA is what most hold, and any of its keys may sign.
    """
    certificate, key_set = app[s.CERTIFICATE], app[s.JWKS]
    if certificate is not None:
        with contextlib.suppress(JwtRefused):
            return PublicKey.of_certificate(certificate.pem).algorithms[0], "", _OF_CERTIFICATE
    for key in key_set.keys if key_set is not None else ():
        if algorithm := next((one for one in key.algorithms if one in _HASHES), ""):
            return algorithm, key.kid, "a key of the app's key set"
    return (RS256, "", "an RSA key of the app's key set") if app[s.JWKS_URI] else None


_LINES: Final = {
    "curl": "  --data-urlencode {name}={value} \\\n",
    "Python": '        "{name}": {value},\n',
    "JavaScript": "    {name}: {value},\n",
}
_CURL: Final = """\
# signer.key is the key of the app's certificate@USER@
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
HEADER=$(printf '{"alg":"%s","kid":"%s"}' @ALGORITHM@ @KID@ | b64)
CLAIMS=$(printf '{"iss":"%s","sub":"%s","aud":"%s","exp":%s,"jti":"%s"}' @KEY@ @SUBJECT@ @AUDIENCE@ \\
  "$(($(date +%s) + 180))" "$(openssl rand -hex 16)" | b64)
SIGNATURE=$(printf '%s.%s' "$HEADER" "$CLAIMS" | openssl dgst -sha256 -sign signer.key | b64)
curl -sS --fail-with-body @TOKEN@ \\
@FORM@  --data-urlencode "@FIELD@=$HEADER.$CLAIMS.$SIGNATURE"
"""
_PYTHON: Final = """\
# pip install httpx "pyjwt[crypto]"; signer.key is the key of the app's certificate
@OS@import time
import uuid
from pathlib import Path

import httpx
import jwt

claims = {
    "iss": @KEY@,
    "sub": @SUBJECT@,
    "aud": @AUDIENCE@,
    "exp": int(time.time()) + 180,
    "jti": str(uuid.uuid4()),
}
assertion = jwt.encode(claims, Path("signer.key").read_text(), algorithm=@ALGORITHM@, headers={"kid": @KID@})
reply = httpx.post(
    @TOKEN@,
    data={
@FORM@        "@FIELD@": assertion,
    },
)
reply.raise_for_status()
print(reply.text)
"""
_JAVASCRIPT: Final = """\
// signer.key is the key of the app's certificate@USER@
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const b64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = {
  iss: @KEY@,
  sub: @SUBJECT@,
  aud: @AUDIENCE@,
  exp: Math.floor(Date.now() / 1000) + 180,
  jti: randomUUID(),
};
const signed = `${b64({ alg: @ALGORITHM@, kid: @KID@ })}.${b64(claims)}`;
const key = createPrivateKey(readFileSync("signer.key"));
const signature = sign(@HASH@, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
const reply = await fetch(@TOKEN@, {
  method: "POST",
  body: new URLSearchParams({
@FORM@    @FIELD@: `${signed}.${signature.toString("base64url")}`,
  }),
});
if (!reply.ok) throw new Error(await reply.text());
console.log(await reply.text());
"""
