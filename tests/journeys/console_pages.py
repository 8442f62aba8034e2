"""Every page of the console, read from its routes: a new page is tested in a browser without being listed anywhere."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from grantway.console.routes import ROUTES
from tests.journeys.served import Served
from tests.toolchain import need, node_modules

# Markup and addresses of others, where a page might take them for its own.
HOSTILE = "<img src=https://foreign.example/x onerror=alert(1)><script>alert(2)</script>"
APP = "Demo_App"
# The consumer key of an app of another org, which the demo org has installed.
FOREIGN_KEY = "rate_desk_of_northwind"
# What stands in the places of a path, by the page's section where one word means several things.
_PLACES = {
    "/setup/apps/{name}/uninstall": FOREIGN_KEY,
    "/setup/apps/{name}": APP,
    "{user}": "admin@demo.example",
    "{app}": APP,
}
# An external client app with sets of keys and secrets, whose page is another than a connected app's.
EXTERNAL = "Tide_Table"
# A file is no page: what is in it has tests of its own.
_FILES = (".csv", ".xml", ".zip")
PAGES = (
    *dict.fromkeys(route.path for route in ROUTES if route.get is not None and not route.path.endswith(_FILES)),
    f"/setup/apps/{EXTERNAL}/keys",
)


@dataclass
class Seen:
    """A tab of the console, and all that its console said or its page asked for elsewhere."""

    tab: Tab
    base: str
    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.tab.on("dialog", self._dialog)
        self.tab.on("request", self._request)

    def forget(self) -> None:
        """Begin anew, before another page is opened in the tab."""
        self.said.clear()
        self.foreign.clear()

    def _console(self, message: Any) -> None:
        # Chromium's advice about forms ("verbose") is neither an error nor a breach of the policy.
        if "https://goo.gl/9p2vKq" not in message.text:
            self.said.append(f"{message.type}: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "about:")):
            self.foreign.append(request.url)


@dataclass
class Console:
    """A server with hostile names in it, and a browser in which its administrator is signed in."""

    served: Served
    browser: Browser
    state: Any
    request_id: str
    tabs: dict[tuple[int, bool], Seen] = field(default_factory=dict)

    def path_of(self, pattern: str) -> str:
        """Fill the places of a page's path."""

        def fill(place: re.Match[str]) -> str:
            if place[0] == "{request_id}":
                return self.request_id
            if place[0] in ("{id}", "{asset}", "{certificate}"):
                return self.first_id(pattern.partition("/{")[0])
            for begins, value in _PLACES.items():
                if begins == place[0] or (begins.startswith("/") and pattern.startswith(begins)):
                    return value.replace(" ", "%20").replace("@", "%40")
            raise AssertionError(f"say in _PLACES what stands for {place[0]} of {pattern}")

        return re.sub(r"\{\w+\}", fill, pattern)

    def first_id(self, path: str) -> str:
        """Return the id that the first link of a list leads to, to its page or to the question before its end."""
        with self.browser.new_context(storage_state=self.state) as context:
            page = context.request.get(self.served.base + path).text()
        ids = [found for found in re.findall(f'href="{path}/([^"/?]+)(?:/delete)?"', page) if found != "new"]
        assert ids, f"{path} lists nothing: let the server of these tests begin with one"
        return str(ids[0])

    def open(self, pattern: str, *, width: int = 1280, scripts: bool = True) -> Seen:
        """Open a page, in the tab that the page before it had at this width: to start another takes long."""
        if (width, scripts) not in self.tabs:
            context = self.browser.new_context(
                viewport={"width": width, "height": 800},
                java_script_enabled=scripts,
                storage_state=self.state,
                reduced_motion="reduce",
            )
            self.tabs[width, scripts] = Seen(context.new_page(), self.served.base)
        seen = self.tabs[width, scripts]
        seen.forget()
        url = self.served.base + self.path_of(pattern)
        reply = seen.tab.goto(url)
        assert reply is not None
        assert reply.status == 200, f"{url} answers {reply.status}"
        return seen


def axe_source() -> str:
    """Return axe-core, as the tests run it in a page."""
    return (Path(need(node_modules(), "axe-core")) / "axe-core" / "axe.min.js").read_text()


def sign_in(tab: Tab, served: Served) -> None:
    """Sign in to the console as the demo org's administrator."""
    tab.goto(f"{served.base}/setup/")
    tab.get_by_role("textbox", name="Username").fill(served.demo["admin"]["username"])
    tab.get_by_role("textbox", name="Password").fill(served.demo["admin"]["password"])
    tab.get_by_role("button", name="Log in").click()
    tab.wait_for_url(f"{served.base}/setup/")
