"""GET, POST /setup/verify: the password once more, before something secret is shown (connected-apps.md 2.5)."""

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote

from grantway.console.navigation import HOME
from grantway.console.signin import back_of
from grantway.console.visit import Route, Visit
from grantway.domain.org import User
from grantway.endpoints.authorization.visitor import fresh_cookie, known_account, set_cookie
from grantway.endpoints.passwords import FRESH_MS
from grantway.kit.http import Header, Reply
from grantway.store import browsers
from grantway.store.events import add_event
from grantway.store.login_failures import forgive
from grantway.store.statement import Step, Write

VERIFY: Final = "/setup/verify"
_WRONG: Final = "That is not your password. Try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyPage:
    """Asks who is signed in for their password; `action` bears the way back."""

    template: ClassVar[str] = "setup/verify.html"
    username: str
    action: str
    problem: str = ""

    @property
    def title(self) -> str:
        """The page's heading."""
        return "Verify your identity"


def verified_until(visit: Visit) -> int | None:
    """Return until when (ms) this session may see secrets; None when it may not now."""
    at = visit.person.session.verified_at
    end = at + FRESH_MS if at is not None else 0
    return end if end > visit.server.clock.now_ms() else None


def way_to(path: str) -> str:
    """Return the path at which somebody verifies, and from there goes on to a page of the console."""
    return f"{VERIFY}?to={quote(path, safe='/')}"


async def ask(visit: Visit) -> Reply:
    """Ask for the password."""
    return _page(visit)


async def answer(visit: Visit) -> Reply:
    """Compare the password, as slowly as at the login for who guesses, and lead back."""
    call, server, person = visit.call, visit.server, visit.person

    def event(kind: str) -> Step:
        return add_event(
            kind,
            at=server.clock.now_ms(),
            org_id=visit.org.id,
            user_id=person.user.id,
            address=call.address,
            request_id=call.request_id,
            detail='{"to":"verify"}',
        )

    def failed(user: User | None) -> Step:
        del user  # whose session it is was known before
        return event("login.failed")

    account = known_account(call, server, visit.base, person.user.username)
    looked = await server.passwords.look(
        db=server.db,
        clock=server.clock,
        workers=server.workers,
        username=person.user.username,
        password=visit.form.get("password", ""),
        account=account,
        address=call.address,
        failed=failed,
    )
    if looked.wait_ms:
        seconds = -(-looked.wait_ms // 1000)
        problem = f"Too many tries. Wait {seconds} second{'s' if seconds > 1 else ''}, then try again."
        return _page(visit, problem, status=429, headers=((b"retry-after", str(seconds).encode()),))
    if looked.user is None or looked.user.id != person.user.id:
        return _page(visit, _WRONG, status=400)
    now = server.clock.now_ms()
    # A new cookie: one that was stolen before is not verified with it (S33).
    cookie, cookie_hash = fresh_cookie()
    await server.db.commit(
        Write(
            (
                browsers.verify_session(person.session.id, now),
                browsers.new_cookie(visit.visitor.browser_id, cookie_hash, now),
                forgive(account),
                event("login.verified"),
            )
        )
    )
    return visit.go(quote(back_of(call), safe="/?&=%+:,~"), headers=(set_cookie(cookie, visit.base),))


def _page(visit: Visit, problem: str = "", *, status: int = 200, headers: tuple[Header, ...] = ()) -> Reply:
    page = VerifyPage(username=visit.person.user.username, action=way_to(back_of(visit.call)), problem=problem)
    return visit.show(page, here=HOME, status=status, headers=headers)


ROUTES: Final = (Route(VERIFY, get=ask, post=answer),)
