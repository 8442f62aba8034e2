"""The Asset Token Flow: a user's access token and a device's word become a token of the device (3.12; RFC 8693)."""

import asyncio
import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import load_pem_x509_certificate

from grantway import settings as s
from grantway.endpoints.discovery import jwks
from grantway.endpoints.introspect import introspect
from grantway.endpoints.revoke import revoke
from grantway.kit.clock import MINUTE_MS
from grantway.manage.connected_apps import apps
from grantway.manage.custom import custom_permissions
from grantway.manage.people import holders, users
from grantway.manage.server import certificates
from grantway.store.certificates import DEFAULT_NAME, certificate_named
from grantway.store.statement import Statement
from tests.endpoints.house import BASE, SALESFORCE, STANDARDS, House, TestApp, access_pem
from tests.endpoints.signer import signer
from tests.endpoints.test_jwt_bearer import mirrored

BACKEND = "https://devices.harbour.example"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
DEVICE = rsa.generate_private_key(65537, 2048)
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA_JWK = {
    k: v for k, v in json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(DEVICE.public_key())).items() if k in "kty n e"
}
SETTINGS: dict[s.AnySetting, Any] = {
    s.ASSET_TOKENS: True,
    s.ASSET_TOKEN_AUDIENCES: (BACKEND, "https://alerts.harbour.example"),
    s.ASSET_TOKEN_VALIDITY: 60,
}


async def fleet_app(house: House, **more: Any) -> TestApp:
    """An app that may have asset tokens; the org's own key for them is there, for to make one takes long."""
    if await certificate_named(house.db, house.org_id, DEFAULT_NAME) is None:
        async with house.desk.changing() as changing:
            await certificates._put(changing, house.org_id, DEFAULT_NAME, access_pem(), 1)
    return await house.app(SETTINGS | {s.BY_NAME[name]: value for name, value in more.items()})


def actor(house: House, *, key: Any = DEVICE, alg: str = "RS256", **more: Any) -> str:
    """What a device says of itself, signed by its key; None leaves a claim out."""
    now = house.clock.now_ms() // 1000
    said = {"did": "thermo-7", "aud": BASE, "exp": now + 120, "cnf": {"jwk": RSA_JWK}, **more}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, alg)


async def send(
    house: House, token: str, actor_token: str = "", *, door: str = SALESFORCE, **more: str
) -> tuple[int, dict[str, Any]]:
    """Ask for an asset token."""
    form = {
        "grant_type": EXCHANGE,
        "subject_token_type": ACCESS_TOKEN,
        "subject_token": token,
        **({"actor_token": actor_token, "actor_token_type": JWT} if actor_token else {}),
        **more,
    }
    return await house.token({name: value for name, value in form.items() if value}, door=door)


async def keys(house: House) -> jwt.PyJWKSet:
    """The published keys, as a backend reads them."""
    reply = await jwks(house.call("/id/keys", method="GET"), house.server, BASE)
    return jwt.PyJWKSet.from_dict(json.loads(reply.body))


async def verified(house: House, token: str, audience: str = BACKEND, issuer: str = BASE) -> dict[str, Any]:
    """What a backend finds in an asset token, by a library of its own and the published keys alone."""
    key = (await keys(house))[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the house's clock stands still
    claims: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=audience, issuer=issuer, options=options)
    return claims


async def assets(house: House) -> list[tuple[Any, ...]]:
    """The devices that are registered."""
    return [tuple(row) for row in await house.db.all(Statement("SELECT name, serial_number, device_id FROM asset"))]


