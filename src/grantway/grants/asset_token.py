"""Asset Token Flow: an access token and what a device says of itself are traded for an asset token (3.12; RFC 8693)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.asset import Asset, OrgCertificate
from grantway.grants.asserted import published_keys
from grantway.grants.grant import Grant, Proof, Sources, TokenCall, client_case, client_of
from grantway.grants.held_access import AccessCase, access_case, live
from grantway.kit.certified import digest_of
from grantway.kit.ids import ASSET, new_id
from grantway.kit.jose import JwtRefused
from grantway.kit.secrets import KeyRing, read_access_token
from grantway.policy import actor
from grantway.policy.app_keys import NOTHING_FETCHED
from grantway.policy.app_use import UseCase
from grantway.policy.assertion import LONGEST_SKEW_MS, AssertionCase
from grantway.policy.client import ClientCase, secret_for_token_exchange
from grantway.protocol.assertion import read_assertion
from grantway.protocol.asset_token import OF_ACCESS_TOKEN, OF_JWT, TOKEN_EXCHANGE, AssetTerms
from grantway.protocol.decision import Check, Finding, decide
from grantway.protocol.device import Device, read_device
from grantway.protocol.door import SALESFORCE
from grantway.protocol.no import asset as no
from grantway.protocol.refusal import Refused
from grantway.protocol.scopes import allows
from grantway.store.assertions import first_seen, remember
from grantway.store.assets import add_asset, asset_by_id, asset_known_as, assets_of, note_token
from grantway.store.certificates import DEFAULT_NAME, certificate_named
from grantway.store.hot import HeldAccessToken
from grantway.store.statement import Step

SUBJECT: Final = "Subject token"
SETTINGS: Final = "Asset tokens of the app"
DEVICE: Final = "Device"
MOST_ASSETS: Final = 1000
"""How many assets a user may have before devices make no further ones by themselves."""
_SHARED: Final = frozenset({"api", "openid"})


class AssetCase(msgspec.Struct, frozen=True, gc=False):
    """A request for an asset token.

    - `subject`: the access token that came, and what is held of it.
    - `actor`, `device`: what the device says of itself; None without an actor token.
    - `asset`: the record that the device is; None where it has none yet, or names another's. `assets`: how many
      records the user has, counted where one is to be made.
    - `certificate`: the org's certificate that is to sign; None where the org has none of that name.
    """

    call: TokenCall
    client: ClientCase
    subject: AccessCase
    actor: AssertionCase | None
    device: Device | None
    asset: Asset | None
    assets: int
    certificate: OrgCertificate | None

    @property
    def held(self) -> HeldAccessToken:
        """The access token, once it was found good."""
        assert self.subject.held is not None  # noqa: S101 - `subject_token` refused otherwise
        return self.subject.held

    @property
    def app(self) -> InstalledApp:
        """The app as the user's org meets it."""
        return self.held.app


def claims(params: Mapping[str, str]) -> bool:
    """Claim the exchange of what has the form of one of our own access tokens."""
    if params.get("subject_token_type", "").lower() != OF_ACCESS_TOKEN:
        return False
    return read_access_token(params.get("subject_token", "")) is not None


async def load(call: TokenCall, sources: Sources) -> AssetCase:
    """Read the access token, the app that asks or else the token's, the actor token, and the device's record.

    Raises:
        Refused: a parameter or the actor token cannot be read.
    """
    directory = sources.directory
    subject = await access_case(directory, call.params.get("subject_token", ""), call.door, call.now_ms)
    held = subject.held
    client = await client_of(call, sources)
    if not client.client_id and held is not None:
        key = held.app.consumer_key
        client = await client_case(call, sources, await directory.app_by_key(key))
        client = msgspec.structs.replace(client, client_id=key)
    device, said = _read_actor(call, held.app if held is not None else None)
    asset, assets, certificate = None, 0, None
    if held is not None:
        db = directory.db
        if said is not None and device is not None:
            seen, published = await first_seen(db, _digest(said, device)), NOTHING_FETCHED
            if not actor.by_device(said.assertion.text, device):
                published = await published_keys(held.app, said.assertion.text, sources.client_keys)
            said = msgspec.structs.replace(said, first_seen=seen, published=published)
        if device is not None and device.asset_id:
            asset = await asset_by_id(db, device.asset_id)
        elif device is not None and device.identity:
            asset = await asset_known_as(db, held.user.id, device.identity)
            assets = await assets_of(db, held.user.id) if asset is None else 0
        name = held.app[s.ASSET_SIGNING_CERTIFICATE] or DEFAULT_NAME
        certificate = await certificate_named(db, held.token.org_id, name)
    return AssetCase(call, client, subject, said, device, asset, assets, certificate)


