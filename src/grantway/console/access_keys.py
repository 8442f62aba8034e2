"""GET, POST /setup/keys/access-tokens: ending every JWT-based access token of the org, by another key for them."""

from typing import Final

from grantway.console.places import ACCESS_KEYS, SIGNING_KEYS
from grantway.console.review import ReviewPage, ask_again, ticked
from grantway.console.visit import Route, Visit
from grantway.kit.http import Reply
from grantway.manage import access_keys

_CRUMBS: Final = (("Signing keys", SIGNING_KEYS),)


async def review(visit: Visit) -> Reply:
    """Say what ends, before it does."""
    return visit.show(await _page(visit), here=SIGNING_KEYS, crumbs=_CRUMBS)


async def revoke(visit: Visit) -> Reply:
    """Rotate, if the key that was seen still signs."""
    if not ticked(visit):
        return ask_again(visit, await _page(visit), here=SIGNING_KEYS, crumbs=_CRUMBS)
    done = await access_keys.revoke_all(visit.desk, visit.org, seen=visit.form.get("seen", "-"))
    return visit.go(SIGNING_KEYS, saying=f"{_counted(done.ended)} ended. The key {done.kid} signs them now.")


async def _page(visit: Visit) -> ReviewPage:
    found = await access_keys.look(visit.desk, visit.org)
    ends = f"{_counted(found.live)} {'ends' if found.live == 1 else 'end'} at once: this server refuses every JWT-based"
    return ReviewPage(
        title="Revoke all JWT-based access tokens",
        lines=(
            f"{ends} access token that it gave to users of this org." if found.live else "No such token lives now.",
            "Another key signs them from that moment. The one before leaves /id/keys and /oidc/jwks; an API that "
            "checks tokens itself refuses the old ones once it reads the key set anew, a minute or more later.",
            "Refresh tokens, opaque access tokens, ID tokens and logins go on: apps get a new token with their next "
            "refresh.",
        ),
        tick="Every JWT-based access token of this org shall end",
        button="Revoke all",
        action=ACCESS_KEYS,
        back=SIGNING_KEYS,
        hidden=(("seen", found.kid),),
    )


def _counted(number: int) -> str:
    return f"{number} access token{'' if number == 1 else 's'}"


ROUTES: Final = (Route(ACCESS_KEYS, get=review, post=revoke),)
