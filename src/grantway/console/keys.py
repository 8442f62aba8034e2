"""GET, POST /setup/apps/<name>/keys: consumer key and secret, shown, rotated (connected-apps.md 2.5, 2.7, 2.8)."""

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote

from grantway import settings as s
from grantway.console.key_sets import sets_page
from grantway.console.registration import MAKE, REVOKE, Registration, registration_of
from grantway.console.verify import verified_until, way_to
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.connected_apps import apps
from grantway.manage.consumer_keys import rotation
from grantway.manage.consumer_keys.credentials import Pair, Pairs, is_external
from grantway.manage.problem import ManageProblem, StaleVersion
from grantway.manage.registration import registration_tokens
from grantway.protocol.when import iso_seconds

APPS: Final = "/setup/apps"
_GOES_ON: Final = "The current pair goes on until you apply it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPair:
    """A key and secret as they stand on the page; `secret` is empty until it is revealed. Times as ISO text."""

    consumer_key: str
    secret: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """The pairs of an app, and what can be done with them. `verified_until` is empty while nothing may be shown."""

    template: ClassVar[str] = "setup/keys.html"
    label: str
    here: str
    verify: str
    verified_until: str
    current: ShownPair
    staged: ShownPair | None
    previous: ShownPair | None
    impact: rotation.Impact
    registration: Registration | None

    @property
    def title(self) -> str:
        """The page's heading."""
        return f"Consumer key and secret of {self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPage:
    """What applying the staged pair ends, before it is done."""

    template: ClassVar[str] = "setup/keys_apply.html"
    label: str
    here: str
    staged_key: str
    impact: rotation.Impact
    ends_tokens: bool
    problem: str = ""

    @property
    def title(self) -> str:
        """The page's heading."""
        if not self.ends_tokens:
            return f"Rotate the key and secret of {self.label}"
        return f"Apply the staged key and secret of {self.label}"


def path_of(name: str) -> str:
    """Return the path of an app's keys page."""
    return f"{APPS}/{quote(name, safe='')}/keys"


async def show(visit: Visit) -> Reply:
    """Show the pairs, every secret masked."""
    return await _show(visit, await _pairs(visit))


async def act(visit: Visit) -> Reply:
    """Do what was pressed, for somebody who has verified their identity a moment ago."""
    name, action = visit.params["name"], visit.form.get("action", "")
    here = path_of(name)
    if verified_until(visit) is None:
        return visit.go(way_to(here))
    if action == "reveal":
        secret = (await apps.reveal(visit.desk, visit.org, name)).secret.reveal()
        return await _show(visit, await _pairs(visit), secret=secret)
    if action == "reveal_staged":
        revealed = await rotation.reveal_staged(visit.desk, visit.org, name, set_id=visit.form.get("set", ""))
        return await _show(visit, await _pairs(visit), revealed=revealed)
    if action == "stage":
        staged = await rotation.stage(visit.desk, visit.org, name)
        goes_on = "It answers beside the app's own." if is_external(staged.app) else _GOES_ON
        return visit.go(here, saying=f"Generated a staged key and secret. {goes_on}")
    if action == MAKE:
        token = (await registration_tokens.make(visit.desk, visit.org, name)).reveal()
        return await _show(visit, await _pairs(visit), token=token)
    if action == REVOKE:
        await registration_tokens.revoke(visit.desk, visit.org, name)
        return visit.go(here, saying="Deleted the initial access token: no app can register with it.")
    if action == "cancel":
        dropped = await rotation.cancel(visit.desk, visit.org, name, set_id=visit.form.get("set", ""))
        if is_external(dropped.app):
            return visit.go(here, saying=f"Deleted the set {dropped.pair.id}: it is refused from now on.")
        return visit.go(here, saying="Dropped the staged key and secret. Nothing else changed.")
    raise ManageProblem(f"say what to do: reveal, reveal_staged, stage, cancel, {MAKE} or {REVOKE}")


async def review(visit: Visit) -> Reply:
    """Show what applying would end."""
    return await _review(visit)


