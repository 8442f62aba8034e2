"""A token exchange as far as it is known: the request, the handlers, what they said, whom they named (RFC 8693)."""

from typing import Final

import msgspec

from grantway import settings as s
from grantway.domain.token_handler import UsableHandler
from grantway.grants.grant import TokenCall
from grantway.policy import approval
from grantway.policy.approval import ApprovalCase
from grantway.policy.client import ClientCase
from grantway.policy.guest import scopes_for_guests
from grantway.protocol.actor import actor_of
from grantway.protocol.resource import read_resources
from grantway.protocol.token_handler import Believed, HandlerAnswer, Named
from grantway.settings.token_handlers import (
    SUBJECT_TYPE_PREFIX,
    SUBJECT_TYPES,
)

REFRESH_SCOPES: Final = frozenset({"refresh_token", "offline_access"})


class ExchangeCase(msgspec.Struct, frozen=True, gc=False):
    """A token exchange: who asks, the org's handlers, what the one that is meant said, and whom it named.

    - `subject`, `actor`: what the handler made of each token; None while it was not asked.
    - `found`: how many users of the org are the one that is named.
    - `visitor`: the unique visitor ID, where none is and who is named is a guest.
    - `not_created`: why a user who is not there could not be made.
    """

    call: TokenCall
    client: ClientCase
    handlers: tuple[UsableHandler, ...] = ()
    subject: HandlerAnswer | None = None
    actor: HandlerAnswer | None = None
    found: int = 0
    visitor: str = ""
    not_created: str = ""
    approval: ApprovalCase | None = None

    def parameter(self, name: str) -> str:
        """Return a parameter of the request; empty where it was not sent."""
        return self.call.params.get(name, "")

    def type_of(self, name: str) -> str:
        """Return a type of token by its last word; Salesforce's own pages write JWT and jwt."""
        text = self.parameter(name)
        word = text[len(SUBJECT_TYPE_PREFIX) :].lower() if text.startswith(SUBJECT_TYPE_PREFIX) else ""
        return word if word in SUBJECT_TYPES else ""

    @property
    def chosen(self) -> UsableHandler | None:
        """The handler that is meant: by name, else the app's default."""
        name = self.parameter("token_handler")
        if not name:
            defaults = (one for one in self.handlers if one.enabled_for is not None and one.enabled_for.is_default)
            return next(defaults, None)
        called = [one for one in self.handlers if one.handler.is_called(name)]
        # Two handlers may stand for one class: the one that the app may use is meant.
        return next((one for one in called if one.enabled_for is not None), called[0] if called else None)

    @property
    def resources(self) -> tuple[str, ...]:
        """The resource servers that the token is wanted for; none at a door that does not know them."""
        return read_resources(self.parameter("resource")) if self.call.door.takes_resource else ()

    @property
    def believed_subject(self) -> Believed | None:
        """What the handler believes of the subject's token."""
        return self.subject.believed if self.subject is not None else None

    @property
    def believed_actor(self) -> Believed | None:
        """What the handler believes of the actor's token."""
        return self.actor.believed if self.actor is not None else None

    @property
    def named(self) -> Named | None:
        """Whom the subject's token names."""
        subject = self.believed_subject
        named = subject.named if subject is not None else None
        # A blank is no name: whoever had it would be one guest with all others who have it.
        return named if named is not None and named.value.strip() else None

    @property
    def acting(self) -> str | None:
        """Who acts for the user, as the claim `act`; empty where nobody does, None where that cannot be said."""
        actor, subject = self.believed_actor, self.believed_subject
        return actor_of(actor.claims if actor is not None else None, subject.claims) if subject is not None else ""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The scopes that the token may have, in the app's order.

        Somebody who acts for the user gets nothing that outlives the access token; a guest neither.
        """
        held = self.approval
        if held is None or held.of is None:
            return ()
        app = held.of.app
        if self.visitor:
            return scopes_for_guests(approval.scopes_of(held))
        allowed = set(approval.scopes_of(held))
        if allowed and not self.acting:
            allowed |= REFRESH_SCOPES
        return tuple(name for name in (*app[s.SCOPES], *app[s.CUSTOM_SCOPES]) if name in allowed)
