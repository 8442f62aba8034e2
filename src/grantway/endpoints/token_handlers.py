"""Asking token exchange handlers: what is declared, or code; and making the users they name (RFC 8693; S19, S31)."""

import base64
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from grantway.domain.app import AppKind, InstalledApp
from grantway.domain.org import Org
from grantway.domain.token_handler import SECRET_PURPOSES, TokenHandler, UsableHandler
from grantway.endpoints.handler_code import HandlerCode
from grantway.endpoints.handler_webhook import Webhooks
from grantway.kit.clock import Clock
from grantway.kit.jose import EXTERNAL_HEADER_MEMBERS, JwtRefused, json_object
from grantway.kit.key_sets import key_id_of
from grantway.kit.secrets import KeyRing, looks_like_jwt
from grantway.kit.urls import Urls
from grantway.manage.exchange import new_people
from grantway.outbound.fetch import Fetcher
from grantway.outbound.key_sets import KeySets
from grantway.outbound.target import Unfetched
from grantway.policy import outside_token
from grantway.policy.outside_token import OutsideCase
from grantway.protocol.assertion import assertion_of, read_assertion
from grantway.protocol.decision import Finding
from grantway.protocol.no import exchange as no
from grantway.protocol.refusal import Refusal
from grantway.protocol.token_handler import Believed, HandlerAnswer, IncomingToken, Named
from grantway.settings import token_handlers as f
from grantway.store.directory import Directory

READ: Final = "Token"
KEYS: Final = "Key set"
INTROSPECTION: Final = "Introspection"
RECIPIENT: Final = "Recipient"
RUN_AS: Final = "Execution user"
_TOKEN_LIMIT: Final = 16_384
_SAML_LIMIT: Final = 40_000
_SAML: Final = "saml2"