@pytest.mark.enforces("asset_tokens")
async def test_a_device_gets_a_token_that_its_backend_verifies_by_itself(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    status, answer = await send(house, token, actor(house, Name="Hall", Asset={"SerialNumber": "SN-7"}))

    assert status == 200
    assert list(answer) == ["access_token", "issued_token_type", "token_type", "expires_in"]
    assert (answer["issued_token_type"], answer["token_type"], answer["expires_in"]) == (JWT, "Bearer", 3600)
    header = jwt.get_unverified_header(answer["access_token"])
    assert header["kid"].startswith("Assets.00D")
    assert (header["typ"], header["alg"]) == ("JWT", "RS256")
    claims = await verified(house, answer["access_token"])
    assert claims["sub"].endswith(house.user_ids["ada"])
    assert claims["did"] == "thermo-7"
    assert claims["cnf"] == {"jwk": RSA_JWK}
    assert claims["client_id"] == app.consumer_key
    assert claims["Asset"]["SerialNumber"] == "SN-7"
    assert claims["Asset"]["Id"].startswith("02i")
    assert claims["nbf"] <= claims["iat"] < claims["exp"]
    # It is no access token, and nothing of it is accepted as one.
    assert (await send(house, answer["access_token"]))[0] == 400
    await apps.change(house.desk, house.org, app.id, {"asset_tokens": "false"})
    assert (await send(house, token))[1]["error_description"] == "app not enabled for asset tokens"


async def test_the_orgs_own_key_is_made_once_when_the_first_token_is_asked_for(house: House) -> None:
    token = (await house.sign_in(await house.app(SETTINGS)))["access_token"]
    answers = await asyncio.gather(*(send(house, token) for _ in range(3)))

    kids = {jwt.get_unverified_header(answer["access_token"])["kid"] for _, answer in answers}
    assert len(kids) == 1
    assert [one.kid for one in await certificates.all_of(house.desk, house.org)] == list(kids)


async def test_the_actor_token_may_be_left_out(house: House) -> None:
    app = await fleet_app(house)
    status, answer = await send(house, (await house.sign_in(app))["access_token"])

    assert status == 200
    assert not {"did", "cnf", "Asset"} & (await verified(house, answer["access_token"])).keys()
    assert await assets(house) == []


@pytest.mark.parametrize("jwt_form", [False, True])
async def test_the_flow_is_the_same_at_the_standards_door_and_for_jwt_based_access_tokens(
    house: House, jwt_form: bool
) -> None:
    app = await (house.jwt_app(SETTINGS) if jwt_form else fleet_app(house))
    token = (await house.sign_in(app, door=STANDARDS))["access_token"]
    said = actor(house, aud=BASE + "/oidc", jti="1")
    status, answer = await send(house, token, said, door=STANDARDS)

    assert status == 200
    assert (await verified(house, answer["access_token"], issuer=BASE + "/oidc"))["sub"] == house.user_ids["ada"]
    again = await send(house, token, said, door=STANDARDS)
    assert again == (400, {"error": "invalid_request", "error_description": "the actor_token is not valid"})


@pytest.mark.enforces("asset_token_validity")
async def test_an_asset_token_lives_as_long_as_the_app_says_and_longer_than_the_access_token(house: House) -> None:
    app = await fleet_app(house, asset_token_validity=60 * 24 * 30)
    access = (await house.sign_in(app))["access_token"]
    answer = (await send(house, access))[1]
    claims = await verified(house, answer["access_token"])

    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 30 * 24 * 3600
    house.clock.advance(ms=29 * 24 * 60 * MINUTE_MS)
    assert not await house.is_active(app, access)
    assert await house.is_active(app, answer["access_token"])
    house.clock.advance(ms=24 * 60 * MINUTE_MS)
    assert not await house.is_active(app, answer["access_token"])


@pytest.mark.enforces("asset_token_audiences")
async def test_an_asset_token_is_for_the_apps_audiences_or_the_one_of_them_that_is_asked_for(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]

    assert (await verified(house, (await send(house, token))[1]["access_token"]))["aud"] == [
        BACKEND,
        "https://alerts.harbour.example",
    ]
    one = await send(house, token, audience=BACKEND)
    assert (await verified(house, one[1]["access_token"]))["aud"] == [BACKEND]
    assert (await send(house, token, audience="https://elsewhere.example"))[1]["error"] == "invalid_target"


async def test_at_the_standards_door_resource_picks_an_audience_as_audience_does(house: House) -> None:
    """RFC 8693 2.1: a token that is not for the resource that was asked for is no answer."""
    app = await fleet_app(house)
    token = (await house.sign_in(app, door=STANDARDS))["access_token"]
    one = await send(house, token, door=STANDARDS, resource=BACKEND)

    assert (await verified(house, one[1]["access_token"], issuer=f"{BASE}{STANDARDS}"))["aud"] == [BACKEND]
    for asked in ({"resource": "https://elsewhere.example"}, {"resource": BACKEND, "audience": "elsewhere"}):
        assert (await send(house, token, door=STANDARDS, **asked))[1]["error"] == "invalid_target"


@pytest.mark.enforces("asset_signing_certificate")
async def test_the_certificate_that_the_app_names_signs(house: House) -> None:
    made = await certificates.create(house.desk, house.org, "Fleet_2026", days=90)
    app = await fleet_app(house, asset_signing_certificate="Fleet_2026")
    token = (await house.sign_in(app))["access_token"]
    by_name = (await send(house, token))[1]["access_token"]
    await apps.change(house.desk, house.org, app.id, {"asset_signing_certificate": made.id})
    by_id = (await send(house, token))[1]["access_token"]

    assert len(made.pem) < 4096
    key: Any = load_pem_x509_certificate(made.pem.encode()).public_key()
    for one in (by_name, by_id):
        assert jwt.decode(one, key, ["RS256"], audience=BACKEND, options={"verify_exp": False, "verify_iat": False})
    await apps.change(house.desk, house.org, app.id, {"asset_signing_certificate": "Gone"})
    assert (await send(house, token))[0] == 400
    assert await house.reasons() == ["asset.no_certificate"]


@pytest.mark.enforces("asset_token_attributes")
@pytest.mark.enforces("asset_token_custom_permissions")
async def test_custom_attributes_and_permissions_stand_in_the_token_where_the_app_wants_them(house: House) -> None:
    await custom_permissions.create(house.desk, house.org, custom_permissions.NewPermission(name="Service_Mode"))
    await custom_permissions.give(house.desk, house.org, holders.PROFILES, "Standard", ("Service_Mode",))
    app = await fleet_app(
        house,
        scopes=("api", "openid", "custom_permissions"),
        custom_attributes=s.CUSTOM_ATTRIBUTES.kind.parse("who=$User.Username"),
    )
    token = (await house.sign_in(app, scopes="api openid custom_permissions"))["access_token"]
    claims = await verified(house, (await send(house, token))[1]["access_token"])

    assert claims["custom_attributes"] == {"who": "ada@harbour.example"}
    assert claims["custom_permissions"] == {"Service_Mode": True}
    off = {"asset_token_attributes": "false", "asset_token_custom_permissions": "false"}
    await apps.change(house.desk, house.org, app.id, off)
    claims = await verified(house, (await send(house, token))[1]["access_token"])
    assert not {"custom_attributes", "custom_permissions"} & claims.keys()


async def test_a_device_is_known_again_by_its_serial_number_else_by_its_did_else_by_its_name(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]

    async def asset(**said: Any) -> Any:
        status, answer = await send(house, token, actor(house, **said))
        assert status == 200, answer
        return (await verified(house, answer["access_token"]))["Asset"]

    by_serial = await asset(Asset={"SerialNumber": "SN-7", "Name": "Hall"})
    assert (await asset(did="changed", serial_number="SN-7"))["Id"] == by_serial["Id"]
    by_did = await asset(Name="Cellar")
    assert (await asset(Name="Loft"))["Id"] == by_did["Id"] != by_serial["Id"]
    by_name = await asset(did=None, AssetName="Shed")
    assert (await asset(did=None, AssetName="Shed"))["Id"] == by_name["Id"]
    assert (await asset(did="x", asset_id=by_name["Id"][:15]))["Id"] == by_name["Id"]
    assert sorted(await assets(house)) == [("Cellar", "", "thermo-7"), ("Hall", "SN-7", "changed"), ("Shed", "", "x")]
    # Another user's device of the same serial number is another device.
    other = (await house.sign_in(app, "ben"))["access_token"]
    answer = (await send(house, other, actor(house, SerialNumber="SN-7")))[1]
    assert (await verified(house, answer["access_token"]))["Asset"]["Id"] != by_serial["Id"]


async def test_the_events_of_the_app_say_which_device_it_was(house: House) -> None:
    app = await fleet_app(house)
    said = actor(house, Name="Hall", Asset={"Name": "Thermostat", "SerialNumber": "SN-7"}, password="hunter2")
    await send(house, (await house.sign_in(app))["access_token"], said)
    rows = await house.db.all(Statement("SELECT app_id, user_id, detail FROM event WHERE kind = 'token.asset'"))
    detail = json.loads(str(rows[0][2]))

    assert (rows[0][0], rows[0][1]) == (app.id, house.user_ids["ada"])
    assert (detail["DeviceId"], detail["AssetSerialNumber"], detail["Name"]) == ("thermo-7", "SN-7", "Hall")
    assert detail["DeviceKey"] == RSA_JWK
    assert detail["AssetId"].startswith("02i")
    # What else a device put into its token is not kept: it may be anything.
    assert "hunter2" not in str(rows[0][2])


async def test_the_apps_certificate_may_vouch_for_a_device(house: House) -> None:
    app = await fleet_app(house, certificate=s.CERTIFICATE.kind.parse(signer().certificate))
    token = (await house.sign_in(app))["access_token"]
    now = house.clock.now_ms() // 1000
    for said in ({"did": "a"}, {"did": "b", "cnf": {"jwk": RSA_JWK}}):
        status, _ = await send(house, token, signer().sign({**said, "exp": now + 60}))
        assert status == 200


def _ec_jwk() -> dict[str, Any]:
    return json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OTHER.public_key()))  # type: ignore[no-any-return]


