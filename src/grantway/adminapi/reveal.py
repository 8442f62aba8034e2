"""An app's key and secret, for somebody who has just proved who they are (connected-apps.md 2.5)."""

from typing import Final

from grantway import settings as s
from grantway.adminapi.ask import Answer, Ask, Route
from grantway.adminapi.schema import record, text
from grantway.domain.org import User
from grantway.endpoints.passwords import FRESH_MS
from grantway.kit.clock import MINUTE_MS
from grantway.manage.connected_apps import apps
from grantway.manage.problem import NotAllowed
from grantway.policy.login_pace import account_principal
from grantway.store.events import add_event
from grantway.store.login_failures import forgive
from grantway.store.statement import Step, Write
from grantway.store.tokens import login_behind

_MINUTES: Final = FRESH_MS // MINUTE_MS
_RIGHT: Final = (
    "Customize Application, and Modify All Data or Manage Connected Apps; and Allow consumer key and secret rotation"
)
PASSWORD: Final = record({"password": text(256, least=1)}, required=())
"""The body of a request for a secret; not needed soon after a login."""
_SECRETS: Final = record({"consumer_key": text(256), "consumer_secret": text(256)})


async def _reveal(ask: Ask) -> Answer:
    await demand_presence(ask)
    app = await apps.reveal(ask.desk, ask.org, ask.params["app"])
    value = {"consumer_key": app.consumer_key, "consumer_secret": app.secret.reveal()}
    return Answer(value=value, tagged=False)


async def demand_presence(ask: Ask) -> None:
    """Demand a login of the last minutes behind the token, else the password of its user.

    Raises:
        NotAllowed: neither is there, or there were too many tries.
    """
    if not await _is_fresh(ask):
        await _look_at_password(ask)


async def _is_fresh(ask: Ask) -> bool:
    """Tell whether the token came of a login of the last minutes, or was given to its app itself in them.

    A refresh token proves nobody's presence: what counts is the login at the beginning of its line. An assertion proves
    none either, for it stands for somebody absent; an app that acts as its run-as user is there itself.
    """
    token = ask.token
    if token.family_id:
        proved_at = await login_behind(ask.desk.session, token.family_id)
    else:
        proved_at = token.issued_at if await _is_run_as(ask) else None
    return proved_at is not None and ask.server.clock.now_ms() - proved_at <= FRESH_MS


async def _is_run_as(ask: Ask) -> bool:
    """Tell whether the token's user is the one that its app acts as by the client credentials flow."""
    token = ask.token
    of = await ask.server.directory.app_user(token.app_id, token.org_id, token.user_id)
    return of is not None and of.app[s.CLIENT_CREDENTIALS] and of.app[s.RUN_AS] == of.user.username


async def _look_at_password(ask: Ask) -> None:
    """Demand the password of the token's user, looked at as slowly as at the login for who guesses.

    Raises:
        NotAllowed: there is none, it is wrong, or there were too many tries.
    """
    password = ask.body.get("password")
    if password is None:
        raise NotAllowed.at(
            "password",
            f"the login behind the token is older than {_MINUTES} minutes: give the user's password, or log in again",
        )
    server, caller = ask.server, ask.desk.caller

    def event(kind: str) -> Step:
        return add_event(
            kind,
            at=server.clock.now_ms(),
            org_id=ask.org.id,
            user_id=caller.user_id,
            address=ask.call.address,
            request_id=ask.call.request_id,
            detail='{"to":"reveal"}',
        )

    def failed(user: User | None) -> Step:
        del user  # whose token it is was known before
        return event("login.failed")

    account = account_principal(caller.username)
    looked = await server.passwords.look(
        db=server.db,
        clock=server.clock,
        workers=server.workers,
        username=caller.username,
        password=password,
        account=account,
        address=ask.call.address,
        failed=failed,
    )
    if looked.wait_ms:
        raise NotAllowed.at("password", f"too many tries: wait {-(-looked.wait_ms // 1000)} s, then try again")
    if looked.user is None or looked.user.id != caller.user_id:
        raise NotAllowed.at("password", "it is not the password of the token's user")
    await server.db.commit(Write((forgive(account), event("login.verified"))))


ROUTES: Final = (
    Route(
        method="POST",
        path="/apps/{app}/reveal",
        name="revealApp",
        summary=f"Give key and secret; leaves an audit record. After {_MINUTES} minutes it takes the user's password",
        right=_RIGHT,
        answer=_reveal,
        gives=_SECRETS,
        takes=PASSWORD,
        body_required=False,
        # A password is looked at outside of any transaction: others write meanwhile.
        whole=False,
    ),
)
