"""The audit trail: one record for each thing that was changed, and reading them (S38, S43; connected-apps.md 6.5)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from grantway import settings as s
from grantway.domain.org import Org
from grantway.kit.ids import ROW_ID_LENGTH, first_row_id
from grantway.manage.audit_words import (
    action_of,
    changed_names,
    display_of,
    is_security_event,
    label_of,
    section_of,
    words,
)
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.store.statement import Statement

MOST: Final = 200
_CURSOR_PURPOSE: Final = b"audit-cursor"
_BATCH: Final = 500
# A page is put together of at most this many batches: what is rare is looked for over several pages.
_BATCHES: Final = 20
# The index of migration 0005 has the records of administration alone; its condition stands here word for word.
_READ: Final = Statement(
    "SELECT e.id, e.at, e.kind, e.detail, e.user_id, e.app_id, e.request_id, e.address, a.name, u.username FROM event e"  # noqa: S608 - our own names
    " LEFT JOIN app a ON a.id = e.app_id LEFT JOIN person u ON u.id = e.user_id"
    " WHERE substr(e.kind, 1, 6) = 'admin.' AND e.org_id = :org_id AND e.id < :before AND e.id >= :since"
    " AND (:user_id = '' OR e.user_id = :user_id) AND (:app_id = '' OR e.app_id = :app_id)"
    f" ORDER BY e.id DESC LIMIT {_BATCH}"
)
_USER_ID: Final = Statement("SELECT id FROM person WHERE username = :username AND org_id = :org_id")
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_END: Final = "~"
"""Sorts after every row id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One record.

    - `at`: when (ms); `username`: who, "operator" for whoever runs the server.
    - `action`, `section`: as Salesforce's Setup Audit Trail has them; `display`: one sentence, without secrets.
    - `setting`, `before`, `after`: what was changed, and both values in words; empty where nothing of that kind was.
    - `is_security`: whether somebody should look at it (S38).
    """

    id: str
    at: int
    username: str
    action: str
    section: str
    display: str
    app_id: str
    app_name: str
    setting: str
    setting_label: str
    before: str
    after: str
    is_security: bool
    request_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which records are looked for; what is empty asks for nothing. Times in ms, `until` is not included.

    `app` is an app's id; `text` is looked for in what is shown, in any case.
    """

    username: str = ""
    app: str = ""
    action: str = ""
    section: str = ""
    text: str = ""
    since: int | None = None
    until: int | None = None
    security_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some records, the newest first, and the cursor for those before them; empty at the end."""

    entries: tuple[AuditEntry, ...]
    cursor: str


async def audit_trail(
    desk: Desk, org: Org, wanted: AuditFilter | None = None, *, cursor: str = "", limit: int = 50
) -> AuditPage:
    """Return a page of an org's audit trail, the newest record first.

    A page may hold less than asked for, even nothing, and still have a cursor: what a filter finds is rare then.

    Raises:
        ManageProblem: no right, a limit beyond 1 to 200, or a cursor that this server did not give.
    """
    desk.caller.needs(Right.AUDIT, org.id)
    if not 1 <= limit <= MOST:
        raise ManageProblem.at("limit", f"say a whole number from 1 to {MOST}")
    wanted = wanted or AuditFilter()
    before = _position(desk, org, cursor) if cursor else _time_as_id(wanted.until, _END)
    since = _time_as_id(wanted.since, "")
    user_id = await _user_id(desk, org, wanted.username)
    if user_id is None:
        return AuditPage(entries=(), cursor="")
    found: list[AuditEntry] = []
    for _ in range(_BATCHES):
        rows = await desk.session.all(_READ, org.id, before, since, user_id, wanted.app)
        for row in rows:
            before = cast(str, row[0])
            entry = _entry(*cast(Any, row))
            if _fits(entry, wanted):
                found.append(entry)
                if len(found) == limit:
                    return AuditPage(entries=tuple(found), cursor=_cursor(desk, org, before))
        if len(rows) < _BATCH:
            return AuditPage(entries=tuple(found), cursor="")
    return AuditPage(entries=tuple(found), cursor=_cursor(desk, org, before))


async def record_changes(
    desk: Desk,
    kind: str,
    org_id: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    app_id: str = "",
    **about: Any,
) -> None:
    """Record each value that differs, one record a value; `before` and `after` are JSON values by name.

    Certificates and key sets are named by fingerprint; nothing else here may be a secret.
    """
    for name in changed_names({"before": before, "after": after}):
        old, new = _without_keys(before.get(name)), _without_keys(after[name])
        await desk.audit(kind, org_id, app_id=app_id, **about, before={name: old}, after={name: new})


def recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values by name as they may stand in a record: certificates and key sets by fingerprint."""
    return {name: _without_keys(value) for name, value in values.items()}


