"""Making the users that token exchange handlers name: as the handler's execution user, with that user's rights."""

from grantway.domain.org import Org
from grantway.domain.token_handler import UsableHandler
from grantway.kit.clock import Clock
from grantway.kit.secrets import KeyRing
from grantway.manage.caller import caller_named
from grantway.manage.desk import Desk
from grantway.manage.people import users
from grantway.manage.problem import ManageProblem
from grantway.protocol.token_handler import Named
from grantway.settings import token_handlers as f
from grantway.store.database import Database


class _OnlyTried(Exception):
    """Takes back what was made to see whether it can be."""


async def make(
    db: Database,
    clock: Clock,
    ring: KeyRing,
    org: Org,
    chosen: UsableHandler,
    named: Named,
    *,
    only_try: bool = False,
) -> str:
    """Make the user whom a handler named; return why that could not be, or nothing.

    `only_try`: all of it is done and taken back again.
    """
    new, enabled = named.new, chosen.enabled_for
    if new is None or enabled is None:
        return "nobody is to be made"
    asked = users.NewUser(
        username=new.username,
        email=new.email,
        first_name=new.first_name,
        last_name=new.last_name,
        profile=chosen.handler[f.NEW_USER_PROFILE],
    )
    try:
        caller = await caller_named(db, enabled.run_as)
        desk = Desk(db=db, clock=clock, ring=ring, caller=caller)
        async with desk.changing() as changing:
            made = await users.create(changing, org, asked)
            if named.by is f.Matches.FEDERATION_ID:
                await users.change(changing, org, made.username, {"federation_id": named.value})
            if only_try:
                raise _OnlyTried
    except ManageProblem as problem:
        return str(problem)[:300]
    except _OnlyTried:
        pass
    return ""
