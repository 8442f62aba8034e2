"""What is measured: each case is the same work, asked of either server."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.signing import PROVIDER, assertions
from bench.target import Person, Target
from bench.wire import Answer, Script, get, post

_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:"
_JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the results. `begin` gives the script of one of so many connections.

    `alone`: the peer has no such flow. `signed`: the rate of bare RSA operations belongs beside it.
    """

    name: str
    about: str
    begin: Callable[[Target], Iterator[Script]]
    aim: str = ""
    alone: bool = False
    signed: bool = False


class OtherAnswer(RuntimeError):
    """A server answered something else than the case is about."""


def _ok(answer: Answer) -> bytes:
    if answer.status != 200:
        raise OtherAnswer(f"{answer.status} {answer.body[:300]!r}")
    return answer.body


def _same(request: bytes, holds: bytes = b"") -> Script:
    while True:
        body = _ok((yield request))
        if holds not in body:
            raise OtherAnswer(f"{holds!r} is not in {body[:300]!r}")
        yield None


def client_credentials(target: Target) -> Iterator[Script]:
    """An opaque token for the client itself."""
    body = urlencode({"grant_type": "client_credentials"} | target.client)
    request = post(target.host, target.paths["token"], body)
    while True:
        yield _same(request)


def jwt_client_credentials(target: Target) -> Iterator[Script]:
    """An RS256-signed JWT for the client itself."""
    body = urlencode({"grant_type": "client_credentials"} | target.jwt_client)
    request = post(target.host, target.paths["token"], body)
    while True:
        yield _same(request, b'"access_token":"eyJ')


def _signed(target: Target, form: dict[str, str], name: str, each: Iterator[str]) -> Script:
    while True:
        body = urlencode(form | {name: next(each)})
        _ok((yield post(target.host, target.paths["token"], body)))
        yield None


def private_key_jwt(target: Target) -> Iterator[Script]:
    """An opaque token for the client itself, which proves itself by an assertion that is verified and counts once."""
    form = {"grant_type": "client_credentials", "client_assertion_type": _CLIENT_ASSERTION}
    claims = {"iss": target.signing_id, "sub": target.signing_id, "aud": target.issuer}
    while True:
        yield _signed(target, form, "client_assertion", assertions(claims))


def jwt_bearer(target: Target) -> Iterator[Script]:
    """An opaque token for a person whom a signed assertion names; it counts once."""
    form = {"grant_type": _GRANT_TYPE + "jwt-bearer"}
    claims = {"iss": target.signing_id, "sub": "ada@demo.example", "aud": target.issuer}
    while True:
        yield _signed(target, form, "assertion", assertions(claims))


def token_exchange(target: Target) -> Iterator[Script]:
    """An opaque token for a person whom another provider's JWT names; the handler verifies it by a certificate."""
    form = {"grant_type": _GRANT_TYPE + "token-exchange", "subject_token_type": _JWT_TYPE} | target.exchange_client
    # As JWT bearer gives it: without a refresh token, with which a line of its own would be written each time.
    form["scope"] = "api"
    for connection in itertools.count():
        # Another provider's token may be exchanged again: each connection has one.
        claims = {"iss": PROVIDER, "sub": "ada@demo.example", "aud": PROVIDER, "n": str(connection)}
        body = urlencode(form | {"subject_token": next(assertions(claims, ahead=1))})
        yield _same(post(target.host, target.paths["token"], body))


def introspection(target: Target) -> Iterator[Script]:
    """A live access token of a person, another for each connection."""
    for person in itertools.cycle(target.people):
        body = urlencode({"token": person.access_token} | target.client)
        yield _same(post(target.host, target.paths["introspect"], body), b'"active":true')


def userinfo(target: Target) -> Iterator[Script]:
    """UserInfo with a person's token."""
    for person in itertools.cycle(target.people):
        yield _same(get(target.host, target.paths["userinfo"], authorization=f"Bearer {person.access_token}"))


def _refresh(target: Target, person: Person, which: str) -> Script:
    while True:
        form = {"grant_type": "refresh_token", "refresh_token": getattr(person, which)} | target.client
        found = json.loads(_ok((yield post(target.host, target.paths["token"], urlencode(form)))))
        setattr(person, which, found["refresh_token"])
        yield None


def refresh(target: Target) -> Iterator[Script]:
    """A rotation with an RS256 ID token; each connection goes on with the token of the last answer."""
    return (_refresh(target, person, "refresh_token") for person in target.people)


def plain_refresh(target: Target) -> Iterator[Script]:
    """A rotation without an ID token."""
    return (_refresh(target, person, "plain_refresh_token") for person in target.people)


def _code_flow(target: Target, cookies: str) -> Script:
    asked = get(target.host, target.authorize("openid api"), cookie=cookies, accept="text/html")
    while True:
        answer = yield asked
        code = target.code_in(answer.header(b"location"))
        _ok((yield post(target.host, target.paths["token"], target.redeem(code))))
        yield None


def code_flow(target: Target) -> Iterator[Script]:
    """Authorize with a login session and a remembered consent, then redeem the code with PKCE: two requests."""
    for person in itertools.cycle(target.people):
        yield _code_flow(target, person.cookies)


def discovery(target: Target) -> Iterator[Script]:
    """The discovery document."""
    while True:
        yield _same(get(target.host, target.paths["discovery"]))


def jwks(target: Target) -> Iterator[Script]:
    """The signing keys."""
    while True:
        yield _same(get(target.host, target.paths["jwks"]))


CASES = (
    Case(name="client_credentials", about="client credentials", begin=client_credentials, aim="2.8"),
    Case(name="jwt_client_credentials", about="client credentials, JWT", begin=jwt_client_credentials, signed=True),
    Case(name="private_key_jwt", about="client credentials by assertion", begin=private_key_jwt, signed=True),
    Case(name="jwt_bearer", about="JWT bearer", begin=jwt_bearer, alone=True, signed=True),
    Case(name="token_exchange", about="token exchange, JWT", begin=token_exchange, alone=True, signed=True),
    Case(name="introspection", about="introspection", begin=introspection, aim="4"),
    Case(name="userinfo", about="userinfo", begin=userinfo, aim="3.5"),
    Case(name="refresh", about="refresh, rotating, with ID token", begin=refresh, aim="3"),
    Case(name="plain_refresh", about="refresh, rotating, no ID token", begin=plain_refresh),
    Case(name="code_flow", about="full code flow, PKCE, ID token", begin=code_flow, aim="4"),
    Case(name="discovery", about="discovery", begin=discovery),
    Case(name="jwks", about="JWKS", begin=jwks),
)
