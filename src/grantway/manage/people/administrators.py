"""Somebody must be left who can manage an org's users: no user of it may lock everybody out, not even themselves."""

from typing import Final, cast

from grantway.domain.permissions import MANAGE_USERS, read_permissions
from grantway.manage.desk import Desk
from grantway.manage.problem import ManageProblem
from grantway.store.statement import Statement

# Each way to come by permissions: who gives them, and whether an active user who can log in has one.
_WAYS: Final = (
    (
        Statement("SELECT id, permissions FROM profile WHERE org_id = :org_id"),
        Statement(
            "SELECT id FROM person WHERE profile_id = :id AND is_active = 1 AND is_frozen = 0 AND is_guest = 0 LIMIT 1"
        ),
    ),
    (
        Statement("SELECT id, permissions FROM permission_set WHERE org_id = :org_id"),
        Statement(
            "SELECT u.id FROM permission_set_assignment m JOIN person u ON u.id = m.person_id"
            " WHERE m.permission_set_id = :id AND u.is_active = 1 AND u.is_frozen = 0 AND u.is_guest = 0 LIMIT 1"
        ),
    ),
)


async def demand_one_left(desk: Desk, org_id: str) -> None:
    """Demand, after a change that takes power from users, that an active one can still manage users.

    The operator may do without: the command line is left to them.

    Raises:
        ManageProblem: nobody would be left; the change is not kept.
    """
    if desk.caller.is_operator:
        return
    for holders, holding in _WAYS:
        for holder_id, permissions in await desk.session.all(holders, org_id):
            if MANAGE_USERS.name in read_permissions(cast(str, permissions)) and await desk.session.one(
                holding, holder_id
            ):
                return
    raise ManageProblem("nobody would be left who can manage the users of this org: see that somebody else can, first")
