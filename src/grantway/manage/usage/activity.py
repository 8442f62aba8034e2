"""What happens in an org: tokens by flow and refusals by reason, by the hour, and what should be looked at."""

from dataclasses import dataclass
from typing import Final, cast

from grantway import settings as s
from grantway.domain.org import Org
from grantway.manage.caller import Right
from grantway.manage.connected_apps import apps
from grantway.manage.connected_apps.rules import names_in, warnings_knowing
from grantway.manage.desk import Desk
from grantway.manage.usage.refusals import RefusedFor, refused_most
from grantway.store.hour_counts import REFUSALS, TOKENS, counts_since
from grantway.store.statement import Statement

# The settings of so many apps are looked at for a page: more would make everybody else wait.
LOOKED_AT: Final = 100
_NUMBER: Final = Statement("SELECT COUNT(*) FROM app WHERE org_id = :org_id AND (:kind = '' OR kind = :kind)")
# A token that comes back after its use is a token that two have: once is enough to look.
_ALARMS: Final = frozenset({"refresh.reused", "code.reused"})
_OFTEN: Final = 10
_FLOWS: Final = {
    "token.code": "Web Server",
    "token.refresh": "Refresh Token",
    "token.client_credentials": "Client Credentials",
    "token.jwt_bearer": "JWT Bearer",
    "token.exchange": "Token Exchange",
    "token.saml_bearer": "SAML Bearer",
    "token.password": "Username-Password",
    "token.asset": "Asset Token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Numbers of an org: (hour, name, number) of tokens and refusals, in time's order, and how many apps it has."""

    tokens: tuple[tuple[int, str, int], ...]
    refusals: tuple[tuple[int, str, int], ...]
    apps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """An app to look at. `refused`: what it was refused often or alarmingly; `warnings`: what its settings say.

    `ref`: what it is called in paths, as in `RefusedFor`.
    """

    app: str
    label: str
    ref: str
    refused: tuple[RefusedFor, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_urgent(self) -> bool:
        """Whether something goes wrong now, and does not just look as if it could."""
        return bool(self.refused)


def flow_of(kind: str) -> str:
    """Return the name of the flow that tokens of a kind came of, as `Activity.tokens` has kinds."""
    return _FLOWS.get(kind) or kind.partition(".")[2].replace("_", " ").title()


async def activity(desk: Desk, org: Org, since_ms: int) -> Activity:
    """Return an org's numbers from the hour of a moment on, for apps of the kinds that the caller may read.

    Raises:
        ManageProblem: no right.
    """
    kinds = desk.caller.kinds(Right.READ_APPS, org.id)
    row = await desk.session.one(_NUMBER, org.id, desk.caller.reads(org.id))
    return Activity(
        tokens=await counts_since(desk.session, org.id, TOKENS, since_ms, kinds),
        refusals=await counts_since(desk.session, org.id, REFUSALS, since_ms, kinds),
        apps=cast(int, row[0]) if row else 0,
    )


async def need_attention(desk: Desk, org: Org, since_ms: int, number: int) -> tuple[Attention, ...]:
    """Return the org's apps that should be looked at, those that are refused something first.

    `number` is how many apps the org has: settings are looked at only where these are few (`LOOKED_AT`).

    Raises:
        ManageProblem: no right.
    """
    refused: dict[str, list[RefusedFor]] = {}
    for one in await refused_most(desk, org, since_ms, most=200):
        if one.reason in _ALARMS or one.number >= _OFTEN:
            refused.setdefault(one.app_id, []).append(one)
    found = {
        app_id: Attention(app=whys[0].app, label=whys[0].app, ref=whys[0].ref, refused=tuple(whys))
        for app_id, whys in refused.items()
    }
    if number <= LOOKED_AT:
        names, now = await names_in(desk, org.id), desk.clock.now_ms()
        for app in await apps.all_apps(desk, org):
            warnings = warnings_knowing(app, names, now)
            if warnings or app.id in found:
                found[app.id] = Attention(
                    app=app.app.name,
                    label=app[s.LABEL] or app.app.name,
                    ref=app.app.name if app.app.org_id == org.id else app.id,
                    refused=found[app.id].refused if app.id in found else (),
                    warnings=warnings,
                )
    return tuple(sorted(found.values(), key=lambda one: (not one.is_urgent, one.label.lower())))
