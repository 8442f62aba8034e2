"""Logging a person in, with PKCE: where to send the browser, and what to do with the code."""

import re
import shlex
from collections.abc import Callable
from typing import Final

from grantway import settings as s
from grantway.console.snippets.snippet import SECRET, Snippet, door_path, literal
from grantway.domain.app import InstalledApp

_PLACE: Final = re.compile("@(AUTHORIZE|TOKEN|KEY|CALLBACK)@")


def web_server(app: InstalledApp, base: str) -> list[Snippet]:
    """Return the snippets that log a person in."""
    door = base + door_path(app)
    filled = {
        "AUTHORIZE": f"{door}/authorize",
        "TOKEN": f"{door}/token",
        "KEY": app.consumer_key,
        "CALLBACK": app[s.CALLBACK_URL][0],
    }
    with_secret = app[s.REQUIRE_SECRET_FOR_WEB_SERVER_FLOW]

    def fill(template: str, quote: Callable[[str], str], secret: str) -> str:
        text = template.replace("@SECRET@", secret if with_secret else "")
        return _PLACE.sub(lambda found: quote(filled[found[1]]), text)

    return [
        Snippet(
            id="link-curl", name="log a person in, first the link", language="curl", text=fill(_LINK, shlex.quote, "")
        ),
        Snippet(
            id="code-curl",
            name="log a person in, then the code",
            language="curl",
            text=fill(_CODE, shlex.quote, f' \\\n  --data-urlencode "client_secret=${SECRET}"'),
        ),
        Snippet(
            id="web-python",
            name="log a person in",
            language="Python",
            text=fill(_WEB_PYTHON, literal, f'        "client_secret": os.environ["{SECRET}"],\n'),
        ),
        Snippet(
            id="web-javascript",
            name="log a person in",
            language="JavaScript",
            text=fill(_WEB_JAVASCRIPT, literal, f"    client_secret: process.env.{SECRET},\n"),
        ),
    ]


_LINK: Final = """\
VERIFIER=$(openssl rand -base64 48 | tr -d '\\n=' | tr '/+' '_-')
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 | tr -d '\\n=' | tr '/+' '_-')
STATE=$(openssl rand -hex 16)
# Where you send the person's browser:
curl -sS -o /dev/null -w '%{url_effective}\\n' --get @AUTHORIZE@ \\
  --data-urlencode response_type=code \\
  --data-urlencode client_id=@KEY@ \\
  --data-urlencode redirect_uri=@CALLBACK@ \\
  --data-urlencode "state=$STATE" \\
  --data-urlencode "code_challenge=$CHALLENGE" \\
  --data-urlencode code_challenge_method=S256
"""
_CODE: Final = """\
# In the same shell: CODE is what the callback was given, if its state was $STATE
curl -sS --fail-with-body @TOKEN@ \\
  --data-urlencode grant_type=authorization_code \\
  --data-urlencode "code=$CODE" \\
  --data-urlencode client_id=@KEY@ \\
  --data-urlencode redirect_uri=@CALLBACK@ \\
  --data-urlencode "code_verifier=$VERIFIER"@SECRET@
"""
_WEB_PYTHON: Final = """\
import base64
import hashlib
import os
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

verifier = secrets.token_urlsafe(48)
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
state = secrets.token_urlsafe(16)
asked = {
    "response_type": "code",
    "client_id": @KEY@,
    "redirect_uri": @CALLBACK@,
    "state": state,
    "code_challenge": challenge,
    "code_challenge_method": "S256",
}
print("Send the browser to", @AUTHORIZE@ + "?" + urlencode(asked), flush=True)

answer = parse_qs(urlsplit(input("Where did it arrive? ")).query)
if answer["state"] != [state]:
    raise SystemExit("This answer belongs to another request.")
reply = httpx.post(
    @TOKEN@,
    data={
        "grant_type": "authorization_code",
        "code": answer["code"][0],
        "client_id": @KEY@,
        "redirect_uri": @CALLBACK@,
        "code_verifier": verifier,
@SECRET@    },
)
reply.raise_for_status()
print(reply.text)
"""
_WEB_JAVASCRIPT: Final = """\
// Node 20 or newer, saved as login.mjs
import { createHash, randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";

const verifier = randomBytes(48).toString("base64url");
const state = randomBytes(16).toString("base64url");
const asked = new URLSearchParams({
  response_type: "code",
  client_id: @KEY@,
  redirect_uri: @CALLBACK@,
  state,
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
});
console.log("Send the browser to", @AUTHORIZE@ + "?" + asked);

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const answer = new URL(await terminal.question("Where did it arrive? ")).searchParams;
terminal.close();
if (answer.get("state") !== state) throw new Error("This answer belongs to another request.");
const reply = await fetch(@TOKEN@, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "authorization_code",
    code: answer.get("code"),
    client_id: @KEY@,
    redirect_uri: @CALLBACK@,
    code_verifier: verifier,
@SECRET@  }),
});
if (!reply.ok) throw new Error(await reply.text());
console.log(await reply.text());
"""