async def test_a_device_may_have_an_elliptic_key(house: House) -> None:
    app = await fleet_app(house)
    said = actor(house, key=OTHER, alg="ES256", cnf={"jwk": _ec_jwk()})
    answer = (await send(house, (await house.sign_in(app))["access_token"], said))[1]

    assert (await verified(house, answer["access_token"]))["cnf"]["jwk"]["kty"] == "EC"


ODD: list[tuple[str, dict[str, Any], str]] = [
    ("another key signed", {"key": OTHER, "alg": "ES256"}, "asset.actor_not_signed"),
    ("no key, no certificate", {"cnf": None}, "asset.actor_not_signed"),
    ("a private key", {"cnf": {"jwk": {**RSA_JWK, "d": "AQAB"}}}, "asset.actor_unreadable"),
    ("a secret for a key", {"cnf": {"jwk": {"kty": "oct", "k": "AQAB"}}}, "asset.actor_unreadable"),
    ("a weak key", {"cnf": {"jwk": {**RSA_JWK, "n": "AQAB"}}}, "asset.actor_unreadable"),
    (
        "a key off the curve",
        {"cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
        "asset.actor_unreadable",
    ),
    ("cnf without a key", {"cnf": {"kid": "1"}}, "asset.actor_unreadable"),
    ("for another server", {"aud": "https://elsewhere.example"}, "asset.actor_other_audience"),
    ("without an end", {"exp": None}, "asset.actor_no_end"),
    ("ended", {"exp": 1}, "asset.actor_ended"),
    ("too early", {"nbf": 9_000_000_000}, "asset.actor_too_early"),
    ("ends too late", {"exp": 9_000_000_000}, "asset.actor_too_long"),
    ("no id of an asset", {"Asset": {"Id": "005000000000001AAA"}}, "asset.actor_unreadable"),
    ("nobody's asset", {"Asset": {"Id": "02i000000000001"}}, "asset.unknown"),
    ("said twice", {"Asset": {"Id": "02i000000000001"}, "asset_id": "02i000000000002"}, "asset.actor_unreadable"),
    ("written twice", {"Did": "thermo-8"}, "asset.actor_unreadable"),
    ("a did that is none", {"did": ["a"]}, "asset.actor_unreadable"),
    ("a name that cannot be shown", {"Name": "a\nb"}, "asset.actor_unreadable"),
    ("a long name", {"Name": "x" * 256}, "asset.actor_unreadable"),
]


@pytest.mark.parametrize(("said", "reason"), [row[1:] for row in ODD], ids=[row[0] for row in ODD])
async def test_an_actor_token_is_refused_and_it_is_told_why(house: House, said: dict[str, Any], reason: str) -> None:
    token = (await house.sign_in(await fleet_app(house)))["access_token"]
    status, answer = await send(house, token, actor(house, **said))

    assert (status, answer["error"]) == (400, "invalid_grant")
    assert await house.reasons() == [reason]
    assert await assets(house) == []


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "x" * 20_000,
        ".".join(
            base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"none"}', b'{"did":"a"}', b"x")
        ),
        jwt.encode({"did": "a", "cnf": {"jwk": RSA_JWK}}, DEVICE, "RS256", headers={"jku": "https://a.example"}),
    ],
    ids=["no JWT", "too long", "not signed", "a header that is not taken"],
)
async def test_what_is_no_actor_token_is_refused(house: House, text: str) -> None:
    token = (await house.sign_in(await fleet_app(house)))["access_token"]

    assert (await send(house, token, text))[0] == 400


