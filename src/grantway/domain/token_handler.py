"""A token exchange handler of an org, and the apps that may use it (connected-apps.md 1.18)."""

import base64
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from grantway.settings.token_handlers import (
    AUDIENCES,
    BY_NAME,
    CERTIFICATE,
    CODE,
    INTROSPECTION_CLIENT_ID,
    INTROSPECTION_SECRET,
    INTROSPECTION_URL,
    ISSUER,
    JWKS_URL,
    RUNS,
    WEBHOOK_SECRET,
    WEBHOOK_URL,
    HandlerField,
    Runs,
)

T = TypeVar("T")
SECRET_PURPOSES: Final[Mapping[HandlerField[str], bytes]] = {
    INTROSPECTION_SECRET: b"token-handler",
    WEBHOOK_SECRET: b"token-handler-webhook",
}
"""What each secret is sealed for."""


class HandlerRow(msgspec.Struct, frozen=True, gc=False):
    """A handler as it is stored. `settings` and `metadata` are JSON; `secret_box` the sealed introspection secret.

    The other secrets stand in `settings`, sealed, in base64.
    """

    id: str
    org_id: str
    name: str
    settings: str
    secret_box: bytes
    metadata: str
    version: int
    created_at: int


class Enablement(msgspec.Struct, frozen=True, gc=False):
    """An app that may use a handler: `run_as` is the username it works as; `is_default` where none is named."""

    handler_id: str
    app_id: str
    run_as: str
    is_default: int


class TokenHandler:
    """A handler whose fields are read by their declarations: `handler[ISSUER]`. Immutable by convention."""

    __slots__ = ("_boxes", "_values", "row")

    def __init__(self, row: HandlerRow) -> None:
        """Read what is stored; a field that only a newer release knows is passed over (R7).

        Raises:
            ValueError: a value that this release does not take.
        """
        self.row = row
        self._values: dict[HandlerField[Any], Any] = {}
        self._boxes: dict[HandlerField[str], bytes] = {INTROSPECTION_SECRET: row.secret_box}
        for name, raw in msgspec.json.decode(row.settings, type=dict[str, Any]).items():
            if (field := BY_NAME.get(name)) is None:
                continue
            if field.secret:
                self._boxes[field] = base64.b64decode(raw)
            else:
                self._values[field] = field.kind.parse(raw)

    def __getitem__(self, field: HandlerField[T]) -> T:
        value: T = self._values.get(field, field.default)
        return value

    @property
    def id(self) -> str:
        """Its id."""
        return self.row.id

    @property
    def name(self) -> str:
        """Its developer name."""
        return self.row.name

    def box(self, secret: HandlerField[str]) -> bytes:
        """Return what is stored of a secret field, sealed; nothing where none is."""
        return self._boxes.get(secret, b"")

    @property
    def verifies(self) -> bool:
        """Whether it knows keys to check a JWT with."""
        return bool(self[JWKS_URL] or self[CERTIFICATE])

    @property
    def believes(self) -> str:
        """What it believes, for a list: an issuer, the name of code, or an address that is asked."""
        if self[RUNS] is Runs.CODE:
            return self[CODE]
        if self[RUNS] is Runs.WEBHOOK:
            return self[WEBHOOK_URL]
        return self[ISSUER] or self[INTROSPECTION_URL]

    def is_called(self, name: str) -> bool:
        """Whether `token_handler` names this one: by its own name, or by the class that Salesforce has for it."""
        return name == self.name or (bool(name) and name == self[CODE])

    def missing(self) -> tuple[str, ...]:
        """Return what it lacks to be able to validate anything, in words; nothing where it is whole."""
        if self[RUNS] is Runs.CODE:
            return () if self[CODE] else ("code: the name of the entry point",)
        found = []
        if self[RUNS] is Runs.WEBHOOK:
            if not self[WEBHOOK_URL]:
                found.append("webhook_url: where tokens are sent to be validated")
            if not self.box(WEBHOOK_SECRET):
                found.append("webhook_secret: by which this server proves itself there")
            return tuple(found)
        if self.verifies:
            if not self[ISSUER]:
                found.append("issuer: who issues the tokens")
            if not self[AUDIENCES]:
                found.append("audiences: whom the tokens are meant for")
        if self[INTROSPECTION_URL]:
            if not self[INTROSPECTION_CLIENT_ID]:
                found.append("introspection_client_id: by which this server is known there")
            if not self.box(INTROSPECTION_SECRET):
                found.append("introspection_secret: by which this server proves itself there")
        elif not self.verifies:
            found.append("jwks_url, certificate or introspection_url: by what to tell a true token")
        return tuple(found)


class UsableHandler(msgspec.Struct, frozen=True, gc=False):
    """A handler of an org as one app meets it; `enabled_for` is None where the app may not use it."""

    handler: TokenHandler
    enabled_for: Enablement | None