@dataclass(frozen=True, slots=True)
class TokenHandlers:
    """What handlers need of a server: the directory, what fetches, what is kept of key sets, and installed code."""

    directory: Directory
    clock: Clock
    ring: KeyRing
    urls: Urls
    fetcher: Fetcher
    key_sets: KeySets
    code: HandlerCode
    webhooks: Webhooks

    @classmethod
    def of(
        cls,
        directory: Directory,
        clock: Clock,
        ring: KeyRing,
        urls: Urls,
        fetcher: Fetcher,
        code: HandlerCode | None = None,
    ) -> "TokenHandlers":
        """Return one that has kept nothing of key sets yet."""
        key_sets = KeySets(fetcher, clock)
        return cls(directory, clock, ring, urls, fetcher, key_sets, code or HandlerCode(), Webhooks(fetcher, ring))

    async def ask(
        self,
        chosen: UsableHandler,
        app: InstalledApp,
        token: str,
        token_type: str,
        *,
        names: frozenset[str],
        is_actor: bool,
    ) -> HandlerAnswer:
        """Ask a handler whether it believes a token of an app; see `grants.grant.Sources`."""
        handler, enabled = chosen.handler, chosen.enabled_for
        run_as = enabled.run_as if enabled is not None else ""
        works_as = await self.directory.app_user_named(app.id, run_as)
        if works_as is None or works_as.user.org_id != app.org.id or not works_as.user.may_act:
            refusal = no.RUN_AS_GONE(handler=handler.name, user=run_as, org=app.org.name)
            return _no(RUN_AS, "not there, or may not act", refusal)
        if missing := handler.missing():
            return _no(
                READ, "the handler is incomplete", no.INCOMPLETE(handler=handler.name, missing="; ".join(missing))
            )
        for url in (handler[f.ISSUER], handler[f.INTROSPECTION_URL], handler[f.WEBHOOK_URL]):
            if self._is_ours(url):
                return _ourselves(handler, url)
        limit = _SAML_LIMIT if token_type == _SAML else _TOKEN_LIMIT
        if len(token) > limit:
            return _no(READ, "too long", no.UNREADABLE(why=f"longer than {limit:,} characters"))
        if handler[f.RUNS] is not f.Runs.DECLARED:
            incoming = IncomingToken(
                token=token,
                token_type=token_type,
                is_actor=is_actor,
                handler=handler.name,
                app=app.app.name,
                app_kind="ECA" if app.kind is AppKind.EXTERNAL_CLIENT_APP else "CA",
                run_as=run_as,
                now_ms=self.clock.now_ms(),
            )
            if handler[f.RUNS] is f.Runs.WEBHOOK:
                return await self.webhooks.ask(handler, incoming)
            return await self.code.ask(handler[f.CODE], incoming)
        return await self._declared(handler, token, token_type, names, is_actor=is_actor)

    async def _declared(
        self, handler: TokenHandler, token: str, token_type: str, names: frozenset[str], *, is_actor: bool
    ) -> HandlerAnswer:
        if token_type == _SAML:
            return self._saml(handler, token, names, is_actor=is_actor)
        try:
            if handler.verifies and looks_like_jwt(token):
                return await self._jwt(handler, token, token_type, is_actor=is_actor)
            if handler[f.INTROSPECTION_URL]:
                return await self._introspected(handler, token, token_type, is_actor=is_actor)
        except JwtRefused as problem:
            return _no(READ, str(problem), no.UNREADABLE(why=str(problem)))
        return _no(READ, "no JWT", no.NOT_A_JWT(handler=handler.name))

    async def _jwt(self, handler: TokenHandler, token: str, token_type: str, *, is_actor: bool) -> HandlerAnswer:
        said = read_assertion(token, lax=False, members=EXTERNAL_HEADER_MEMBERS)
        if refusal := outside_token.wrong_kind(token, token_type):
            return _no(outside_token.KIND, "another than was announced", refusal)
        certificate, url = handler[f.CERTIFICATE], handler[f.JWKS_URL]
        if url:
            try:
                keys = await self.key_sets.keys(url, key_id_of(token, EXTERNAL_HEADER_MEMBERS))
            except Unfetched as problem:
                return _no(KEYS, problem.why, no.KEYS_UNREACHABLE(handler=handler.name, why=problem.why))
            signed = outside_token.signed_by(token, keys)
        else:
            assert certificate is not None  # noqa: S101 - `verifies` said so
            signed = outside_token.signed_by_certificate(token, certificate.pem)
        if signed.refusal is not None:
            return HandlerAnswer((signed,), signed.refusal)
        case = OutsideCase(handler, token_type, said, self.clock.now_ms(), introspected=False)
        return _judged(case, signed, is_actor=is_actor)

    def _saml(self, handler: TokenHandler, token: str, names: frozenset[str], *, is_actor: bool) -> HandlerAnswer:
        # lxml's part of it is slow to import, and few servers ever meet a SAML message.
        from grantway.kit import saml
        from grantway.protocol.saml import read_statement

        certificate = handler[f.CERTIFICATE]
        if certificate is None:
            return _no(READ, "a SAML assertion", no.NO_SAML(handler=handler.name))
        try:
            message = saml.opened(token, root=saml.ASSERTION, strict=False)
        except saml.SamlRefused as problem:
            return _no(READ, str(problem), no.UNREADABLE(why=str(problem)))
        try:
            element = message.verified(certificate.pem)
        except saml.SamlRefused as problem:
            return _no(outside_token.SIGNED, str(problem), no.NOT_SIGNED(why=str(problem)))
        try:
            statement = read_statement(element)
        except saml.SamlRefused as problem:
            return _no(READ, str(problem), no.UNREADABLE(why=str(problem)))
        recipients = {*handler[f.AUDIENCES], *(name for name in names if name.endswith("/token"))}
        by = statement.confirmed(recipients, bare=True)
        if by is None:
            sent = ", ".join(one.recipient or "nothing" for one in statement.confirmations)[:200] or "nobody"
            return _no(RECIPIENT, f"another: {sent}", no.OTHER_RECIPIENT(sent=sent))
        said = statement.as_assertion(token, by)
        said = msgspec.structs.replace(said, claims={"sub": statement.subject, "iss": statement.issuer})
        case = OutsideCase(handler, _SAML, said, self.clock.now_ms(), introspected=False)
        signed = Finding(outside_token.SIGNED, "by the certificate of the handler")
        return _judged(case, signed, is_actor=is_actor)

    async def _introspected(
        self, handler: TokenHandler, token: str, token_type: str, *, is_actor: bool
    ) -> HandlerAnswer:
        secret = self.ring.open(handler.box(f.INTROSPECTION_SECRET), SECRET_PURPOSES[f.INTROSPECTION_SECRET]).decode()
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(handler[f.INTROSPECTION_CLIENT_ID], safe='')}:{quote(secret, safe='')}"
        form = {"token": token}
        if token_type in ("access_token", "refresh_token"):
            form["token_type_hint"] = token_type
        try:
            fetched = await self.fetcher.fetch(
                handler[f.INTROSPECTION_URL],
                accept="application/json",
                body=urlencode(form).encode(),
                content_type="application/x-www-form-urlencoded",
                authorization="Basic " + base64.b64encode(pair.encode()).decode(),
            )
            if fetched.status != 200:
                raise Unfetched(f"it answered {fetched.status}")
            claims = json_object(fetched.body)
        except Unfetched as problem:
            return _no(INTROSPECTION, problem.why, no.INTROSPECTION_FAILED(why=problem.why))
        except JwtRefused as problem:
            why = f"its answer is {problem}"
            return _no(INTROSPECTION, why, no.INTROSPECTION_FAILED(why=why))
        if claims.get("active") is not True:
            return _no(INTROSPECTION, "not active", no.INACTIVE())
        said = assertion_of(token, claims, lax=False)
        if self._is_ours(said.issuer):
            return _ourselves(handler, said.issuer)
        case = OutsideCase(handler, token_type, said, self.clock.now_ms(), introspected=True)
        return _judged(case, Finding(INTROSPECTION, "active"), is_actor=is_actor)

    def _is_ours(self, url: str) -> bool:
        """Tell whether an address is one of this server's, an org's My Domain included."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host = parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")
        return bool(self.urls.at(host) or self.urls.my_domain_of(host))

    async def create_user(self, org: Org, chosen: UsableHandler, named: Named) -> str:
        """Make the user that a handler named, as its execution user; see `grants.grant.Sources`."""
        return await new_people.make(self.directory.db, self.clock, self.ring, org, chosen, named)


def _judged(case: OutsideCase, first: Finding, *, is_actor: bool) -> HandlerAnswer:
    """Make the checks of what a token says, and read whom it names."""
    checks = outside_token.STATEMENTS if is_actor else (*outside_token.STATEMENTS, outside_token.names_somebody)
    findings = [first]
    for check in checks:
        found = check(case)
        if found is not None:
            findings.append(found)
            if found.refusal is not None:
                return HandlerAnswer(tuple(findings), found.refusal)
    named = None if is_actor else outside_token.named_by(case)
    return HandlerAnswer(tuple(findings), None, Believed(case.said.claims, named))


def _ourselves(handler: TokenHandler, address: str) -> HandlerAnswer:
    refusal = no.OWN_ISSUER(handler=handler.name, issuer=address[:200])
    return _no(outside_token.ISSUER, "this server itself", refusal)


def _no(check: str, says: str, refusal: Refusal) -> HandlerAnswer:
    return HandlerAnswer((Finding(check, says, refusal),), refusal)
