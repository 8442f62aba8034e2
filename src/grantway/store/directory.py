"""Orgs, people and apps as hot paths meet them: read once, kept while the directory's revision stands (decision 6)."""

from typing import Any, Final, TypeVar, cast

from grantway.domain.app import AppUser, InstalledApp, read_values
from grantway.domain.org import Org, User, canonical_username
from grantway.domain.sso import SingleSignOn
from grantway.domain.token_handler import UsableHandler
from grantway.settings import sso
from grantway.settings.choices import SsoUser
from grantway.settings.org import CORS_ORIGINS
from grantway.settings.setting import Setting
from grantway.settings.token_handlers import Matches
from grantway.store.apps import Apps
from grantway.store.custom_claims import custom_permissions_that_count
from grantway.store.database import Database
from grantway.store.orgs import default_org_id
from grantway.store.people import (
    USER_COLUMNS,
    permission_sets_that_count,
    permissions_that_count,
    user_by_id,
    user_by_username,
)
from grantway.store.statement import Statement, columns_of
from grantway.store.token_handlers import handlers_for, users_matching

K = TypeVar("K")
V = TypeVar("V")
_KEPT: Final = 4096
_RUN_AS: Final = Statement(
    f"SELECT {USER_COLUMNS} FROM app_policy p JOIN person u ON u.username = p.run_as AND u.org_id = p.org_id"
    " JOIN profile r ON r.id = u.profile_id WHERE p.app_id = :app_id AND p.org_id = :org_id"
)
_MY_DOMAINS: Final = Statement("SELECT my_domain FROM org")
_ORGS: Final = Statement("SELECT id, settings FROM org")
_ORG: Final = Statement(f"SELECT {columns_of(Org)} FROM org WHERE id = :id")
_NAMED_ORGS: Final = Statement("SELECT id, name, settings FROM org ORDER BY created_at, id")


