"""Which key of an app signed something: its certificate's, or one of its key set (RFC 7515, section 4.1.4; S22, S24).

The set stands in the app's settings, or is published by the app and fetched before it is asked here: nothing is read.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.kit.certified import PublicKey
from grantway.kit.jose import JwtRefused
from grantway.kit.key_sets import PublishedKey, key_id_of, signer_among
from grantway.protocol.decision import Finding
from grantway.protocol.refusal import Reason

SIGNED: Final = "Signature"
_KIDS_SHOWN: Final = 5


class Published(msgspec.Struct, frozen=True, gc=False):
    """What was had of the set that an app publishes: its keys, or why there is none to be had."""

    keys: tuple[PublishedKey, ...] = ()
    problem: str = ""


NOTHING_FETCHED: Final = Published()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVoices:
    """The reasons for which no key of an app counts.

    - `none`: it has neither certificate nor key set.
    - `not_certificate`, `not_pasted`, `not_published`: the certificate, or no key of the set, signed.
    - `unreachable`: the set that it publishes could not be had.
    """

    none: Reason
    not_certificate: Reason
    not_pasted: Reason
    not_published: Reason
    unreachable: Reason


def has_keys(app: InstalledApp) -> bool:
    """Tell whether an app can prove anything by signing it."""
    return bool(app[s.CERTIFICATE] or app[s.JWKS] or app[s.JWKS_URI])


def is_signed_at_hand(app: InstalledApp, token: str) -> bool:
    """Tell whether a key that need not be fetched signed a JWT."""
    return not _by_certificate(app, token) or _in_set(_pasted(app), token)[0] is not None


def jwt_signed(app: InstalledApp, token: str, published: Published, now_ms: int, no: KeyVoices) -> Finding:
    """The app's certificate, or a key of its set, must have signed a JWT. That the certificate has expired is told.

    Salesforce takes the public key of an expired certificate too, by design; docs/decisions/0012 says why we follow.
    """
    name, certificate, url = app.app.name, app[s.CERTIFICATE], app[s.JWKS_URI]
    if not has_keys(app):
        return Finding(SIGNED, "the app has neither certificate nor key set", no.none(app=name))
    if certificate is not None:
        why = _by_certificate(app, token)
        if not why:
            ended = " (which has expired)" if certificate.ends_at < now_ms else ""
            return Finding(SIGNED, f"by the certificate of {certificate.subject}{ended}")
        if not url and app[s.JWKS] is None:
            return Finding(SIGNED, why, no.not_certificate(app=name, why=why, certificate=certificate.fingerprint))
    signer, why = _in_set((*_pasted(app), *published.keys), token)
    if signer is not None:
        return Finding(SIGNED, f"by the key {signer.kid[:60] or 'without id'} of the app's key set")
    if certificate is not None:
        why = f"{why}; nor does its certificate fit"
    if not url:
        return Finding(SIGNED, why, no.not_pasted(app=name, why=why))
    if published.problem:
        why = published.problem
        return Finding(SIGNED, f"the key set could not be had: {why}", no.unreachable(app=name, url=url, why=why))
    return Finding(SIGNED, why, no.not_published(app=name, url=url, why=why))


def _pasted(app: InstalledApp) -> tuple[PublishedKey, ...]:
    key_set = app[s.JWKS]
    return key_set.keys if key_set is not None else ()


def _by_certificate(app: InstalledApp, token: str) -> str:
    """Return why the certificate's key did not sign; empty where it did."""
    certificate = app[s.CERTIFICATE]
    if certificate is None:
        return "there is no certificate"
    try:
        PublicKey.of_certificate(certificate.pem).verify(token)
    except JwtRefused as problem:
        return str(problem)
    return ""


def _in_set(keys: tuple[PublishedKey, ...], token: str) -> tuple[PublishedKey | None, str]:
    """Return the key that signed, or why none did."""
    try:
        signer = signer_among(token, keys)
        kid = key_id_of(token)
    except JwtRefused as problem:
        return None, str(problem)
    if signer is not None:
        return signer, ""
    if not keys:
        return None, "it holds no key that can check a signature"
    there = ", ".join(one.kid[:60] for one in keys[:_KIDS_SHOWN]) + (", …" if len(keys) > _KIDS_SHOWN else "")
    return None, f"the assertion names the key {kid[:100]}, and there are {there}"
