"""The app form as a browser sends it: every control that stands on the page, with what stands in it."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.console.setup import Setup
from tests.endpoints.house import BASE

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """Gathers the fields of the forms of a page, each as a browser would send it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[tuple[str, Fields]] = []
        self._area = ""
        self._text = ""
        self._select = ""
        self._chosen: str | None = None
        self._first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((of.get("action", ""), {}))
        elif tag == "input" and of.get("name") and self.forms:
            if of.get("type") not in ("checkbox", "radio") or "checked" in of:
                self._add(of["name"], of.get("value", ""))
        elif tag == "textarea":
            self._area, self._text = of["name"], ""
        elif tag == "select":
            self._select, self._chosen, self._first = of["name"], None, None
        elif tag == "option" and self._select:
            self._first = of["value"] if self._first is None else self._first
            if "selected" in of:
                self._chosen = of["value"]

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._add(self._area, self._text.removeprefix("\n").replace("\n", "\r\n"))
            self._area = ""
        elif tag == "select":
            self._add(self._select, self._chosen if self._chosen is not None else self._first or "")
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        self.forms[-1][1].setdefault(name, []).append(value)


def form_of(page: httpx.Response, action_ends: str) -> Fields:
    """Return what a browser would send of the form whose action ends so, untouched; the last of them on the page."""
    parser = _Forms()
    parser.feed(page.text)
    found = [fields for action, fields in parser.forms if action.endswith(action_ends)]
    assert found, page.text
    return found[-1]


async def post(setup: Setup, path: str, fields: Fields) -> httpx.Response:
    """Send a form from a page of the console."""
    headers = {"origin": BASE, "content-type": "application/x-www-form-urlencoded"}
    return await setup.browser.client.post(path, content=urlencode(fields, doseq=True), headers=headers)


async def edited(setup: Setup, name: str, changes: dict[str, Any]) -> Fields:
    """Open the form of an app, and fill in some of it; None takes a field away, as clearing a checkbox does."""
    fields = form_of(await setup.open(f"/setup/apps/{name}/edit"), "/edit")
    for field, value in changes.items():
        if value is None:
            fields.pop(field, None)
        else:
            fields[field] = value if isinstance(value, list) else [value]
    return fields


async def review(setup: Setup, name: str, changes: dict[str, Any], status: int = 200) -> httpx.Response:
    """Change some of an app's form and press "Review changes"."""
    reply = await post(setup, f"/setup/apps/{name}/edit", await edited(setup, name, changes))
    assert reply.status_code == status, (reply.status_code, reply.text)
    return reply


async def save(setup: Setup, name: str, reviewed: httpx.Response, **more: str) -> httpx.Response:
    """Press the button of the review page; `confirm` ticks its box with that number."""
    fields = form_of(reviewed, "/save") | {field: [value] for field, value in more.items()}
    if "confirm" not in more:
        fields.pop("confirm", None)
    return await post(setup, f"/setup/apps/{name}/save", fields)