class Directory:
    """Answers from memory what the database would answer now.

    Each question first asks for the revision; what is kept under another one is dropped. What is read after the
    revision can only be newer than it, so nothing old is ever kept under a new revision.
    """

    def __init__(self, db: Database, apps: Apps) -> None:
        self.db: Final = db
        self.apps: Final = apps
        self._revision = ""
        self._by_key: dict[str, InstalledApp] = {}
        self._in_org: dict[tuple[str, str], InstalledApp] = {}
        self._run_as: dict[str, AppUser] = {}
        self._users: dict[tuple[str, str, str], AppUser] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._origins: dict[str, dict[str, frozenset[str]]] = {}
        self._my_domains: dict[str, frozenset[str]] = {}
        self._default_org: dict[str, tuple[Org, dict[Setting[Any], Any]]] = {}
        self._sign_on: dict[str, tuple[SingleSignOn, ...]] = {}
        self._matching: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._handlers: dict[tuple[str, str], tuple[UsableHandler, ...]] = {}

    async def app_by_key(self, consumer_key: str) -> InstalledApp | None:
        """Return the app with a consumer key as its home org meets it, or None.

        A key that is staged or was replaced finds it too: `known` and `key_state` say whether it answers.
        """
        return await self._app_by_key(await self._now(), consumer_key)

    async def app_and_run_as(self, consumer_key: str) -> tuple[InstalledApp | None, AppUser | None]:
        """Return the app with a consumer key, and the user that its home org's policy has it run as."""
        revision = await self._now()
        app = await self._app_by_key(revision, consumer_key)
        found = self._run_as.get(consumer_key)
        if app is not None and found is not None:
            return app, found
        row = await self.db.one(_RUN_AS, app.id, app.org.id) if app is not None else None
        if app is None or row is None:
            return app, None
        found = await self._app_user(app, User(*cast(Any, row)))
        self._keep(revision, self._run_as, consumer_key, found)
        return app, found

    async def app_user(self, app_id: str, org_id: str, user_id: str) -> AppUser | None:
        """Return a user and an app as an org meets it; None when one of the three is no longer there."""
        revision = await self._now()
        key = (app_id, org_id, user_id)
        found = self._users.get(key)
        if found is not None:
            return found
        app = self._in_org.get((app_id, org_id)) or await self.apps.in_org(self.db, app_id, org_id)
        self._keep(revision, self._in_org, (app_id, org_id), app)
        user = await user_by_id(self.db, user_id)
        if app is None or user is None:
            return None
        found = await self._app_user(app, user)
        self._keep(revision, self._users, key, found)
        return found

    async def app_user_named(self, app_id: str, username: str) -> AppUser | None:
        """Return the user with a username, and an app as the user's org meets it; None when one is not there."""
        revision = await self._now()
        name = canonical_username(username)
        found = self._named.get(name)
        if found is None:
            user = await user_by_username(self.db, name)
            if user is None:
                return None
            found = (user.org_id, user.id)
            self._keep(revision, self._named, name, found)
        return await self.app_user(app_id, *found)

    async def app_user_federated(self, app_id: str, org_id: str, federation_id: str) -> AppUser | None:
        """Return the user whom an org's identity provider calls so, and an app as the org meets it."""
        found = await self.users_matching(org_id, Matches.FEDERATION_ID, federation_id)
        return await self.app_user(app_id, org_id, found[0]) if found else None

    async def users_matching(self, org_id: str, by: Matches, value: str) -> tuple[str, ...]:
        """Return the ids of an org's users of whom something equals a value, byte by byte; two at most."""
        revision = await self._now()
        key = (org_id, by.value, value)
        found = self._matching.get(key)
        if found is None:
            found = await users_matching(self.db, org_id, by, value)
            # Who is not there yet may be named by anything: that is not worth the memory.
            self._keep(revision, self._matching, key, found or None)
        return found

    async def handlers_for(self, org_id: str, app_id: str) -> tuple[UsableHandler, ...]:
        """Return an org's token exchange handlers, by name, each with what lets an app use it."""
        revision = await self._now()
        found = self._handlers.get((org_id, app_id))
        if found is None:
            found = await handlers_for(self.db, org_id, app_id)
            self._keep(revision, self._handlers, (org_id, app_id), found)
        return found

    async def origins(self) -> dict[str, frozenset[str]]:
        """Return the origins whose pages may call, by the id of the org that lists them; orgs without any are left out.

        An origin is found under its org alone: whose list counts is for the caller to say.
        """
        revision = await self._now()
        found = self._origins.get("")
        if found is None:
            found = {}
            for org_id, settings in await self.db.all(_ORGS):
                if listed := read_values(cast(str, settings)).get(CORS_ORIGINS):
                    found[cast(str, org_id)] = frozenset(listed)
            self._keep(revision, self._origins, "", found)
        return found

    async def default_org(self) -> tuple[Org, dict[Setting[Any], Any]] | None:
        """Return the org of requests that name none, with the settings it has chosen; None while there is no org."""
        revision = await self._now()
        found = self._default_org.get("")
        if found is None:
            row = await self.db.one(_ORG, await default_org_id(self.db) or "")
            if row is None:
                return None
            org = Org(*cast(Any, row))
            found = org, read_values(org.settings)
            self._keep(revision, self._default_org, "", found)
        return found

    async def single_sign_on(self) -> tuple[SingleSignOn, ...]:
        """Return the identity providers of all orgs that name one, whether their flow is on or not."""
        revision = await self._now()
        found = self._sign_on.get("")
        if found is None:
            rows = await self.db.all(_NAMED_ORGS)
            found = tuple(one for row in rows if (one := _single_sign_on(*cast(tuple[str, str, str], row))).issuer)
            self._keep(revision, self._sign_on, "", found)
        return found

    async def app_of_org(self, org_id: str, name: str) -> InstalledApp | None:
        """Return the app that an org made under an API name, as the org meets it; None when there is none."""
        return await self.apps.of_org(self.db, org_id, name)

    async def my_domains(self) -> frozenset[str]:
        """Return the label of each org's My Domain."""
        revision = await self._now()
        found = self._my_domains.get("")
        if found is None:
            found = frozenset(cast(str, row[0]) for row in await self.db.all(_MY_DOMAINS))
            self._keep(revision, self._my_domains, "", found)
        return found

    async def _now(self) -> str:
        """Return the revision; from here to the next `await`, what is kept is of this revision."""
        revision = await self.db.revision()
        if revision != self._revision:
            self._revision = revision
            for kept in (
                self._by_key,
                self._in_org,
                self._run_as,
                self._users,
                self._named,
                self._origins,
                self._my_domains,
                self._default_org,
                self._sign_on,
                self._matching,
                self._handlers,
            ):
                kept.clear()
        return revision

    async def _app_by_key(self, revision: str, consumer_key: str) -> InstalledApp | None:
        app = self._by_key.get(consumer_key)
        if app is None:
            app = await self.apps.by_key(self.db, consumer_key)
            self._keep(revision, self._by_key, consumer_key, app)
        return app

    async def _app_user(self, app: InstalledApp, user: User) -> AppUser:
        sets = await permission_sets_that_count(self.db, app, user)
        permissions = await permissions_that_count(self.db, app, user)
        return AppUser(app, user, sets, permissions, await custom_permissions_that_count(self.db, app, user))

    def _keep(self, revision: str, kept: dict[K, V], key: K, value: V | None) -> None:
        # Another request may have seen a newer revision while this one was reading.
        if value is not None and revision == self._revision:
            if len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[key] = value


def _single_sign_on(org_id: str, name: str, settings: str) -> SingleSignOn:
    values = read_values(settings)
    certificate = values.get(sso.SSO_CERTIFICATE)
    return SingleSignOn(
        org_id=org_id,
        org_name=name,
        is_on=bool(values.get(sso.SAML_ASSERTION_FLOW)),
        issuer=values.get(sso.SSO_ISSUER, ""),
        certificate=certificate.pem if certificate is not None else "",
        fingerprint=certificate.fingerprint if certificate is not None else "",
        subject=certificate.subject if certificate is not None else "",
        entity_id=values.get(sso.SSO_ENTITY_ID, ""),
        app=values.get(sso.SAML_ASSERTION_APP, ""),
        by_federation_id=values.get(sso.SSO_USER) is SsoUser.FEDERATION_ID,
    )