def _without_keys(raw: Any) -> Any:
    if isinstance(raw, str) and "-----BEGIN" in raw:
        return _PEM.sub(lambda found: _fingerprint(found[0]), raw).strip()
    if isinstance(raw, dict) and "keys" in raw and (key_set := s.JWKS.kind.parse(raw)) is not None:
        return f"{key_set}; SHA-256 {hashlib.sha256(key_set.text.encode()).hexdigest()}"
    return raw


def _fingerprint(pem: str) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return "SHA-256 of its text " + hashlib.sha256(pem.encode()).hexdigest()
    return "SHA-256 " + certificate.fingerprint(SHA256()).hex(":").upper()


def _entry(
    row_id: str,
    at: int,
    kind: str,
    raw: str,
    user_id: str,
    app_id: str,
    request_id: str,
    address: str,
    app_name: str | None,
    username: str | None,
) -> AuditEntry:
    detail = msgspec.json.decode(raw or "{}", type=dict[str, Any])
    names = changed_names(detail)
    one = names[0] if len(names) == 1 else ""
    return AuditEntry(
        id=row_id,
        at=at,
        username=str(detail.get("by") or username or ("" if user_id else "operator")),
        action=action_of(kind, detail),
        section=section_of(kind),
        display=display_of(kind, detail),
        app_id=app_id,
        app_name=app_name or (str(detail.get("name", "")) if app_id else ""),
        setting=one,
        setting_label=label_of(one) if one else "",
        before=words(one, detail["before"].get(one)) if one else "",
        after=words(one, detail["after"].get(one)) if one else "",
        is_security=is_security_event(kind, detail),
        request_id=request_id,
        address=address,
    )


def _fits(entry: AuditEntry, wanted: AuditFilter) -> bool:
    return (
        (not wanted.action or entry.action == wanted.action)
        and (not wanted.section or entry.section == wanted.section)
        and (not wanted.security_only or entry.is_security)
        and (wanted.username != "operator" or entry.username == "operator")
        and wanted.text.casefold() in f"{entry.display}\n{entry.username}\n{entry.action}".casefold()
    )


async def _user_id(desk: Desk, org: Org, username: str) -> str | None:
    """Return the id to look for, empty for everybody's; None for a user whom the org does not have."""
    if not username or username == "operator":
        return ""
    row = await desk.session.one(_USER_ID, username.strip().lower(), org.id)
    return cast(str, row[0]) if row else None


def _time_as_id(at_ms: int | None, unset: str) -> str:
    if at_ms is None:
        return unset
    if not 0 <= at_ms < 1 << 47:
        raise ManageProblem("a time is asked for that no record can have")
    return first_row_id(at_ms)


def _cursor(desk: Desk, org: Org, row_id: str) -> str:
    return f"{row_id}.{desk.ring.digest(org.id + row_id, _CURSOR_PURPOSE).hex()}"


def _position(desk: Desk, org: Org, cursor: str) -> str:
    """Return the row id in a cursor that this server made for this org (S40)."""
    row_id, proof = cursor[:ROW_ID_LENGTH], cursor[ROW_ID_LENGTH + 1 :]
    right = False
    for digest in desk.ring.digests(org.id + row_id.encode("utf-8", "replace").decode(), _CURSOR_PURPOSE):
        right |= hmac.compare_digest(digest.hex().encode(), proof.encode("utf-8", "replace"))
    if not right:
        raise ManageProblem.at("cursor", "it is not one that this server gave; begin again without it")
    return row_id
