"""Orgs, people and apps as hot paths meet them: read once, kept while the directory's revision stands (decision 6)."""

from typing import Any, Final, TypeVar, cast

from grantway.domain.app import AppUser, InstalledApp
from grantway.domain.org import User
from grantway.store.apps import VERSIONS, Apps, Versions
from grantway.store.database import Database
from grantway.store.people import USER_COLUMNS, permission_sets_that_count, permissions_that_count
from grantway.store.statement import Row, Statement

K = TypeVar("K")
V = TypeVar("V")
_KEPT: Final = 4096
_USER_END: Final = len(User.__struct_fields__)
_RUN_AS: Final = Statement(
    f"SELECT {USER_COLUMNS}, a.id, a.org_id, {VERSIONS} FROM app a JOIN org o ON o.id = a.org_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = a.org_id"
    " LEFT JOIN person u ON u.username = p.run_as AND u.org_id = p.org_id LEFT JOIN profile r ON r.id = u.profile_id"
    " WHERE a.consumer_key = :consumer_key"
)
_APP_USER: Final = Statement(
    f"SELECT {USER_COLUMNS}, {VERSIONS} FROM person u JOIN profile r ON r.id = u.profile_id"
    " JOIN app a ON a.id = :app_id JOIN org o ON o.id = :org_id"
    " LEFT JOIN app_policy p ON p.app_id = a.id AND p.org_id = o.id WHERE u.id = :user_id"
)


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
        self._run_as: dict[str, AppUser] = {}
        self._users: dict[tuple[str, str, str], AppUser] = {}

    async def app_by_key(self, consumer_key: str) -> InstalledApp | None:
        """Return the app with a consumer key as its home org meets it, or None."""
        revision = await self._now()
        app = self._by_key.get(consumer_key)
        if app is None:
            app = await self.apps.by_key(self.db, consumer_key)
            self._keep(revision, self._by_key, consumer_key, app)
        return app

    async def app_and_run_as(self, consumer_key: str) -> tuple[InstalledApp | None, AppUser | None]:
        """Return the app with a consumer key, and the user that its home org's policy has it run as."""
        revision = await self._now()
        found = self._run_as.get(consumer_key)
        if found is not None:
            return found.app, found
        row = await self.db.one(_RUN_AS, consumer_key)
        if row is None:
            return None, None
        app_id, org_id = cast(str, row[_USER_END]), cast(str, row[_USER_END + 1])
        app = await self.apps.at(self.db, app_id, org_id, cast(Versions, row[_USER_END + 2 :]))
        if app is None or row[0] is None:
            return app, None
        found = await self._app_user(app, row)
        self._keep(revision, self._run_as, consumer_key, found)
        return app, found

    async def app_user(self, app_id: str, org_id: str, user_id: str) -> AppUser | None:
        """Return a user and an app as an org meets it; None when one of the three is no longer there."""
        revision = await self._now()
        key = (app_id, org_id, user_id)
        found = self._users.get(key)
        if found is not None:
            return found
        row = await self.db.one(_APP_USER, app_id, org_id, user_id)
        app = await self.apps.at(self.db, app_id, org_id, cast(Versions, row[_USER_END:])) if row else None
        if row is None or app is None:
            return None
        found = await self._app_user(app, row)
        self._keep(revision, self._users, key, found)
        return found

    async def _now(self) -> str:
        revision = await self.db.revision()
        if revision != self._revision:
            self._revision = revision
            for kept in (self._by_key, self._run_as, self._users):
                kept.clear()
        return revision

    async def _app_user(self, app: InstalledApp, row: Row) -> AppUser:
        user = User(*cast(Any, row[:_USER_END]))
        sets = await permission_sets_that_count(self.db, app, user)
        return AppUser(app, user, sets, await permissions_that_count(self.db, app, user))

    def _keep(self, revision: str, kept: dict[K, V], key: K, value: V | None) -> None:
        # Another request may have seen a newer revision while this one was reading.
        if value is not None and revision == self._revision:
            if len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[key] = value
