"""The snippets of an app's page work as they are pasted: read from the page, run against the server."""

import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.endpoints.issuer import public_jwk
from tests.endpoints.signer import signer
from tests.journeys.served import Served, fields, go, serving
from tests.toolchain import need, node

_SNIPPET = re.compile(r'<pre id="snippet-([a-z-]+)"[^>]*>(.*?)</pre>', re.DOTALL)
LANGUAGES = ["curl", "python", "javascript"]
_PATIENCE_S = 30


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo server of its own."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def console(served: Served) -> Iterator[httpx.Client]:
    """The administrator's browser, signed in to the console."""
    with httpx.Client(headers={"accept": "text/html", "origin": served.base}, timeout=30) as client:
        login = f"{served.base}/setup/login"
        admin = served.demo["admin"]
        form = fields(client.get(login).text) | {"username": admin["username"], "password": admin["password"]}
        assert client.post(login, data=form).status_code == 303
        yield client


@pytest.fixture(scope="module")
def snippets(served: Served, console: httpx.Client) -> dict[str, str]:
    """The snippets on the page of the first demo app, by their ids."""
    return _of(console, served, "Demo_App")


def _of(console: httpx.Client, served: Served, name: str) -> dict[str, str]:
    page = console.get(f"{served.base}/setup/apps/{name}")
    assert page.status_code == 200, page.text
    return {found[0]: html.unescape(found[1]) for found in _SNIPPET.findall(page.text)}