def _read_actor(call: TokenCall, app: InstalledApp | None) -> tuple[Device | None, AssertionCase | None]:
    text, kind = call.params.get("actor_token", ""), call.params.get("actor_token_type", "")
    if kind.lower() != (OF_JWT if text else ""):
        sent = kind[:100] or "missing"
        raise Refused(no.TYPES(name="actor_token_type", sent=sent, wanted=OF_JWT if text else "no actor_token_type"))
    if not text:
        return None, None
    try:
        said = read_assertion(text, lax=call.door is SALESFORCE)
        device = read_device(said.claims)
    except JwtRefused as problem:
        raise Refused(no.ACTOR_UNREADABLE(why=str(problem))) from problem
    rules = actor.SALESFORCE_ACTOR if call.door is SALESFORCE else actor.STANDARDS_ACTOR
    return device, AssertionCase(said, app, call.names, rules, call.now_ms)


def _digest(said: AssertionCase, device: Device | None) -> str:
    """Return what a repeated actor token is recognized by. Each device has ids of its own for its tokens."""
    app_id = said.app.id if said.app is not None else ""
    by = device.key.thumbprint if device is not None and device.key is not None else ""
    if said.assertion.jti:
        return digest_of("actor", app_id, by, said.assertion.jti)
    # Of one statement there may be several signatures: with r and s of ECDSA, r and n - s is one too.
    return digest_of("actor", said.assertion.text.rpartition(".")[0])


def asked_for(case: AssetCase) -> Finding | None:
    """What is asked for must be a JWT."""
    sent = case.call.params.get("requested_token_type", "")
    if sent.lower() in ("", OF_JWT):
        return None
    refusal = no.TYPES(name="requested_token_type", sent=sent[:100], wanted=OF_JWT)
    return Finding(SETTINGS, "another kind of token is asked for", refusal)


def subject_token(case: AssetCase) -> Finding:
    """The subject token must be a live access token of this door, for no resource server, of the app that asks."""
    refusal = decide((live,), case.subject).refusal
    if refusal is not None:
        return Finding(SUBJECT, refusal.explanation()[:200], no.SUBJECT_TOKEN(why=refusal.explanation()))
    resources = case.held.token.resources
    if resources:
        # Whoever runs that resource server sees the token, and must not make others of it.
        return Finding(SUBJECT, "for a resource server", no.SUBJECT_TOKEN(why=f"it is for {resources[:200]} alone."))
    client = case.client.client
    if client is not None and client.id != case.held.token.app_id:
        return Finding(SUBJECT, "of another app", no.OTHER_CLIENT(app=client.app.name))
    return Finding(SUBJECT, "live, of this app and this door")


def switched_on(case: AssetCase) -> Finding:
    """The app must have asset tokens switched on, a callback URL and asset audiences."""
    app, name = case.app, case.app.app.name
    if not app[s.ASSET_TOKENS]:
        return Finding(SETTINGS, "off", no.OFF(app=name))
    if not app[s.CALLBACK_URL]:
        return Finding(SETTINGS, "on, and no callback URL", no.NO_CALLBACK(app=name))
    if not app[s.ASSET_TOKEN_AUDIENCES]:
        return Finding(SETTINGS, "on, and no audiences", no.NO_AUDIENCES(app=name))
    return Finding(SETTINGS, "on")


def _asked(case: AssetCase) -> tuple[str, ...]:
    """Return the audiences that are asked for; a resource that is asked for is one too (RFC 8693 2.1)."""
    params, names = case.call.params, ("audience", "resource") if case.call.door.takes_resource else ("audience",)
    return tuple(dict.fromkeys(one for name in names for one in params.get(name, "").split()))


def audience(case: AssetCase) -> Finding | None:
    """An audience that is asked for must be among the app's asset audiences."""
    sent, known = _asked(case), case.app[s.ASSET_TOKEN_AUDIENCES]
    if set(sent) <= set(known):
        return None
    refusal = no.OTHER_AUDIENCE(sent=", ".join(sent)[:200], audiences=", ".join(known)[:500])
    return Finding(SETTINGS, "for others than asked", refusal)


def scopes(case: AssetCase) -> Finding:
    """The subject token must have the scopes api and openid."""
    held = case.held.token.scopes
    if all(allows(held, name) for name in _SHARED):
        return Finding(SUBJECT, "has api and openid")
    return Finding(SUBJECT, "lacks api or openid", no.SCOPES_LACKING(scopes=held))


