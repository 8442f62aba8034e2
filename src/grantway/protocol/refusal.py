"""Two voices for every "no": what the wire says, and what the administrator is told (style.md 4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from grantway.protocol.door import Voice
from grantway.settings.setting import AnySetting

Fact = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The form of a refusal on the wire: OAuth error code (or Salesforce's word), description, HTTP status."""

    error: str
    says: str
    status: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeFamily:
    """A consequence of a refusal: the tokens of a family end. Carried out after the decision, so nothing undoes it."""

    family_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reason:
    """Why a request is refused.

    - `id`: stable; audit, documentation and tests name it.
    - `wires`: the form on the wire, per voice.
    - `means`: what happened, for the administrator, with `{facts}`.
    - `remedy`: what to do about it.
    - `setting`: the setting of the app, policy or org that refused, where one did.
    """

    id: str
    wires: Mapping[Voice, Wire]
    means: str
    remedy: str
    setting: AnySetting | None = None

    def __call__(self, *, then: RevokeFamily | None = None, **facts: Fact) -> "Refusal":
        """Return a refusal for this reason. `facts` fill in `means`; they never hold secrets."""
        return Refusal(reason=self, facts=facts, then=then)

    def wire(self, voice: Voice) -> Wire:
        """Return the form on the wire for a voice; what has none of its own speaks as OAuth does."""
        return self.wires.get(voice) or self.wires[Voice.SALESFORCE]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refusal:
    """One refusal: its reason, the facts of the case, and what else must happen because of it."""

    reason: Reason
    facts: Mapping[str, Fact] = field(default_factory=dict)
    then: RevokeFamily | None = None

    def explanation(self) -> str:
        """Return what happened, in words for the administrator."""
        return self.reason.means.format_map(_Facts(self.facts))


class Refused(Exception):
    """Raised where a request cannot even be read; carries the refusal.

    `org_id`: the org whose administrators may have it explained, where it is known although no app is.
    """

    def __init__(self, refusal: Refusal, org_id: str = "") -> None:
        super().__init__(refusal.reason.id)
        self.refusal: Final = refusal
        self.org_id: Final = org_id


class _Facts(dict[str, Fact]):
    def __missing__(self, key: str) -> Fact:
        return "?"


def oauth(error: str, says: str, *, standards: Wire | None = None, status: int = 400) -> dict[Voice, Wire]:
    """Return the wire forms of a refusal at OAuth endpoints; the standards' door differs where `standards` is given."""
    salesforce = Wire(error=error, says=says, status=status)
    return {Voice.SALESFORCE: salesforce, Voice.STANDARDS: standards or salesforce}
