"""A user's security token, which follows the password where an app sends it: made anew, shown once."""

from grantway.domain.org import Org
from grantway.kit.secrets import fingerprint, new_security_token
from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.store.people import permissions_of
from grantway.store.security_tokens import SET


async def reset(desk: Desk, org: Org, username: str) -> str:
    """Make a user's security token anew and return it; the one before ends at once. Nobody can read it again.

    Raises:
        ManageProblem: no right, no such user, a guest user, or a user with more rights than the caller's.
    """
    desk.caller.needs(Right.USERS, org.id)
    token = new_security_token()
    async with desk.changing() as changing:
        user = await users.find(changing, org, username)
        if user.is_guest:
            raise ManageProblem("nobody logs in as a guest user, so it has no security token")
        doing = f"give {user.username} a security token"
        desk.caller.holds_all(await permissions_of(changing.session, user), doing)
        await changing.run(SET, person_id=user.id, hash=fingerprint(token), created_at=desk.clock.now_ms())
        await changing.audit("admin.user.security_token", org.id, username=user.username)
    return token
