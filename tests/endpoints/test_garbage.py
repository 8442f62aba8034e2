"""Garbage anywhere is refused in the dialect of the place, with a request id, and changes nothing (S2, S53)."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings

from grantway.web import routes
from tests.endpoints import answers, asks
from tests.endpoints.asks import Ask
from tests.endpoints.garbage import KINDS, NOISE, spoilt
from tests.endpoints.lasting import Run, lasting_house
from tests.endpoints.raw import FORM, Answer, Headers
from tests.endpoints.stage import Stage, set_stage

ALL = {**asks.EXACT, **{f"{prefix}…": made for prefix, made in asks.PREFIXES.items()}}
FEW = settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BEGINNINGS = ("/nothing/", "/oidc/", "/services/oauth2/", "/.well-known/")
BODIES: dict[str, tuple[bytes, Callable[[dict[str, str]], bytes], Headers]] = {
    "JSON": (b"application/json", lambda fields: json.dumps(fields).encode(), ()),
    "JSON, said to be a form": (FORM, lambda fields: json.dumps(fields).encode(), ()),
    "text": (b"text/plain", lambda fields: urlencode(fields).encode(), ()),
    "a form without a type": (b"", lambda fields: urlencode(fields).encode(), ()),
    "a type of 8 kB": (b"x/" + b"y" * 8000, lambda fields: urlencode(fields).encode(), ()),
    "a type that is no text": (b"\xff\xfe", lambda fields: urlencode(fields).encode(), ()),
    "a compressed form": (
        FORM,
        lambda fields: gzip.compress(urlencode(fields).encode()),
        ((b"content-encoding", b"gzip"),),
    ),
    "a form in UTF-16": (FORM, lambda fields: urlencode(fields).encode("utf-16"), ()),
    "a form of 101 fields": (
        FORM,
        lambda fields: urlencode({**fields, **{f"x{n}": "" for n in range(101)}}).encode(),
        (),
    ),
    "a form of 65 kB": (FORM, lambda fields: urlencode({**fields, "x": "x" * 66_000}).encode(), ()),
    "multipart without a boundary": (b"multipart/form-data", lambda fields: urlencode(fields).encode(), ()),
    "multipart that ends too early": (b"multipart/form-data; boundary=b", lambda fields: b"--b\r\nContent-Di", ()),
    "multipart with a file": (
        b"multipart/form-data; boundary=b",
        lambda fields: b'--b\r\nContent-Disposition: form-data; name="x"; filename="f"\r\n\r\n1\r\n--b--\r\n',
        (),
    ),
    "nothing": (FORM, lambda fields: b"", ()),
    "only separators": (FORM, lambda fields: b"&&&=&=&&", ()),
}


@dataclass(frozen=True)
class Staged:
    """One stage for all tests of this file: none of them may change anything."""

    stage: Stage
    run: Run[Any]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    with lasting_house(tmp_path_factory.mktemp("stage")) as (house, run):
        yield Staged(run(set_stage(house)), run)


def test_every_route_has_its_garbage() -> None:
    # The console's and the admin API's are in their own tests: their forms and tokens are other ones.
    # Registration takes JSON: test_registration has its garbage.
    registers = {"/services/oauth2/register", "/oidc/register"}
    assert set(asks.EXACT) == set(routes.EXACT) - {"/setup"} - registers
    prefixes = {prefix for prefix, _ in routes.PREFIXES if not prefix.startswith("/setup/")}
    assert set(asks.PREFIXES) == prefixes - {f"{path}/" for path in registers} - {"/pictures/"}


@pytest.mark.parametrize("route", ALL)
@FEW
@given(noise=NOISE)
def test_garbage_in_one_field_is_refused_and_changes_nothing(staged: Staged, route: str, noise: str) -> None:
    for ask in ALL[route](staged.stage):
        before = staged.run(staged.stage.state())
        for field in ask.named:
            for kind in KINDS:
                sent = spoilt(ask.fields, field, kind, ask.others.get(field, ""), noise)
                answer = staged.run(_send(staged.stage, ask, sent))
                case = f"{ask.method} {ask.path}: {kind} in {field}: {answer}"
                assert any(form(answer) for form in ask.forms), case
                assert answer.headers["x-request-id"]
        assert staged.run(staged.stage.state()) == before, f"{ask.method} {ask.path}"


@pytest.mark.parametrize("route", ALL)
def test_other_methods_are_refused(staged: Staged, route: str) -> None:
    ask = ALL[route](staged.stage)[0]
    found = routes.route_of(ask.path)
    assert found is not None
    allowed = found.methods or ("POST",)
    before = staged.run(staged.stage.state())

    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get", "X" * 300} - {*allowed}:
        answer = staged.run(staged.stage.wire.send(method, ask.path))
        assert refused_at_the_edge(ask.path, answer), f"{method} {ask.path}: {answer}"
        assert answer.headers["x-request-id"]
        assert answer.status in (400, 405)
    assert staged.run(staged.stage.state()) == before


@pytest.mark.parametrize("damage", BODIES)
def test_other_bodies_than_sound_forms_are_refused(staged: Staged, damage: str) -> None:
    media_type, wrap, headers = BODIES[damage]
    stage = staged.stage
    before = staged.run(stage.state())
    for ask in (ask for made in ALL.values() for ask in made(stage) if ask.method == "POST"):
        sent = stage.wire.send(
            "POST", ask.path, body=wrap(ask.fields), media_type=media_type, headers=(*ask.headers, *headers)
        )
        answer = staged.run(sent)
        case = f"{damage} to {ask.path}: {answer}"
        assert refused_at_the_edge(ask.path, answer) or any(form(answer) for form in ask.forms), case
        assert answer.headers["x-request-id"]
    assert staged.run(stage.state()) == before


@pytest.mark.parametrize("route", ["/services/oauth2/userinfo", "/oidc/userinfo", "/id/…", "/services/data/…"])
def test_garbage_for_an_access_token_is_refused(staged: Staged, route: str) -> None:
    stage = staged.stage
    for ask in ALL[route](stage):
        good = stage.held["/oidc" if ask.path.startswith("/oidc") else "/services/oauth2"]["access_token"].encode()
        for value in (
            b"", b"Bearer", b"Bearer ", b"Bearer  ", b"Bearer\t" + good, b"Basic " + good, b"Token " + good, good,
            b"Bearer " + good[:-1], b"Bearer " + good + b"A", b"Bearer " + good + b", Bearer " + good,
            b"Bearer " + good.swapcase(), b"Bearer \xff\xfe", b"Bearer " + b"\xc3\xa9" * 56, b"Bearer " + b"9" * 8000,
            b"OAuth " + good.replace(b"!", b"%21"), b'Bearer "' + good + b'"', b"Bearer x.y.z", b"Negotiate x",
        ):  # fmt: skip
            answer = staged.run(stage.wire.send("GET", ask.path, headers=((b"authorization", value),)))
            assert any(form(answer) for form in ask.forms), f"{value!r} to {ask.path}: {answer}"
            assert answer.status in (401, 403)


@FEW
@given(noise=NOISE)
def test_garbage_in_a_path_is_refused_in_the_dialect_of_the_path(staged: Staged, noise: str) -> None:
    stage = staged.stage
    bearer = (b"authorization", b"Bearer " + stage.held["/services/oauth2"]["access_token"].encode())
    user = stage.house.user_ids["ada"]
    parts = [
        noise,
        "9" * 6000, "v" + "9" * 6000 + ".0", "v66.0/" + noise, "v6\u0666.0", "..", "../token", "%00", "\0", "\x1b",
        "\u202e", "[]", "v-1.0", "v66.0\n", user, f"{user}/{user}", f"{stage.house.org_id}/{noise}", f"{noise}/{user}",
        f"{stage.house.org_id}/{user}/", f"{stage.house.org_id}/{'9' * 6000}",
        f"{stage.other.id}/{user}", f"{user}/{stage.house.org_id}",
    ]  # fmt: skip
    raw = [b"%ff%fe", b"%ed%a0%80", b"%zz", b"%", b"\xc3("]
    before = staged.run(stage.state())
    for start in (*BEGINNINGS, *asks.PREFIXES):
        for part in [*(quote(one, safe="/").encode() for one in parts), *raw]:
            answer = staged.run(stage.wire.send("GET", start.encode() + part, headers=(bearer,)))
            case = f"{start} + {part[:80]!r}: {answer}"
            assert refused_at_the_edge(start, answer) or answers.oauth_json(answer) or answers.small_page(answer), case
            assert answer.headers["x-request-id"]
    assert staged.run(stage.state()) == before


def refused_at_the_edge(path: str, answer: Answer) -> bool:
    """Tell whether an answer is a refusal in the form that everything below a path shares."""
    if path.startswith("/services/data"):
        return answers.array(answer)
    if path.startswith("/id/") or path == "/services/oauth2/userinfo":
        return answers.word(answer)
    if path == "/services/oauth2/revoke":
        return answers.oauth_json(answer) or answers.pair(answer)
    return answers.oauth_json(answer)


async def _send(stage: Stage, ask: Ask, sent: bytes) -> Answer:
    if ask.method == "POST":
        return await stage.wire.send("POST", ask.path, body=sent, media_type=FORM, headers=ask.headers)
    return await stage.wire.send(ask.method, ask.path, query=sent, headers=ask.headers)
