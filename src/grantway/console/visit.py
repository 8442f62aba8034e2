"""One request to the console: who asks, in which org, with which rights, and how it is answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl

from grantway.console.flash import flash_cookie, read_flash
from grantway.console.navigation import NAV
from grantway.domain.org import Org
from grantway.endpoints.authorization.visitor import Visitor, csrf_token
from grantway.endpoints.server import Server
from grantway.kit.http import Call, Header, Reply
from grantway.kit.multipart import UploadedFile
from grantway.manage.desk import Desk
from grantway.pages import Frame, SetupPage, render_setup, security_headers
from grantway.store.browsers import LoggedIn

_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")
CSRF_PAGE: Final = "setup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A signed-in user's request to the console.

    - `desk`: where operations are carried out with the user's rights; `org`: the user's org.
    - `params`: what stands in the path's places, by name.
    - `form`: the fields of a posted form, the last of each name; `forms`: all of each name, in order. Their CSRF token
      was checked already.
    - `files`: the files that came with it, where the route takes files.
    """

    call: Call
    server: Server
    base: str
    visitor: Visitor
    person: LoggedIn
    org: Org
    desk: Desk
    params: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[UploadedFile, ...] = ()

    @property
    def form(self) -> Mapping[str, str]:
        """The posted fields, the last of each name."""
        return {name: values[-1] for name, values in self.forms.items()}

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the URL, the last of each name; nothing secret is ever among them."""
        return dict(parse_qsl(self.call.query, keep_blank_values=True))  # an address has 8 kB at most

    @property
    def csrf(self) -> str:
        """The token that this person's forms carry in this session."""
        return csrf_token(self.server, self.visitor.browser_id, self.person.session.id, CSRF_PAGE)

    def with_params(self, params: Mapping[str, str]) -> "Visit":
        """Return the visit with the places of its path."""
        return replace(self, params=params)

    def show(
        self,
        page: SetupPage,
        *,
        here: str,
        crumbs: tuple[tuple[str, str], ...] = (),
        status: int = 200,
        headers: tuple[Header, ...] = (),
    ) -> Reply:
        """Answer with a page; `here` is the path of the navigation link that it belongs to."""
        flash = read_flash(self.call, self.server, self.base)
        frame = Frame(
            org_name=self.org.name,
            person=self.person.user.name,
            nav=NAV,
            here=here,
            csrf=self.csrf,
            crumbs=crumbs,
            flash=flash,
        )
        forget = (flash_cookie(self.server, self.base, None),) if flash else ()
        return Reply(status, render_setup(page, frame), (_HTML, *security_headers(scripts=True), *forget, *headers))

    def go(self, path: str, *, saying: str = "", kind: str = "ok", headers: tuple[Header, ...] = ()) -> Reply:
        """Lead on to another page of the console after a change, and say there what happened (303)."""
        said = (flash_cookie(self.server, self.base, (kind, saying)),) if saying else ()
        location = (b"location", (self.base + path).encode())
        return Reply(303, b"", (location, (b"cache-control", b"no-store"), *said, *headers))


Handler = Callable[[Visit], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page's path, whose places stand in braces, and who answers GET and POST; whether its form bears files."""

    path: str
    get: Handler | None = None
    post: Handler | None = None
    takes_files: bool = False
