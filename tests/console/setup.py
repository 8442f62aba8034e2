"""The console as a signed-in user sees it: HTTP through the edge and the routes, cookies kept, forms with tokens."""

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from grantway.manage.people import holders, users
from tests.endpoints.browsing import PASSWORD, Browser, give_passwords
from tests.endpoints.house import BASE, House

ADMIN = "nora@harbour.example"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Setup:
    """One person's browser in the console."""

    browser: Browser

    async def open(self, path: str, status: int = 200) -> httpx.Response:
        """Open a page of the console, which must answer with a status."""
        reply = await self.browser.get(path)
        assert reply.status_code == status, (path, reply.status_code, reply.text)
        return reply

    async def send(self, path: str, fields: dict[str, Any], *, page: str = "/setup/") -> httpx.Response:
        """Send a form as the page at `page` would, with the token that stands there; lists are repeated fields."""
        token = field_of(await self.open(page), "csrf")
        body = urlencode({"csrf": token, **fields}, doseq=True)
        headers = {"origin": BASE, "content-type": "application/x-www-form-urlencoded"}
        return await self.browser.client.post(path, content=body, headers=headers)

    async def follow(self, reply: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        assert reply.status_code == 303, (reply.status_code, reply.text)
        return await self.browser.follow(reply)


def field_of(page: httpx.Response, name: str) -> str:
    """Return the value of a page's first hidden field of a name."""
    return next(html.unescape(value) for found, value in _HIDDEN.findall(page.text) if found == name)


async def sign_in(house: House, username: str) -> Setup:
    """Sign in to the console in a fresh browser."""
    browser = Browser(house)
    page = await browser.get("/setup/login")
    form = {"csrf": field_of(page, "csrf"), "username": username, "password": PASSWORD}
    reply = await browser.post("/setup/login", form)
    assert reply.status_code == 303, reply.text
    return Setup(browser)


async def add_user(house: House, username: str, *permissions: str) -> str:
    """Add a user whose profile gives exactly these user permissions; return the id."""
    profile = f"Profile of {username}"[:80]
    await holders.create(house.desk, holders.PROFILES, house.org_id, profile, permissions)
    asked = users.NewUser(username=username, email=username, profile=profile)
    user = await users.create(house.desk, house.org, asked)
    await give_passwords(house)
    return user.id