def actor_signed(case: AssetCase) -> Finding | None:
    """The actor token must be signed by the device's own key, or by the app: its certificate or key set."""
    if case.actor is None or case.device is None:
        return None
    return actor.signed(case.actor, case.device)


def _said(check: Check[AssertionCase]) -> Check[AssetCase]:
    return lambda case: None if case.actor is None else check(case.actor)


def actor_audience(case: AssetCase) -> Finding | None:
    """The actor token must be for this server; at Salesforce's door it may leave out whom it is for."""
    said = case.actor
    if said is None or (case.call.door is SALESFORCE and not said.assertion.audiences):
        return None
    return actor.STATEMENTS[0](said)


def device(case: AssetCase) -> Finding | None:
    """The device must be none that is frozen or another user's."""
    told, asset, user = case.device, case.asset, case.held.user
    if told is None:
        return Finding(DEVICE, "says nothing of itself")
    if told.asset_id and (asset is None or asset.person_id != user.id):
        return Finding(DEVICE, "no asset of the user", no.UNKNOWN(user=user.username, asset=told.asset_id))
    if asset is not None and asset.is_frozen:
        return Finding(DEVICE, "frozen", no.FROZEN(asset=asset.id, user=user.username))
    if asset is not None:
        return Finding(DEVICE, f"the asset {asset.id}")
    if told.identity and case.assets >= MOST_ASSETS:
        return Finding(DEVICE, "one too many", no.TOO_MANY(user=user.username, limit=MOST_ASSETS))
    return Finding(DEVICE, "a new asset" if told.identity else "has no name, and gets no record")


def certificate(case: AssetCase) -> Finding | None:
    """The certificate that is to sign must be one of the org's own."""
    name = case.app[s.ASSET_SIGNING_CERTIFICATE]
    if case.certificate is not None or not name:
        return None
    refusal = no.NO_CERTIFICATE(app=case.app.app.name, name=name[:100], org=case.app.org.name)
    return Finding(SETTINGS, "signed by a certificate that is not there", refusal)


def prove(case: AssetCase, _ring: KeyRing) -> Proof:
    """An asset token for the user's device; the device's record is made or brought up to date with it."""
    held = case.held
    asset, steps = _record(case)
    if case.actor is not None and case.actor.first_seen is None:
        ends_at = (case.actor.assertion.ends_at or case.call.now_ms) + LONGEST_SKEW_MS
        digest = _digest(case.actor, case.device)
        steps = (*steps, remember(digest, held.token.app_id, case.call.now_ms, ends_at))
    return Proof(
        of=held.of,
        scopes=tuple(held.token.scopes.split()),
        event="token.asset",
        steps=steps,
        asset=AssetTerms(
            audiences=_asked(case) or case.app[s.ASSET_TOKEN_AUDIENCES],
            device=case.device,
            asset=asset,
            certificate=case.certificate,
        ),
    )


def _record(case: AssetCase) -> tuple[Asset | None, tuple[Step, ...]]:
    told, held, now = case.device, case.held, case.call.now_ms
    if told is None or not (told.identity or case.asset):
        return None, ()
    key = msgspec.json.encode(told.key.jwk).decode() if told.key is not None else ""
    if case.asset is not None:
        known = msgspec.structs.replace(
            case.asset,
            app_id=held.token.app_id,
            name=told.asset_name or case.asset.name,
            device_id=told.device_id or case.asset.device_id,
            device_key=key or case.asset.device_key,
            last_token_at=now,
        )
        return known, (note_token(known),)
    made = Asset(
        id=new_id(ASSET),
        org_id=held.token.org_id,
        person_id=held.user.id,
        app_id=held.token.app_id,
        identity=told.identity,
        name=told.shown_name or told.serial_number or told.device_id,
        serial_number=told.serial_number,
        device_id=told.device_id,
        device_key=key,
        is_frozen=0,
        created_at=now,
        last_token_at=now,
    )
    return made, (add_asset(made),)


def use(case: AssetCase) -> UseCase:
    """The user and the app of the access token, which must not have been taken back."""
    return UseCase(case.held.of, case.held.token.issued_at, is_token=True)


GRANT: Final = Grant[AssetCase](
    grant_type=TOKEN_EXCHANGE,
    title="Asset Token Flow",
    authentication=secret_for_token_exchange,
    load=load,
    client=lambda case: case.client,
    checks=(
        subject_token,
        switched_on,
        asked_for,
        audience,
        scopes,
        actor_signed,
        actor_audience,
        *map(_said, actor.STATEMENTS[1:]),
        device,
        certificate,
    ),
    use=use,
    prove=prove,
    claims=claims,
)
