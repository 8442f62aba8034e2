"""GET, POST /setup/keys: the keys that sign; which do, which still verify until when, and rotating."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from grantway.console.places import SIGNING_KEYS, with_query
from grantway.console.review import ReviewPage, ask_again, ticked
from grantway.console.verify import verified_until, way_to
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage.caller import Right
from grantway.manage.problem import NotAllowed
from grantway.manage.server import access_keys, keys
from grantway.protocol.when import iso_seconds
from grantway.store.signing_keys import ACCESS_TOKEN, ASSET_TOKEN, ID_TOKEN

_ROTATE: Final = f"{SIGNING_KEYS}/rotate"
_ROTATE_ACCESS: Final = f"{SIGNING_KEYS}/rotate-access"
_PURPOSES: Final = {ID_TOKEN: "ID tokens", ACCESS_TOKEN: "JWT-based access tokens", ASSET_TOKEN: "Asset tokens"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key; times as ISO text, `until` empty for the one that signs."""

    kid: str
    purpose: str
    algorithm: str
    created: str
    state: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeysPage:
    """The keys. `cannot` says why this person cannot rotate those of ID tokens; empty where they can.

    `rotate_access`: where the org's key for access tokens is rotated; empty where this person may not.
    """

    template: ClassVar[str] = "setup/signing_keys.html"
    title: str = "Signing keys"
    rows: tuple[Row, ...]
    rotate: str
    at_once: str
    cannot: str
    rotate_access: str


async def show(visit: Visit) -> Reply:
    """Show the keys, without their private halves."""
    found = await keys.all_keys(visit.desk)
    try:
        await keys.demand_rotation(visit.desk)
        cannot = ""
    except NotAllowed as problem:
        cannot = str(problem)
    page = SigningKeysPage(
        rows=tuple(map(_row, found)),
        rotate=_ROTATE,
        at_once=with_query(_ROTATE, at_once="1"),
        cannot=cannot,
        rotate_access=_ROTATE_ACCESS if visit.desk.caller.may(Right.USAGE, visit.org.id) else "",
    )
    return visit.show(page, here=SIGNING_KEYS)


def _row(key: dict[str, Any]) -> Row:
    return Row(
        kid=key["kid"],
        purpose=_PURPOSES.get(key["purpose"], key["purpose"]),
        algorithm=key["algorithm"],
        created=iso_seconds(key["created_at"]),
        state=key["state"],
        until=iso_seconds(key["retired_at"]) if key["retired_at"] is not None else "",
    )


async def review(visit: Visit) -> Reply:
    """Say what a rotation does, before it is done."""
    at_once = bool(visit.query.get("at_once"))
    try:
        await keys.demand_rotation(visit.desk)
    except NotAllowed:
        return visit.go(SIGNING_KEYS)  # which says why
    if verified_until(visit) is None:
        return visit.go(way_to(with_query(_ROTATE, at_once="1" if at_once else "")))
    return visit.show(await _page(visit, at_once=at_once), here=SIGNING_KEYS, crumbs=_CRUMBS)


async def rotate(visit: Visit) -> Reply:
    """Rotate, if the key that was seen still signs, for somebody who verified their identity a moment ago."""
    at_once = bool(visit.form.get("at_once"))
    await keys.demand_rotation(visit.desk)
    if verified_until(visit) is None:
        return visit.go(way_to(_ROTATE))
    if not ticked(visit):
        return ask_again(visit, await _page(visit, at_once=at_once), here=SIGNING_KEYS, crumbs=_CRUMBS)
    kid = await keys.rotate(visit.desk, at_once=at_once, seen=visit.form.get("seen", "-"))
    before = "are retired" if at_once else "stay published for a day"
    return visit.go(SIGNING_KEYS, saying=f"The key {kid} signs now; the ones before {before}.")


async def review_access(visit: Visit) -> Reply:
    """Say what ends with another key for the org's access tokens."""
    visit.desk.caller.needs(Right.USAGE, visit.org.id)
    if verified_until(visit) is None:
        return visit.go(way_to(_ROTATE_ACCESS))
    return visit.show(_access_page(visit.org.access_kid), here=SIGNING_KEYS, crumbs=_CRUMBS)


async def rotate_access(visit: Visit) -> Reply:
    """End every JWT-based access token of the org, if the key that was seen still counts, for somebody who verified
    their identity a moment ago.
    """
    visit.desk.caller.needs(Right.USAGE, visit.org.id)
    if verified_until(visit) is None:
        return visit.go(way_to(_ROTATE_ACCESS))
    if not ticked(visit):
        return ask_again(visit, _access_page(visit.org.access_kid), here=SIGNING_KEYS, crumbs=_CRUMBS)
    done = await access_keys.revoke_all(visit.desk, visit.org, seen=visit.form.get("seen", "-"))
    ended = f"{done.ended:,} access token{'s' if done.ended != 1 else ''} ended"
    return visit.go(SIGNING_KEYS, saying=f"The key {done.kid} signs access tokens now; {ended}.")


async def _page(visit: Visit, *, at_once: bool) -> ReviewPage:
    signing = next(
        (
            key["kid"]
            for key in await keys.all_keys(visit.desk)
            if (key["purpose"], key["state"]) == (ID_TOKEN, "signs")
        ),
        "",
    )
    until = iso_seconds(visit.desk.clock.now_ms() + keys.OVERLAP_MS)
    lines: tuple[str, ...] = (
        f"A new key is made and signs from that moment; every worker of this server has it within a second. Until now "
        f"the key {signing} signs.",
        "Clients that check signatures fetch the new key by themselves, at /id/keys and /oidc/jwks: they look there "
        "whenever a token names a key that they do not know.",
    )
    if at_once:
        lines += (
            "Every key before is retired at once: no ID token that it signed can be verified any more, neither by "
            "clients, once what they cached ends after a minute, nor by this server as id_token_hint.",
            "Do this when a key may be in wrong hands. Access and refresh tokens are not signed by these keys, and "
            "go on.",
        )
        tick = "ID tokens from before now shall no longer count"
    else:
        lines += (
            f"The keys before stay published until {until}. ID tokens live for twelve hours at most, so everything "
            "that they signed can be verified to its end.",
            "Nobody is logged out, and no token ends.",
        )
        tick = "I have seen what this does"
    return ReviewPage(
        title="Rotate the signing keys and retire the old ones at once" if at_once else "Rotate the signing keys",
        lines=lines,
        tick=tick,
        button="Rotate and retire at once" if at_once else "Rotate",
        action=_ROTATE,
        back=SIGNING_KEYS,
        hidden=(("seen", signing), *((("at_once", "1"),) if at_once else ())),
        danger=at_once,
    )


def _access_page(kid: str) -> ReviewPage:
    return ReviewPage(
        title="Rotate the key of access tokens",
        lines=(
            "Another key signs this org's JWT-based access tokens from now on. Every one that was signed before ends "
            "at once, and its public half leaves the key set: APIs that check tokens themselves refuse them once they "
            "read it anew.",
            "Refresh tokens, opaque access tokens, ID tokens and sessions go on: a client with a refresh token gets a "
            "new access token at its next request.",
        ),
        tick="JWT-based access tokens from before now shall no longer count",
        button="Rotate and end them",
        action=_ROTATE_ACCESS,
        back=SIGNING_KEYS,
        hidden=(("seen", kid),),
    )


_CRUMBS: Final = (("Signing keys", SIGNING_KEYS),)
ROUTES: Final = (
    Route(SIGNING_KEYS, get=show),
    Route(_ROTATE, get=review, post=rotate),
    Route(_ROTATE_ACCESS, get=review_access, post=rotate_access),
)
