"""The page at the root and the files that pages are made of."""

from typing import Final

from grantway.endpoints.answer import tagged_reply
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Reply
from grantway.pages import HomePage, MessagePage, render, security_headers
from grantway.pages import asset as page_asset

_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")


async def home(call: Call, server: Server, base: str) -> Reply:
    """Show what this is, to somebody who opens the base URL in a browser."""
    del server
    page = HomePage(host=call.host, org_name=None, base_url=base, setup_path="/setup/")
    return Reply(200, render(page), (_HTML, *security_headers()))


async def asset(call: Call, server: Server, base: str) -> Reply:
    """Serve a style sheet or picture; the path holds its hash, so it may be kept for ever."""
    del server, base
    _, _, rest = call.path.partition("/assets/")
    version, _, name = rest.partition("/")
    found = page_asset(name)
    if found is None:
        return not_found(call)
    kept = b"public, max-age=31536000, immutable" if version == found.etag[1:-1] else b"no-cache"
    headers = (
        (b"content-type", found.content_type.encode()),
        (b"cache-control", kept),
        (b"x-content-type-options", b"nosniff"),
    )
    return tagged_reply(call, found.body, headers, found.etag.encode())


def not_found(call: Call) -> Reply:
    """Say that there is no such file."""
    page = MessagePage(host=call.host, org_name=None, title="Not found", text="There is no such file.", status=404)
    return Reply(404, render(page), (_HTML, *security_headers()))
