"""Each rule about assertions refuses at both doors, as grant and as client authentication, and `explain` says which."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from grantway import settings as s
from grantway.manage.usage.explain import Explanation, explain
from grantway.store.statement import Statement
from tests.endpoints.house import SALESFORCE, STANDARDS, House, TestApp
from tests.endpoints.signer import ASSERTION_TYPE, GRANT_TYPE, Signer, signer
from tests.endpoints.test_jwt_bearer import ADA, AUDIENCE
from tests.endpoints.wire import MACHINE, both_doors

Made = Callable[[Signer, dict[str, Any]], str]
AS_GRANT, AS_CLIENT = "assertion", "client_assertion"
both_uses = pytest.mark.parametrize("use", [AS_GRANT, AS_CLIENT])


def saying(**more: Any) -> Made:
    """An assertion with other claims; None leaves one out, `…_in` is seconds from now."""

    def made(who: Signer, said: dict[str, Any]) -> str:
        now = said["iat"]
        changed = {name.removesuffix("_in"): v + now if name.endswith("_in") else v for name, v in more.items()}
        return who.sign({name: v for name, v in {**said, **changed}.items() if v is not None})

    return made


def headed(**header: Any) -> Made:
    """An assertion with another header; the signature is the one that the right header had."""

    def made(who: Signer, said: dict[str, Any]) -> str:
        head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", **header}).encode()).rstrip(b"=").decode()
        return ".".join([head, *who.sign(said).split(".")[1:]])

    return made


def by_another(_who: Signer, said: dict[str, Any]) -> str:
    """An assertion that another key signed."""
    return signer(number=1).sign(said)


def saying_it_twice(who: Signer, said: dict[str, Any]) -> str:
    """An assertion that has one claim two times, which two readers may read differently."""
    return who.sign_bytes(json.dumps(said).replace("{", '{"sub": "nobody", ', 1).encode())


def as_it_is(text: str) -> Made:
    """Not an assertion at all."""
    return lambda _who, _said: text


# What is sent, the end of the reason's id, and what `explain` says.
RULES: list[tuple[str, Made, str, str]] = [
    ("wrong key", by_another, "not_signed", "the key did not sign it"),
    ("alg none", headed(alg="none"), "not_signed", "its algorithm is not one of the key's"),
    ("alg of a secret", headed(alg="HS256"), "not_signed", "its algorithm is not one of the key's"),
    ("alg of another kind of key", headed(alg="ES256"), "not_signed", "its algorithm is not one of the key's"),
    ("another aud", saying(aud="https://elsewhere.example"), "other_audience", "is for https://elsewhere.example"),
    ("no aud", saying(aud=None), "no_audience", "says not whom it is for"),
    ("exp in the past", saying(exp_in=-200), "ended", "ended at"),
    ("no exp", saying(exp=None), "no_end", "says not when it ends"),
    ("nbf ahead", saying(nbf_in=400), "too_early", "holds only from"),
    ("iat ahead", saying(iat_in=400), "too_early", "holds only from"),
    ("embedded jwk", headed(jwk={"kty": "oct", "k": "AA"}), "unreadable", "header member 'jwk' is not taken"),
    ("jku", headed(jku="https://elsewhere.example"), "unreadable", "header member 'jku' is not taken"),
    ("crit", headed(crit=["b64"], b64=False), "unreadable", "header member 'b64' is not taken"),
    ("a claim twice", saying_it_twice, "unreadable", "not JSON, or a member twice"),
    ("huge", saying(more="x" * 20_000), "unreadable", "longer than 16 kB"),
    ("no JWT", as_it_is("eyJ.eyJ"), "unreadable", "not three base64url parts"),
]


async def certified(house: House, values: dict[s.AnySetting, Any] | None = None) -> TestApp:
    """An app with a certificate, for a person or by itself."""
    return await house.app(
        {
            s.CERTIFICATE: s.CERTIFICATE.kind.parse(signer().certificate),
            s.PERMITTED_USERS: s.PermittedUsers.ADMIN_APPROVED,
            s.PROFILES: ("Standard",),
            s.CLIENT_CREDENTIALS: True,
            **(values or {}),
        },
        run_as=ADA,
    )


def said_by(house: House, app: TestApp, use: str, door: str) -> dict[str, Any]:
    """What an assertion says that is taken."""
    now = house.clock.now_ms() // 1000
    sub = ADA if use == AS_GRANT else app.consumer_key
    return {"iss": app.consumer_key, "sub": sub, "aud": AUDIENCE[door], "exp": now + 120, "iat": now, "jti": "one"}


async def send(house: House, assertion: str, use: str, door: str) -> int:
    """Send an assertion as what it is for, and return the status."""
    grant, client = {"grant_type": GRANT_TYPE}, {**MACHINE, "client_assertion_type": ASSERTION_TYPE}
    return (await house.token({**(grant if use == AS_GRANT else client), use: assertion}, door=door))[0]


async def explained(house: House) -> Explanation:
    """What `explain` says of the newest refusal."""
    await house.server.refusals.flush()
    row = await house.db.one(Statement("SELECT request_id FROM refusal ORDER BY at DESC, request_id DESC LIMIT 1"))
    assert row is not None
    return await explain(house.desk, str(row[0]))


@pytest.mark.requirement("S22", "S23")
@both_doors
@both_uses
@pytest.mark.parametrize(("made", "reason", "says"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
async def test_an_assertion_that_breaks_a_rule_is_refused_and_explained(
    house: House, use: str, door: str, made: Made, reason: str, says: str
) -> None:
    app = await certified(house)

    assert await send(house, made(signer(), said_by(house, app, use, door)), use, door) in (400, 401)
    told = await explained(house)
    assert told.reason == f"{'client.' if use == AS_CLIENT else ''}assertion{'_' if use == AS_CLIENT else '.'}{reason}"
    assert says in told.means
    assert told.remedy
    assert use in [name for _, name, _ in told.received]


# What is about the grant alone: what is sent, beside what, for which app, and the reason.
OF_THE_GRANT: list[tuple[str, Made, dict[str, str], dict[s.AnySetting, Any], str]] = [
    ("nothing is sent", as_it_is(""), {}, {}, "missing"),
    ("no iss", saying(iss=None), {}, {}, "no_issuer"),
    ("another client_id", saying(), {"client_id": "3MVGother"}, {}, "other_client"),
    ("an app without certificate", saying(), {}, {s.CERTIFICATE: None}, "no_certificate"),
    ("nobody", saying(sub="nobody@harbour.example"), {}, {}, "no_such_user"),
    ("nobody approved", saying(), {}, {s.PERMITTED_USERS: s.PermittedUsers.SELF_AUTHORIZE}, "not_approved"),
    ("no refresh_token", saying(), {}, {s.SCOPES: ("api",)}, "refresh_scope_needed"),
]


@both_doors
@pytest.mark.parametrize(
    ("made", "more", "values", "reason"), [one[1:] for one in OF_THE_GRANT], ids=[one[0] for one in OF_THE_GRANT]
)
async def test_a_grant_that_cannot_be_given_is_refused_and_explained(
    house: House, door: str, made: Made, more: dict[str, str], values: dict[s.AnySetting, Any], reason: str
) -> None:
    app = await certified(house, values)
    assertion = made(signer(), said_by(house, app, AS_GRANT, door))
    form = {"grant_type": GRANT_TYPE, "assertion": assertion, **more}

    assert (await house.token(form, door=door))[0] == 400
    told = await explained(house)
    assert told.reason == f"assertion.{reason}"
    assert told.remedy


@both_uses
async def test_one_that_ends_too_late_is_explained_where_there_is_a_latest(house: House, use: str) -> None:
    app = await certified(house)
    assertion = saying(exp_in=3700)(signer(), said_by(house, app, use, STANDARDS))

    assert await send(house, assertion, use, STANDARDS) in (400, 401)
    assert (await explained(house)).reason.endswith("too_long")


@pytest.mark.requirement("S23")
@both_doors
@both_uses
async def test_a_replay_is_explained(house: House, use: str, door: str) -> None:
    app = await certified(house)
    assertion = signer().sign(said_by(house, app, use, door))
    assert await send(house, assertion, use, door) == 200

    assert await send(house, assertion, use, door) in (400, 401)
    told = await explained(house)
    assert told.reason.endswith("seen")
    assert "was used before" in told.means


@both_doors
@both_uses
async def test_an_app_has_one_key_whatever_kid_names(house: House, use: str, door: str) -> None:
    app = await certified(house)
    assertion = signer().sign(said_by(house, app, use, door), header={"kid": "unknown"})

    assert await send(house, assertion, use, door) == 200


@pytest.mark.parametrize(("use", "door"), [(AS_GRANT, STANDARDS), (AS_CLIENT, STANDARDS), (AS_CLIENT, SALESFORCE)])
async def test_only_the_grant_of_salesforces_door_knows_milliseconds_and_elsewhere_it_is_told_so(
    house: House, use: str, door: str
) -> None:
    app = await certified(house)
    said = said_by(house, app, use, door)

    assert await send(house, signer().sign(said | {"exp": said["exp"] * 1000}), use, door) in (400, 401)
    assert "not milliseconds" in (await explained(house)).remedy


@pytest.mark.parametrize(("use", "door"), [(AS_GRANT, STANDARDS), (AS_CLIENT, STANDARDS), (AS_CLIENT, SALESFORCE)])
async def test_only_the_grant_of_salesforces_door_knows_prn(house: House, use: str, door: str) -> None:
    """RFC 7523, section 3: the JWT must have a sub."""
    app = await certified(house)
    said = said_by(house, app, use, door)
    by_prn = {name: value for name, value in said.items() if name != "sub"} | {"prn": said["sub"]}

    assert await send(house, signer().sign(by_prn), use, door) in (400, 401)
    assert (await explained(house)).reason in ("assertion.no_subject", "client.assertion_other_subject")
    assert await send(house, signer().sign(said | {"prn": "nobody"}), use, door) == 200
