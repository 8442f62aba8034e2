"""Access tokens that no refresh token stands behind: of client credentials, and of logins without the scope for one.

One is live until it expires, is revoked or its line ends, or a mark takes it back (of its user, of the app's policies,
of the org). Those without a line have an index; a line without refresh token bears the id of its one access token.
"""

from typing import Final, cast

from grantway.domain.app import InstalledApp
from grantway.manage.count import Count
from grantway.manage.desk import Desk
from grantway.manage.live.live_grants import EVERY, live_values
from grantway.store.statement import SqlValue, Statement

_GOOD: Final = "t.revoked_at IS NULL AND t.expires_at > CAST(:now AS BIGINT)"
# One app in one org, the newest of each kind first.
_SINGLE: Final = (
    "SELECT user_id, issued_at FROM (SELECT t.user_id, t.issued_at FROM access_token t"  # noqa: S608 - our own names
    f" WHERE t.family_id = '' AND t.app_id = :app_id AND t.org_id = :org_id AND {_GOOD}"
    " ORDER BY t.id DESC LIMIT CAST(:looked AS BIGINT)) a"
)
_OF_LINES: Final = (
    "SELECT t.user_id, t.issued_at FROM (SELECT id FROM token_family WHERE app_id = :app_id AND org_id = :org_id"  # noqa: S608 - our own names
    " AND has_refresh = 0 AND revoked_at IS NULL ORDER BY id DESC LIMIT CAST(:looked AS BIGINT)) f"
    f" JOIN access_token t ON t.id = f.id WHERE {_GOOD}"
)
# As `t`, with their user as `u`.
OF_APP: Final = (
    f"({_SINGLE} UNION ALL {_OF_LINES}) t JOIN person u ON u.id = t.user_id"
    " WHERE t.issued_at > u.not_before AND t.issued_at > CAST(:mark AS BIGINT)"
)
# Whether an app `a` has one in an org, where `p` are its policies there and `o` is the org.
_OF: Final = (
    "{app_id} = a.id AND {org_id} = :org_id AND t.issued_at > u.not_before"
    " AND t.issued_at > COALESCE(p.not_before, 0) AND t.issued_at > CAST(:org_mark AS BIGINT)"
)
EXISTS: Final = (
    "(EXISTS (SELECT 1 FROM access_token t JOIN person u ON u.id = t.user_id WHERE t.family_id = ''"  # noqa: S608 - our own names
    f" AND {_GOOD} AND {_OF.format(app_id='t.app_id', org_id='t.org_id')})"
    " OR EXISTS (SELECT 1 FROM token_family f JOIN access_token t ON t.id = f.id JOIN person u ON u.id = t.user_id"
    f" WHERE f.has_refresh = 0 AND f.revoked_at IS NULL AND {_GOOD}"
    f" AND {_OF.format(app_id='f.app_id', org_id='f.org_id')}))"
)
_COUNT: Final = Statement(f"SELECT COUNT(*) FROM {OF_APP}")  # noqa: S608 - our own names


async def count(desk: Desk, app: InstalledApp, *, looked: int = EVERY) -> Count:
    """Count those of an app in an org; `looked` bounds how many of each kind are looked at, the newest first."""
    values: dict[str, SqlValue] = live_values(desk, app) | {"looked": looked, "now": desk.clock.now_ms()}
    row = await desk.session.one(_COUNT, *(values[name] for name in _COUNT.names))
    number = cast(int, row[0]) if row else 0
    return Count(number=number, or_more=number >= looked)
