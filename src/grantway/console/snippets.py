"""Ready-to-paste requests for the flows that an app has on, filled in for it; a secret is always a variable."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.protocol.scopes import allows_refresh
from grantway.settings.choices import Doors

_SECRET: Final = "GRANTWAY_SECRET"
_PLACE: Final = re.compile("@(AUTHORIZE|TOKEN|KEY|CALLBACK)@")
_USERINFO: Final = frozenset({"openid", "id", "profile", "email", "address", "phone", "full"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One piece of code: `name` is the flow's, `language` curl, Python or JavaScript; `id` is unique on the page."""

    id: str
    name: str
    language: str
    text: str

    @property
    def title(self) -> str:
        """How it is called on the page."""
        return f"{self.language}: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an endpoint: the fixed parameters, and those that come from the environment (field, variable)."""

    id: str
    name: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    bearer: bool = False
    note: str = ""


def endpoints_of(app: InstalledApp, base: str) -> tuple[tuple[str, str], ...]:
    """Return the addresses that a client of an app is set up with, by what they are for."""
    door = door_path(app)
    discovery = f"{base}{'/oidc' if door == '/oidc' else ''}/.well-known/openid-configuration"
    return (("Authorize", f"{base}{door}/authorize"), ("Token", f"{base}{door}/token"), ("Discovery", discovery))


def door_path(app: InstalledApp) -> str:
    """Return where the endpoints stand that an app is served at; Salesforce's where it may choose."""
    return "/oidc" if app[s.DOORS] is Doors.STANDARDS else "/services/oauth2"


def flows_of(app: InstalledApp) -> tuple[str, ...]:
    """Return the flows that an app has on, in words."""
    if not app[s.OAUTH_ENABLED]:
        return ()
    web = ("Web Server",) if app[s.CALLBACK_URL] else ()
    refresh = ("Refresh Token",) if web and _refreshes(app) else ()
    return (*web, *refresh, *(("Client Credentials",) if app[s.CLIENT_CREDENTIALS] else ()))


def snippets_of(app: InstalledApp, base: str) -> tuple[Snippet, ...]:
    """Return the snippets for every flow that an app has on, each in three languages."""
    flows = flows_of(app)
    if not flows:
        return ()
    found: list[Snippet] = []
    if "Web Server" in flows:
        found += _web_server(app, base)
    for call in _calls(app, flows):
        url = base + door_path(app) + call.path
        for language, write in (("curl", _curl), ("Python", _python), ("JavaScript", _javascript)):
            found.append(
                Snippet(
                    id=f"{call.id}-{language.lower()}", name=call.name, language=language, text=write(call, url) + "\n"
                )
            )
    return tuple(found)


def _refreshes(app: InstalledApp) -> bool:
    scopes: tuple[str, ...] = app[s.SCOPES]
    return allows_refresh(scopes) and app[s.REFRESH_TOKEN_POLICY].form != "zero"


def _calls(app: InstalledApp, flows: tuple[str, ...]) -> list[Call]:
    key, secret = ("client_id", app.consumer_key), ("client_secret", _SECRET)
    standards = door_path(app) == "/oidc"
    public = not app[s.REQUIRE_SECRET_FOR_REFRESH_TOKEN_FLOW]
    calls = []
    scopes: tuple[str, ...] = app[s.SCOPES]
    if "Refresh Token" in flows:
        calls.append(
            Call(
                id="refresh",
                name="refresh",
                path="/token",
                fields=(("grant_type", "refresh_token"), key),
                variables=(("refresh_token", "REFRESH_TOKEN"), *(() if public else (secret,))),
                note="Rotation is on: keep the new refresh_token before you use the access token."
                if app[s.REFRESH_TOKEN_ROTATION]
                else "",
            )
        )
    if "Client Credentials" in flows:
        fields = (("grant_type", "client_credentials"), key)
        calls.append(Call(id="client", name="client credentials", path="/token", fields=fields, variables=(secret,)))
    if _USERINFO.intersection(scopes):
        calls.append(Call(id="userinfo", name="who the user is", path="/userinfo", bearer=True))
    token = ("token", "ACCESS_TOKEN")
    calls.append(
        Call(id="introspect", name="introspect a token", path="/introspect", fields=(key,), variables=(token, secret))
    )
    authenticates = () if public else (secret,)
    calls.append(
        Call(
            id="revoke",
            name="revoke a token",
            path="/revoke",
            fields=(key,) if standards else (),
            variables=(("token", "TOKEN"), *(authenticates if standards else ())),
            note="An access token ends alone, a refresh token with all that came of it.",
        )
    )
    return calls


def _curl(call: Call, url: str) -> str:
    lines = [f"curl -sS --fail-with-body {shlex.quote(url)}"]
    if call.bearer:
        lines.append('-H "Authorization: Bearer $ACCESS_TOKEN"')
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in call.fields]
    lines += [f'--data-urlencode "{name}=${variable}"' for name, variable in call.variables]
    return _comment("#", call.note) + " \\\n  ".join(lines)


def _python(call: Call, url: str) -> str:
    head = f"import os\n\nimport httpx\n\n{_comment('#', call.note)}"
    if call.bearer:
        sent = 'headers={"Authorization": f"Bearer {os.environ[\'ACCESS_TOKEN\']}"}'
        return f"{head}reply = httpx.get({_py(url)}, {sent})\n{_PRINT}"
    fields = "".join(f"        {_py(name)}: {_py(value)},\n" for name, value in call.fields)
    fields += "".join(f"        {_py(name)}: os.environ[{_py(variable)}],\n" for name, variable in call.variables)
    return f"{head}reply = httpx.post(\n    {_py(url)},\n    data={{\n{fields}    }},\n)\n{_PRINT}"


def _javascript(call: Call, url: str) -> str:
    head = _comment("//", call.note)
    if call.bearer:
        sent = "headers: { authorization: `Bearer ${process.env.ACCESS_TOKEN}` },"
        return f"{head}const reply = await fetch({_js(url)}, {{\n  {sent}\n}});\n{_LOG}"
    fields = "".join(f"    {name}: {_js(value)},\n" for name, value in call.fields)
    fields += "".join(f"    {name}: process.env.{variable},\n" for name, variable in call.variables)
    sent = f'  method: "POST",\n  body: new URLSearchParams({{\n{fields}  }}),\n'
    return f"{head}const reply = await fetch({_js(url)}, {{\n{sent}}});\n{_LOG}"


_PRINT: Final = "reply.raise_for_status()\nprint(reply.text)"
_LOG: Final = "if (!reply.ok) throw new Error(await reply.text());\nconsole.log(await reply.text());"


def _web_server(app: InstalledApp, base: str) -> list[Snippet]:
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
            text=fill(_CODE, shlex.quote, f' \\\n  --data-urlencode "client_secret=${_SECRET}"'),
        ),
        Snippet(
            id="web-python",
            name="log a person in",
            language="Python",
            text=fill(_WEB_PYTHON, _py, f'        "client_secret": os.environ["{_SECRET}"],\n'),
        ),
        Snippet(
            id="web-javascript",
            name="log a person in",
            language="JavaScript",
            text=fill(_WEB_JAVASCRIPT, _js, f"    client_secret: process.env.{_SECRET},\n"),
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


def _py(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _js(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _comment(mark: str, text: str) -> str:
    return f"{mark} {text}\n" if text else ""