async def apply(visit: Visit) -> Reply:
    """Apply what was reviewed, if it is still that."""
    name, form = visit.params["name"], visit.form
    if verified_until(visit) is None:
        return visit.go(way_to(f"{path_of(name)}/apply"))
    told = rotation.Impact(grants=_number(form.get("grants", "")), access_tokens=_number(form.get("tokens", "")))
    if not form.get("agree"):
        return await _review(visit, "Tick what is about to happen, or go back.", status=400)
    try:
        done = await rotation.apply(visit.desk, visit.org, name, seen=form.get("seen", "-"), most=told)
    except StaleVersion as problem:
        return await _review(visit, f"{str(problem)[:1].upper()}{str(problem)[1:]}.", status=409)
    until = iso_seconds(done.previous_until)
    ended = f"Applied: {done.ended.words} ended." if done.ends_tokens else "Rotated: no token ended."
    return visit.go(path_of(name), saying=f"{ended} The old key and secret answer until {until}.")


async def _review(visit: Visit, problem: str = "", *, status: int = 200) -> Reply:
    pairs = await _pairs(visit)
    if pairs.staged is None:
        return visit.go(path_of(visit.params["name"]), saying="Nothing is staged: generate a pair first.", kind="warn")
    page = ApplyPage(
        label=pairs.app[s.LABEL] or pairs.app.app.name,
        here=path_of(pairs.app.app.name),
        staged_key=pairs.staged.consumer_key,
        impact=await rotation.impact(visit.desk, pairs.app),
        ends_tokens=not is_external(pairs.app),
        problem=problem,
    )
    crumbs = (*_crumbs(pairs), ("Consumer key and secret", page.here))
    return visit.show(page, here=APPS, crumbs=crumbs, status=status)


async def _pairs(visit: Visit) -> Pairs:
    return await rotation.look(visit.desk, visit.org, visit.params["name"])


async def _show(
    visit: Visit, pairs: Pairs, *, secret: str = "", revealed: Pair | None = None, token: str = ""
) -> Reply:
    app, verified = pairs.app, verified_until(visit)
    here = path_of(app.app.name)
    registration = await registration_of(visit.desk, app, token)
    until = iso_seconds(verified) if verified is not None else ""
    if is_external(app):
        sets = sets_page(
            pairs,
            now_ms=visit.server.clock.now_ms(),
            here=here,
            verify=way_to(here),
            until=until,
            secret=secret,
            revealed=revealed,
            registration=registration,
        )
        return visit.show(sets, here=APPS, crumbs=_crumbs(pairs))
    # Counted only where it is said: tokens are read through for it.
    impact = await rotation.impact(visit.desk, app) if pairs.staged else rotation.NOTHING
    page = KeysPage(
        label=app[s.LABEL] or app.app.name,
        here=here,
        verify=way_to(here),
        verified_until=until,
        current=ShownPair(consumer_key=app.consumer_key, secret=secret),
        staged=_shown(pairs.staged, revealed.secret.reveal() if revealed is not None else ""),
        previous=_shown(pairs.previous, ""),
        impact=impact,
        registration=registration,
    )
    return visit.show(page, here=APPS, crumbs=_crumbs(pairs))


def _crumbs(pairs: Pairs) -> tuple[tuple[str, str], ...]:
    name = pairs.app.app.name
    return (("App Manager", APPS), (pairs.app[s.LABEL] or name, f"{APPS}/{quote(name, safe='')}"))


def _shown(pair: Pair | None, secret: str) -> ShownPair | None:
    if pair is None:
        return None
    until = iso_seconds(pair.ends_at) if pair.ends_at is not None else ""
    return ShownPair(consumer_key=pair.consumer_key, secret=secret, since=iso_seconds(pair.created_at), until=until)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


ROUTES: Final = (
    Route(f"{APPS}/{{name}}/keys", get=show, post=act),
    Route(f"{APPS}/{{name}}/keys/apply", get=review, post=apply),
)
