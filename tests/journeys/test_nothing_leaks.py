"""After a day's work nothing secret stands in the logs, the answers, the refusals or the database file (S54, S56)."""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.journeys.served import Served, redeem, refresh, serving, walk

# Sent where the right one belongs, or where nothing secret belongs; none of it may be kept either.
WRONG = {
    name: f"Zz9wrong-{name.replace('_', '-')}-that-nobody-else-has"
    for name in ("client_secret", "password", "code", "code_verifier", "refresh_token", "token", "access_token")
}


@dataclass
class Day:
    """What a server was told and said, and what it left behind."""

    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    log: str = ""
    folder: Path = Path()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Flows at both doors that succeed and fail, and then the server ends."""
    day = Day(folder=tmp_path_factory.mktemp("data"))
    with serving(day.folder) as served:
        for door in ("/services/oauth2", "/oidc"):
            work(served, day, door)
    day.log = "".join(served.log)
    return day


def work(served: Served, day: Day, door: str) -> None:
    """Log in, redeem, refresh, introspect, revoke; and everything once more with something wrong."""
    client = {"client_id": served.app["consumer_key"], "client_secret": served.app["consumer_secret"]}
    day.secrets["consumer secret"] = client["client_secret"]
    day.secrets["password"] = served.demo["users"][0]["password"]
    with httpx.Client(headers={"accept": "text/html"}, timeout=30, follow_redirects=False) as browser:
        signed_in = walk(served, browser, door=door)
        line = redeem(served, browser, signed_in, door).json()
        after = refresh(served, browser, line["refresh_token"], door).json()
        day.secrets |= {f"cookie {name} of {door}": value for name, value in browser.cookies.items() if len(value) > 20}
        day.secrets |= {
            f"code of {door}": signed_in.answer["code"],
            f"verifier of {door}": signed_in.verifier,
            f"access token of {door}": line["access_token"],
            f"second access token of {door}": after["access_token"],
            f"refresh token of {door}": line["refresh_token"],
            f"second refresh token of {door}": after.get("refresh_token", line["refresh_token"]),
            f"ID token of {door}": line["id_token"],
        }

        def say(method: str, path: str, **sent: dict[str, str]) -> None:
            reply = browser.request(method, served.base + path, **sent)  # type: ignore[arg-type]
            assert reply.status_code < 500
            if reply.status_code >= 300:
                day.answers.append(f"{reply.headers} {reply.text}")

        bearer = {"authorization": f"Bearer {after['access_token']}"}
        say("GET", f"{door}/userinfo", headers=bearer)
        say("GET", f"{door}/userinfo", headers=bearer, params={"access_token": WRONG["access_token"]})
        say("GET", "/services/data/v66.0/", headers={"authorization": f"Bearer {WRONG['access_token']}"})
        code = {"grant_type": "authorization_code", "code": signed_in.answer["code"], **client}
        code |= {"redirect_uri": served.app["callback_url"], "code_verifier": signed_in.verifier}
        renewal = {"grant_type": "refresh_token", "refresh_token": line["refresh_token"], **client}
        for right in (code, renewal, {"token": line["access_token"], **client}, {"token": line["refresh_token"]}):
            for path in ("token", "introspect", "revoke"):
                say("POST", f"{door}/{path}", data=right)
                for name in right.keys() & WRONG.keys():
                    say("POST", f"{door}/{path}", data=right | {name: WRONG[name]})
                    say("POST", f"{door}/{path}", params={name: right[name]})
                say("POST", f"{door}/{path}", params=right)
                say("POST", f"{door}/{path}", data=right | {"scope": "nothing"}, headers={"accept": "*/*"})
        say("GET", f"{door}/authorize", params=code)
        say("GET", f"{door}/authorize", params={"client_id": client["client_id"], "id_token_hint": line["id_token"]})
        say("GET", "/login", params={"password": day.secrets["password"]})
        basic = base64.b64encode(f"{client['client_id']}:{WRONG['client_secret']}".encode()).decode()
        say("POST", f"{door}/token", headers={"authorization": f"Basic {basic}"}, data={"grant_type": "x"})
    with httpx.Client(headers={"accept": "text/html"}, timeout=30, follow_redirects=True) as browser:
        page = browser.get(
            f"{served.base}{door}/authorize",
            params={
                "response_type": "code",
                "client_id": client["client_id"],
                "redirect_uri": served.app["callback_url"],
                "code_challenge": "a" * 43,
                "code_challenge_method": "S256",
            },
        )
        hidden = dict(re.findall(r'name="(transaction|csrf)" value="([^"]+)"', page.text))
        again = browser.post(
            f"{served.base}/login", data={**hidden, "username": "nobody@demo.example", "password": WRONG["password"]}
        )
        day.answers.append(again.text)
        assert "do not fit together" in again.text


def found_in(day: Day, text: bytes) -> list[str]:
    """Return the names of the secrets that stand in a text: whole, their last 40 characters, or in another coding."""
    found = []
    for name, secret in [*day.secrets.items(), *((f"wrong {name}", value) for name, value in WRONG.items())]:
        raw = secret.encode()
        forms = (
            raw,
            raw[-40:],
            raw.hex().encode(),
            base64.b64encode(raw)[:-4],
            secret.encode("utf-16-le"),
            raw.lower(),
        )
        if any(form in text for form in forms):
            found.append(name)
    return found


@pytest.mark.requirement("S54")
def test_nothing_secret_stands_in_the_files_of_the_database(day: Day) -> None:
    files = [file for file in day.folder.iterdir() if file.name.startswith("grantway.db")]
    text = b"".join(file.read_bytes() for file in files)

    assert b"request.secret_in_url" in text  # this is where refusals stand
    assert found_in(day, text) == []


@pytest.mark.requirement("S56")
def test_nothing_secret_stands_in_what_the_server_prints_once_it_is_ready(day: Day) -> None:
    assert found_in(day, day.log.encode()) == []


def test_nothing_secret_stands_in_an_answer_that_refuses(day: Day) -> None:
    assert len(day.answers) > 100
    assert found_in(day, "\n".join(day.answers).encode()) == []
