"""Meeting a client by the URL of its metadata document, before anything else of its request is looked at."""

from grantway.endpoints.server import Server
from grantway.kit.http import Call
from grantway.manage.caller import OPERATOR
from grantway.manage.desk import Desk
from grantway.manage.registration.client_documents import Rules


async def meet_client(call: Call, server: Server, client_id: str, *, is_app: bool) -> None:
    """Meet the client of an authorization request, where its id is the URL of a document.

    Raises:
        Refused: it is not let in, or its document is not there or not in order.
    """
    desk = Desk(
        db=server.db,
        clock=server.clock,
        ring=server.ring,
        caller=OPERATOR,
        request_id=call.request_id,
        address=call.address,
    )
    await server.client_documents.meet(desk, server.fetcher, await rules_of(server), client_id, is_app=is_app)


async def rules_of(server: Server) -> Rules | None:
    """Return what the default org says of such clients; None while there is no org."""
    found = await server.directory.default_org()
    return None if found is None else Rules(org=found[0], values=found[1])
