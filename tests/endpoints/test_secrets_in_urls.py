"""Nothing secret in a URL: refused at every endpoint that reads parameters, at both doors (decision 2, S21a)."""

import re

import pytest

from grantway.endpoints.parameters import SECRET_PARAMETERS
from grantway.store.statement import Statement
from grantway.web import routes
from tests.endpoints import answers as a
from tests.endpoints.asks import CONSENT, PUBLIC
from tests.endpoints.house import SALESFORCE, STANDARDS, House
from tests.endpoints.raw import FORM, HTML, Answer, Wire

SECRET = "Zz9-a-secret-that-nobody-else-has"
FORMS: dict[str, tuple[str, tuple[str, ...], a.Form]] = {
    "/services/oauth2/token": ("POST", (), a.oauth_json),
    "/oidc/token": ("POST", (), a.oauth_json),
    "/services/oauth2/introspect": ("POST", (), a.oauth_json),
    "/oidc/introspect": ("POST", (), a.oauth_json),
    "/services/oauth2/revoke": ("POST", (), a.pair),
    "/oidc/revoke": ("POST", (), a.oauth_json),
    "/services/oauth2/userinfo": ("GET", ("POST",), a.word),
    "/oidc/userinfo": ("GET", ("POST",), a.bearer),
    "/services/oauth2/authorize": ("GET", ("POST",), a.page),
    "/oidc/authorize": ("GET", ("POST",), a.page),
    "/login": ("GET", ("POST",), a.page),
    CONSENT: ("GET", ("POST",), a.page),
    "/id/": ("GET", ("POST",), a.word),
    "/services/data/": ("GET", (), a.array),
    "/services/oauth2/register": ("POST", (), a.oauth_json),
    "/oidc/register": ("POST", (), a.oauth_json),
    "/services/oauth2/register/": ("GET", ("PUT", "DELETE"), a.oauth_json),
    "/oidc/register/": ("GET", ("PUT", "DELETE"), a.oauth_json),
}
READ_WHERE_ALLOWED = (
    "/services/oauth2/token",
    "/services/oauth2/revoke",
    "/services/oauth2/userinfo",
    "/id/",
    "/services/data/",
)
BELOW = {
    "/id/": "00D000000000001/005000000000001",
    "/services/data/": "v66.0/",
    "/services/oauth2/register/": "x",
    "/oidc/register/": "x",
}


def test_every_endpoint_that_reads_parameters_is_looked_at() -> None:
    prefixes = {prefix for prefix, _ in routes.PREFIXES if not prefix.startswith("/setup/")} - {
        "/assets/",
        "/pictures/",
    }
    assert set(FORMS) == (set(routes.EXACT) | prefixes) - (set(PUBLIC) - {"/services/data/"}) - {"/setup"}


@pytest.mark.parametrize("path", FORMS)
async def test_a_secret_in_the_url_is_refused_and_stands_nowhere(
    house: House, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, others, form = FORMS[path]
    wire = Wire(house)

    for method in (first, *others):
        for name in SECRET_PARAMETERS:
            sent = f"x=1&{name}={SECRET}".encode()
            answer = await wire.send(
                method,
                path + BELOW.get(path, ""),
                query=sent,
                media_type=FORM if method == "POST" else b"",
                headers=(HTML,),
            )
            assert answer.status == 400, (method, name, answer)
            assert form(answer), (method, name, answer)
            assert SECRET not in answer.text + str(answer.headers)

    assert set(await house.reasons()) == {
        "request.secret_in_legacy_url" if path in READ_WHERE_ALLOWED else "request.secret_in_url"
    }
    rows = await house.db.all(Statement("SELECT * FROM refusal"))
    assert SECRET not in f"{rows} {caplog.text}"


@pytest.mark.parametrize("name", ["oauth_token", "access_token"])
async def test_a_parameter_that_only_repeats_the_headers_token_is_ignored(house: House, name: str) -> None:
    """As jsforce sends it to the identity URL (clients.md)."""
    app = await house.app()
    line = await house.sign_in(app)
    there = await house.sign_in(app, door=STANDARDS)
    identity = line["id"].removeprefix("http://localhost:8400")
    wire = Wire(house)

    async def ask(path: str, token: str, sent: str) -> Answer:
        return await wire.get(path, {"format": "json", name: sent}, (b"authorization", f"Bearer {token}".encode()))

    for path, token in (
        (identity, line["access_token"]),
        (f"{SALESFORCE}/userinfo", line["access_token"]),
        ("/services/data/v66.0/", line["access_token"]),
        (f"{STANDARDS}/userinfo", there["access_token"]),
    ):
        assert (await ask(path, token, token)).status == 200
        assert (await ask(path, token, token[:-1])).status == 400
    assert not re.search(line["access_token"][-40:], str(await house.db.all(Statement("SELECT * FROM refusal"))))
