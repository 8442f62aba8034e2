"""Making a database ready for use: schema and first signing key."""

from grantway.manage.caller import Right
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.manage.server import keys
from grantway.store import schema


async def make_ready(desk: Desk, *, upgrade: bool) -> None:
    """Bring the schema up to date where that is safe (`upgrade`, or an empty database), and make a signing key.

    Raises:
        ManageProblem: the schema is not current and may not be changed unasked, or is of a newer release.
        KeyRingError: the key file is not the one this database was written with.
    """
    if await _missing(desk):
        if not upgrade and await schema.version_of(desk.db) > 0:
            raise ManageProblem("the database's schema is not current: run grantway db upgrade")
        await schema.upgrade(desk.db)
    await keys.ensure(desk)


async def plan(desk: Desk) -> tuple[schema.Migration, ...]:
    """Return every migration that is missing; changes nothing.

    Raises:
        ManageProblem: the caller is not the operator, or the schema is of a newer release.
    """
    desk.caller.needs(Right.SERVER)
    return await _missing(desk)


async def upgrade(desk: Desk) -> tuple[schema.Migration, ...]:
    """Apply every migration that is missing, and make the database ready; returns what was applied.

    Raises:
        ManageProblem: the caller is not the operator, or the schema is of a newer release.
    """
    desk.caller.needs(Right.SERVER)
    missing = await _missing(desk)
    await make_ready(desk, upgrade=True)
    return missing


async def _missing(desk: Desk) -> tuple[schema.Migration, ...]:
    if not await schema.can_serve(desk.db):
        version = await schema.version_of(desk.db)
        raise ManageProblem(f"the database's schema ({version}) is of a newer release than this one: update Grantway")
    return await schema.pending(desk.db)