async def test_an_actor_token_with_an_id_counts_once_also_when_both_come_at_the_same_time(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    said = actor(house, jti="7")
    answers = await asyncio.gather(*(send(house, token, said) for _ in range(3)))

    assert sorted(status for status, _ in answers) == [200, 400, 400]
    # Another device has ids of its own.
    other = actor(house, key=OTHER, alg="ES256", cnf={"jwk": _ec_jwk()}, jti="7")
    assert (await send(house, token, other))[0] == 200


@pytest.mark.requirement("S23")
async def test_another_signature_of_the_same_words_is_no_other_actor_token(house: House) -> None:
    token = (await house.sign_in(await fleet_app(house), door=STANDARDS))["access_token"]
    said = actor(house, key=OTHER, alg="ES256", cnf={"jwk": _ec_jwk()}, aud=BASE + STANDARDS)
    words, _, signature = said.rpartition(".")

    assert (await send(house, token, said, door=STANDARDS))[0] == 200
    assert (await send(house, token, f"{words}.{mirrored(signature)}", door=STANDARDS))[0] == 400
    assert await house.reasons() == ["asset.actor_seen"]


async def test_the_access_token_must_be_live_the_apps_own_of_this_door_and_have_both_scopes(house: House) -> None:
    app = await fleet_app(house)
    live = (await house.sign_in(app))["access_token"]
    scanty = (await house.sign_in(app, scopes="api"))["access_token"]
    standard = (await house.sign_in(app, door=STANDARDS))["access_token"]
    foreign = (await house.sign_in(await fleet_app(house)))["access_token"]
    named = {"client_id": app.consumer_key, "client_secret": app.consumer_secret}
    revoked = (await house.sign_in(app))["access_token"]
    await house.revoke(revoked)

    assert (await send(house, live, **named))[0] == 200
    for token in (scanty, standard, revoked, live[:-1] + ("A" if live[-1] != "A" else "B")):
        assert (await send(house, token, **named))[0] == 400
    assert (await send(house, foreign, **named))[0] == 400
    assert await house.reasons() == [
        "asset.scopes_lacking",
        "asset.subject_token",
        "asset.subject_token",
        "asset.subject_token",
        "asset.other_client",
    ]
    await users.freeze(house.desk, house.org, "ada@harbour.example", frozen=True)
    assert (await send(house, live, **named))[0] == 400


async def test_an_access_token_for_a_resource_server_is_not_traded(house: House) -> None:
    token = (await house.sign_in(await fleet_app(house)))["access_token"]
    await house.change("UPDATE access_token SET resources = 'https://mcp.example'")

    assert (await send(house, token))[1]["error_description"] == "invalid subject token"
    assert await house.reasons() == ["asset.subject_token"]


async def test_parameters_that_do_not_belong_are_refused(house: House) -> None:
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]

    for more in (
        {"actor_token": actor(house), "actor_token_type": ""},
        {"actor_token_type": JWT},
        {"actor_token": actor(house), "actor_token_type": ACCESS_TOKEN},
        {"requested_token_type": ACCESS_TOKEN},
    ):
        assert (await send(house, token, **more))[1]["error"] == "invalid_request"
    assert (await send(house, token, requested_token_type=JWT))[0] == 200