def run(served: Served, language: str, text: str, told: str = "", folder: str = ".", **variables: str) -> str:
    """Run a snippet in its language with variables in the environment; give what it printed."""
    if language == "curl":
        command = ["bash", "-euo", "pipefail", "-c", text]
    elif language == "python":
        command = [sys.executable, "-c", text]
    else:
        command = [need(node(), "Node 22"), "--input-type=module", "-e", text]
    done = subprocess.run(
        command,
        input=told,
        cwd=folder,
        env={**os.environ, "GRANTWAY_SECRET": served.app["consumer_secret"], **variables},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, (text, done.stderr)
    return done.stdout


def log_in(served: Served, snippets: dict[str, str]) -> dict[str, Any]:
    """Log a person in with the two blocks for curl, pasted into one shell after the other."""
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as person:
        out = run(served, "curl", snippets["link-curl"] + 'echo "$VERIFIER"\n')
        link, verifier = out.split()
        answer = parse_qs(urlsplit(go(served, person, link)).query)
        code, state = answer["code"][0], answer["state"][0]
    assert f"state={state}" in link
    tokens: dict[str, Any] = json.loads(run(served, "curl", snippets["code-curl"], CODE=code, VERIFIER=verifier))
    return tokens


def test_the_curl_blocks_log_a_person_in(served: Served, snippets: dict[str, str]) -> None:
    tokens = log_in(served, snippets)

    assert tokens["refresh_token"]
    assert tokens["token_type"] == "Bearer"


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_script_sends_a_person_to_log_in_and_redeems_the_code(
    served: Served, snippets: dict[str, str], language: str
) -> None:
    text = snippets[f"web-{language}"]
    program = (
        [sys.executable, "-c", text]
        if language == "python"
        else [need(node(), "Node 22"), "--input-type=module", "-e", text]
    )
    with (
        httpx.Client(headers={"accept": "text/html"}, timeout=30) as person,
        subprocess.Popen(
            program,
            env={**os.environ, "GRANTWAY_SECRET": served.app["consumer_secret"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        link = process.stdout.readline().split()[-1]
        printed, _ = process.communicate(go(served, person, link) + "\n", timeout=_PATIENCE_S)

    assert process.returncode == 0
    assert json.loads(printed[printed.index("{") :])["refresh_token"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_other_snippet_does_what_it_says(served: Served, snippets: dict[str, str], language: str) -> None:
    first = log_in(served, snippets)

    def use(name: str, **variables: str) -> str:
        return run(served, language, snippets[f"{name}-{language}"], **variables)

    second = json.loads(use("refresh", REFRESH_TOKEN=first["refresh_token"]))
    person = json.loads(use("userinfo", ACCESS_TOKEN=second["access_token"]))
    before = json.loads(use("introspect", ACCESS_TOKEN=second["access_token"]))
    use("revoke", TOKEN=second["refresh_token"])
    after = json.loads(use("introspect", ACCESS_TOKEN=second["access_token"]))
    machine = json.loads(use("client"))

    assert person["preferred_username"] == served.demo["users"][0]["username"]
    assert before["active"] is True
    assert after["active"] is False
    assert machine["access_token"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_work_at_the_standards_door_too(served: Served, console: httpx.Client, language: str) -> None:
    assert served.cli("app", "set", "Demo_App", "doors=standards").returncode == 0
    try:
        snippets = _of(console, served, "Demo_App")
        first = log_in(served, snippets)
        assert "/oidc/token" in snippets["code-curl"]

        def use(name: str, **variables: str) -> str:
            return run(served, language, snippets[f"{name}-{language}"], **variables)

        second = json.loads(use("refresh", REFRESH_TOKEN=first["refresh_token"]))
        assert json.loads(use("userinfo", ACCESS_TOKEN=second["access_token"]))["sub"]
        use("revoke", TOKEN=second["refresh_token"])
        assert json.loads(use("introspect", ACCESS_TOKEN=second["access_token"]))["active"] is False
    finally:
        assert served.cli("app", "set", "Demo_App", "doors=both").returncode == 0


@pytest.mark.parametrize(
    ("keys", "kind"),
    [("certificate", "RSA"), ("certificate", "P-256"), ("certificate", "Ed25519"), ("jwks", "RSA"), ("jwks", "P-256")],
)
def test_an_assertion_is_signed_with_a_key_of_the_app(
    served: Served, console: httpx.Client, tmp_path: Path, keys: str, kind: str
) -> None:
    name = f"Signing_{keys}_{kind.replace('-', '')}"
    (tmp_path / "signer.key").write_text(signer(kind).pem)
    published = {"keys": [public_jwk(kind, use="enc"), public_jwk(kind, kid='2026 "A"')]}
    (tmp_path / "keys").write_text(signer(kind).certificate if keys == "certificate" else json.dumps(published))
    settings = ("callback_url=https://localhost/unused", 'scopes=["api", "refresh_token"]')
    policy = ("permitted_users=admin_approved", 'profiles=["Standard User"]', f"{keys}=@{tmp_path}/keys")
    made = served.cli("app", "create", name, "--contact-email", "ops@demo.example", *settings, *policy)
    assert made.returncode == 0, made.stderr
    snippets = {id_: text for id_, text in _of(console, served, name).items() if id_.startswith("jwt-")}

    # openssl writes signatures of EC keys in a form that JWTs do not take.
    assert len(snippets) == (3 if kind == "RSA" else 2)
    for id_, text in snippets.items():
        user = served.demo["users"][0]["username"]
        language = id_.removeprefix("jwt-")
        assert json.loads(run(served, language, text, folder=str(tmp_path), GRANTWAY_USER=user))["scope"] == "api"


@pytest.fixture(scope="module")
def machines(served: Served, console: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The snippets of an app of machines, which also exchanges another provider's tokens; `folder` holds its key."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "signer.key").write_text(signer().pem)
    (folder / "signer.crt").write_text(signer().certificate)
    certificate = f"certificate=@{folder}/signer.crt"
    issuer = ("issuer=https://id.harbour.example", "audiences=https://harbour.example", certificate)
    user = served.demo["users"][0]["username"]
    for command in (
        ("app", "create", "Machines", "--contact-email", "ops@demo.example", "callback_url=https://localhost/unused"),
        ("app", "set", "Machines", 'scopes=["api", "openid"]', certificate),
        ("app", "set", "Machines", "client_credentials=true", f"run_as={user}", "asset_tokens=true"),
        ("app", "set", "Machines", "asset_token_audiences=https://devices.example", "token_exchange=true"),
        ("app", "set", "Machines", "token_exchange_allowed=true", "permitted_users=admin_approved"),
        ("app", "set", "Machines", 'profiles=["Standard User"]'),
        ("handler", "create", "Harbour_IdP", *issuer),
        ("handler", "enable", "Harbour_IdP", "Machines", "--run-as", user, "--default"),
    ):
        done = served.cli(*command)
        assert done.returncode == 0, done.stderr
    shown = json.loads(served.cli("app", "show", "Machines", "--reveal", "--json").stdout)
    return {**_of(console, served, "Machines"), "folder": str(folder), "secret": shown["consumer_secret"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_machines_prove_themselves_by_a_key_exchange_tokens_and_get_their_devices_asset_tokens(
    served: Served, machines: dict[str, str], language: str
) -> None:
    folder = machines["folder"]
    by_key = json.loads(run(served, language, machines[f"key-{language}"], folder=folder, GRANTWAY_SECRET=""))
    claims = {"iss": "https://id.harbour.example", "aud": "https://harbour.example", "exp": int(time.time()) + 300}
    outside = signer().sign({**claims, "sub": served.demo["users"][0]["username"]})
    variables = {"SUBJECT_TOKEN": outside, "GRANTWAY_SECRET": machines["secret"]}
    exchanged = json.loads(run(served, language, machines[f"exchange-{language}"], **variables))

    assert (by_key["scope"], exchanged["scope"]) == ("api openid", "api openid")
    if language != "curl":
        device = {**variables, "ACCESS_TOKEN": exchanged["access_token"], "SERIAL_NUMBER": f"SN-{language}"}
        assert json.loads(run(served, language, machines[f"asset-{language}"], **device))["access_token"].startswith(
            "eyJ"
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_username_and_password_are_sent_where_app_and_org_allow_it(
    served: Served, console: httpx.Client, language: str
) -> None:
    user = served.demo["users"][0]
    assert served.cli("app", "set", "Demo_App", "username_password=true").returncode == 0
    assert served.cli("org", "set", "block_username_password_flow=false").returncode == 0
    assert served.cli("org", "set", "trusted_ip_ranges=127.0.0.1 - 127.0.0.1").returncode == 0
    text = _of(console, served, "Demo_App")[f"password-{language}"]

    told = run(served, language, text, GRANTWAY_USER=user["username"], GRANTWAY_PASSWORD=user["password"])
    assert json.loads(told)["access_token"]


def test_a_public_app_is_sent_no_secret_and_its_snippets_ask_for_none(served: Served, console: httpx.Client) -> None:
    snippets = _of(console, served, "PlatformCLI")

    first = log_in(served, snippets)
    second = json.loads(run(served, "curl", snippets["refresh-curl"], REFRESH_TOKEN=first["refresh_token"]))

    assert second["access_token"]
    assert not any("SECRET" in text for name, text in snippets.items() if "introspect" not in name)


def test_no_secret_of_any_app_stands_in_a_snippet(served: Served, console: httpx.Client) -> None:
    for app in served.demo["apps"]:
        for text in _of(console, served, app["name"]).values():
            assert app["consumer_secret"] not in text
