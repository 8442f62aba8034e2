"""Making a database ready for use: schema and first signing key."""

from grantway.manage import keys
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.store import schema


async def make_ready(desk: Desk, *, upgrade: bool) -> None:
    """Bring the schema up to date where that is safe (`upgrade`, or an empty database), and make a signing key.

    Raises:
        ManageProblem: the schema is not current and may not be changed unasked.
    """
    missing = await schema.pending(desk.db)
    if missing and not upgrade and await schema.version_of(desk.db) > 0:
        raise ManageProblem("the database's schema is not current: run grantway db upgrade")
    if missing:
        await schema.upgrade(desk.db)
    await keys.ensure(desk)
