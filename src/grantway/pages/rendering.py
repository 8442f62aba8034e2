"""Fills a page's template: escaping always on, a missing or forgotten value is an error and never a blank."""

from functools import cache
from typing import TYPE_CHECKING, Literal

from grantway.pages import links, wording
from grantway.pages.assets import asset_path
from grantway.pages.screens import Page
from grantway.pages.setup import Frame, SetupPage

if TYPE_CHECKING:
    from jinja2 import Environment

Theme = Literal["light", "dark"]
Display = Literal["page", "popup", "touch", "mobile"]


def render(page: Page, *, theme: Theme | None = None, display: Display = "page") -> bytes:
    """The page as UTF-8 HTML.

    Args:
        page: what it shows; its `status` is the HTTP status it is meant to be sent with.
        theme: the person's choice, from their cookie; None follows the system.
        display: the kind of window the app asked for; changes spacing only.
    """
    return _templates().get_template(page.template).render(page=page, theme=theme, display=display).encode("utf-8")


def render_setup(page: SetupPage, frame: Frame) -> bytes:
    """A page of the console, within its frame, as UTF-8 HTML."""
    return _templates().get_template(page.template).render(page=page, frame=frame).encode("utf-8")


@cache
def _templates() -> "Environment":
    """The template engine, made when the first page is rendered because loading it takes longer than all our code."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        """Every value on its way into a page, before it is escaped."""
        if value is None:
            raise TypeError("a page tried to show a value that is None")
        return value if isinstance(value, Markup | Undefined) else wording.printable(str(value))

    templates = Environment(
        loader=PackageLoader("grantway.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters |= {
        "capped": wording.capped,
        "utc_text": wording.utc_text,
        "utc_stamp": wording.utc_stamp,
        "web_link": links.web_link,
        "web_label": links.web_label,
        "mail_link": links.mail_link,
        "own_path": links.own_path,
    }
    templates.globals["asset_path"] = asset_path
    return templates
