"""An app that lives in a browser page of another origin: it logs a person in and redeems its code itself (S6, R17)."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import person
from tests.journeys.served import Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.requirement("S6"),
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),  # no engine has a part in it
]

VERIFIER = "single-page-app-verifier-" + "v" * 30
FETCH = """([url, options]) => fetch(url, options).then(
  async reply => ({status: reply.status, body: await reply.json(), id: reply.headers.get("x-request-id")}),
  () => "blocked")"""


@pytest.mark.enforces("cors_origins")
def test_a_page_of_an_allowed_origin_redeems_its_code_and_calls_the_apis(
    served: Served, browser: Browser, callback: str
) -> None:
    callback = callback.replace("127.0.0.1", "localhost")
    origin = f"http://{urlsplit(callback).netloc}"
    app = served.demo_app("Single_Page_App", callback)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": app["consumer_key"],
        "redirect_uri": callback,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }

    with person(browser, served.demo["users"][0], callback) as ada:
        arrived = ada.authorize(f"{served.base}/services/oauth2/authorize?{urlencode(asked)}")
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(arrived).query)["code"][0],
            "client_id": app["consumer_key"],
            "redirect_uri": callback,
            "code_verifier": VERIFIER,
        }
        send = [
            f"{served.base}/services/oauth2/token",
            {
                "method": "POST",
                "body": urlencode(form),
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
        ]
        # The page's script may send a form unasked; it is not let read the answer. So the list comes first.
        allowed = served.cli("org", "set", f"cors_origins={origin}")
        assert allowed.returncode == 0, allowed.stderr
        ada.tab.wait_for_timeout(1100)  # a running server sees a change within one second
        answer = ada.tab.evaluate(FETCH, send)
        assert answer["status"] == 200, answer
        assert answer["id"]
        bearer = {"headers": {"authorization": f"Bearer {answer['body']['access_token']}"}}

        who = ada.tab.evaluate(FETCH, [f"{served.base}/services/oauth2/userinfo", bearer])
        identity = ada.tab.evaluate(FETCH, [answer["body"]["id"], bearer])
        data = ada.tab.evaluate(FETCH, [f"{served.base}/services/data/v60.0/", bearer])
        refused = ada.tab.evaluate(FETCH, send)

        assert who["body"]["preferred_username"] == served.demo["users"][0]["username"]
        assert identity["body"]["username"] == served.demo["users"][0]["username"]
        assert data["status"] == 200
        assert refused["body"]["error"] == "invalid_grant"

        assert served.cli("org", "set", "cors_origins=").returncode == 0
        ada.tab.wait_for_timeout(1100)
        assert ada.tab.evaluate(FETCH, send) == "blocked"
        assert ada.tab.evaluate(FETCH, [f"{served.base}/services/oauth2/userinfo", bearer]) == "blocked"