async def test_the_apps_settings_must_be_whole(house: House) -> None:
    for more, reason in (
        ({"asset_tokens": False}, "asset.off"),
        ({"asset_token_audiences": ()}, "asset.no_audiences"),
    ):
        token = (await house.sign_in(await fleet_app(house, **more)))["access_token"]
        assert (await send(house, token))[0] == 400
        assert (await house.reasons())[-1] == reason
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    await apps.put(house.desk, house.org, app.id, {s.CALLBACK_URL: ()})
    assert (await send(house, token))[0] == 400
    assert (await house.reasons())[-1] == "asset.no_callback"


async def test_the_secret_is_needed_where_the_app_says_so_and_checked_where_it_is_sent(house: House) -> None:
    app = await fleet_app(house, require_secret_for_token_exchange_flow=True)
    token = (await house.sign_in(app))["access_token"]

    assert (await send(house, token))[0] == 400
    assert (await send(house, token, client_id=app.consumer_key, client_secret=app.consumer_secret))[0] == 200
    public = await fleet_app(house)
    token = (await house.sign_in(public))["access_token"]
    assert (await send(house, token, client_id=public.consumer_key, client_secret="wrong"))[0] == 400
    assert await house.reasons() == ["client.secret_missing_token_exchange", "client.secret_wrong"]


