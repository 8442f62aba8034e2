"""From records to pages: who asks, for what, in words for the person who decides (S8)."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from grantway import settings as s
from grantway.domain.app import InstalledApp
from grantway.domain.custom import CustomScope
from grantway.domain.refresh_life import IDLE_CAP_DAYS, refresh_life
from grantway.endpoints.server import Server
from grantway.kit.http import Header, Reply
from grantway.pages import Ask, Asker, Display, render, security_headers
from grantway.pages.screens import Page
from grantway.pages.wording import utc_text
from grantway.protocol.client_document import host_of
from grantway.settings.scopes import scope_named
from grantway.store import pictures

_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")
_WIDE: Final = frozenset({"full"})
# The scope `id` gives all of these; each alone gives its part.
_PARTS: Final = {
    "profile": "Your name, username, language and time zone.",
    "email": "Your e-mail address.",
    "address": "Your address.",
    "phone": "Your phone number.",
}


def show(
    page: Page,
    *,
    status: int = 200,
    callback: str = "",
    display: Display = "page",
    headers: tuple[Header, ...] = (),
) -> Reply:
    """Return a page. `callback` is where a form on it leads to in the end: browsers hold every hop to the policy."""
    if not callback:
        guards = security_headers()
    elif urlsplit(callback).scheme in ("http", "https"):
        # The app may send the browser on to anywhere, and each further hop would have to be named: none is.
        guards = security_headers(callbacks=None)
    else:
        guards = security_headers(callbacks=(callback,))
    return Reply(status, render(page, display=display), (_HTML, *guards, *headers))


def name_of(app: InstalledApp) -> str:
    """Return the name that people know an app by."""
    return app[s.LABEL] or app.app.name


async def logo_of(server: Server, app: InstalledApp) -> str:
    """Return the path of the copy of an app's logo, or of its icon; empty without one."""
    if not (app[s.LOGO_URL] or app[s.ICON_URL]):
        return ""
    return next((one.path for one in await pictures.of_app(server.db, app.id) if one.path), "")


def asker_of(home: InstalledApp, here: InstalledApp | None, callback: str, logo: str = "") -> Asker:
    """Return who asks. `home`: the app in its own org, who publishes it; `here`: in the person's org, if that is known.

    `callback` is left empty where it is not trusted; `logo` is a path on this host.
    """
    added = None
    if home.is_registered:
        # No administrator looked at it, and what its name says of a publisher is its own word.
        added = f"itself, on {utc_text(home.app.created_at).partition(',')[0]}"
    elif here is not None and here.policy is not None:
        added = f"an administrator of {here.org.name}, on {utc_text(here.policy.installed_at).partition(',')[0]}"
    return Asker(
        name=name_of(home),
        logo_url=logo or None,
        publisher=_publisher(home),
        contact_email=home[s.CONTACT_EMAIL] or None,
        info_url=home[s.INFO_URL] or None,
        added=added,
        callback_host=_where(callback),
    )


def _publisher(home: InstalledApp) -> str | None:
    """Return who answers for an app: its org, the host of its document, or nobody that is known."""
    if home.is_by_document:
        return host_of(home.consumer_key)
    return None if home.is_registered else home.org.name


def asks_of(app: InstalledApp, scopes: tuple[str, ...], custom: tuple[CustomScope, ...] = ()) -> tuple[Ask, ...]:
    """Return what an app asks for: each scope once, under Salesforce's words, whichever of its names was used.

    `custom` are the custom scopes of the app's own org, each put in the words of its description.
    """
    described = {one.name: one.description for one in custom}
    named: dict[str, list[str]] = {}
    for name in scopes:
        scope = scope_named(name)
        named.setdefault(scope.name if scope else name, []).append(name)
    return tuple(_ask(app, name, names, described) for name, names in named.items())


def _ask(app: InstalledApp, name: str, names: list[str], described: Mapping[str, str]) -> Ask:
    scope = scope_named(name)
    if scope is None:
        return Ask(label=described.get(name, name), detail=f"{name}, for services that know this app. Nothing here.")
    detail = scope.detail
    if all(one in _PARTS for one in names):
        detail = " ".join(_PARTS[one] for one in names)
    if name == "refresh_token":
        detail = _how_long(app)
    return Ask(label=scope.label, detail=detail, wide=name in _WIDE)


def _how_long(app: InstalledApp) -> str:
    rule = app[s.REFRESH_TOKEN_POLICY]
    if refresh_life(app).capped_by is not None and rule.form != "specific_lifetime":
        return f"Also when you are not there, until it goes unused for {IDLE_CAP_DAYS} days or you take it back."
    unit = rule.unit.lower() if rule.number != 1 else rule.unit.lower()[:-1]
    return {
        "infinite": "Also when you are not there, until you take it back.",
        "zero": "It asks to act when you are not there, but your administrator ends that at once.",
        "specific_lifetime": f"Also when you are not there, for {rule.number} {unit} or until you take it back.",
        "specific_inactivity": (
            f"Also when you are not there, until it goes unused for {rule.number} {unit} or you take it back."
        ),
    }[rule.form]


def _where(callback: str) -> str | None:
    if not callback:
        return None
    parts = urlsplit(callback)
    if parts.scheme not in ("http", "https"):
        return f"an app on this device ({parts.scheme}:)"
    # Letters of other scripts can pose as Latin ones, so a host is shown in ASCII.
    try:
        return parts.netloc.encode("idna").decode("ascii")
    except UnicodeError:
        return quote(parts.netloc)