async def told(house: House, app: TestApp, token: str) -> dict[str, Any]:
    """What introspection says of a token."""
    form = {"token": token, "client_id": app.consumer_key, "client_secret": app.consumer_secret}
    reply = await introspect(house.call(f"{SALESFORCE}/introspect", form), house.server, BASE)
    found: dict[str, Any] = json.loads(reply.body)
    return found


async def test_introspection_says_whether_an_asset_token_is_good_and_for_whom(house: House) -> None:
    app, other = await fleet_app(house), await fleet_app(house)
    answer = (await send(house, (await house.sign_in(app))["access_token"], actor(house)))[1]
    token = answer["access_token"]
    said = await told(house, app, token)

    assert said["active"] is True
    assert (said["client_id"], said["username"], said["did"]) == (app.consumer_key, "ada@harbour.example", "thermo-7")
    assert said["aud"][0] == BACKEND
    assert await told(house, other, token) == {"active": False}
    head, body, _ = token.split(".")
    assert await told(house, app, f"{head}.{body}.{'A' * 342}") == {"active": False}
    await users.freeze(house.desk, house.org, "ada@harbour.example", frozen=True)
    assert await told(house, app, token) == {"active": False}


@pytest.mark.requirement("S25")
async def test_what_a_deleted_certificate_signed_is_good_no_longer(house: House) -> None:
    app = await fleet_app(house)
    token = (await send(house, (await house.sign_in(app))["access_token"]))[1]["access_token"]
    assert (await told(house, app, token))["active"] is True
    await certificates.delete(house.desk, house.org, DEFAULT_NAME)

    assert await told(house, app, token) == {"active": False}


async def test_an_asset_token_is_revoked_by_who_holds_it_and_at_the_standards_door_by_its_app(house: House) -> None:
    app, other = await fleet_app(house), await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    first, second = [(await send(house, token))[1]["access_token"] for _ in range(2)]

    assert (await house.revoke(first)).status == 200
    assert (await house.revoke(first)).status == 400
    assert not await house.is_active(app, first)
    for asking, status, is_active in ((other, 400, True), (app, 200, False)):
        form = {"token": second, "client_id": asking.consumer_key, "client_secret": asking.consumer_secret}
        assert (await revoke(house.call(f"{STANDARDS}/revoke", form), house.server, BASE)).status == status
        assert await house.is_active(app, second) is is_active
    # The access token that they came of is another thing.
    assert await house.is_active(app, token)


async def test_each_engine_keeps_devices_and_their_tokens(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    app = await fleet_app(house)
    token = (await house.sign_in(app))["access_token"]
    first = (await send(house, token, actor(house, SerialNumber="SN-7")))[1]["access_token"]
    again = (await send(house, token, actor(house, SerialNumber="SN-7")))[1]["access_token"]

    assert len(await assets(house)) == 1
    assert await house.is_active(app, first)
    assert await house.is_active(app, again)
    house.clock.advance(ms=4 * 60 * MINUTE_MS)
    await house.sweep()
    rows = await house.db.all(Statement("SELECT COUNT(*) FROM asset_token"))
    assert rows[0][0] == 0
