"""How an app reaches other orgs: the one setting by which external client apps differ most (connected-apps.md 3.14)."""

from enum import Enum
from typing import Final

from grantway.settings.kinds import one_of
from grantway.settings.setting import Section, Setting, Xml


class Distribution(Enum):
    """Whether an app is for its own org, or is given to others in a package."""

    LOCAL = "local"
    PACKAGED = "packaged"


DISTRIBUTION_STATE: Final = Setting[Distribution](
    name="distribution_state",
    kind=one_of(
        Distribution,
        words={Distribution.LOCAL: "Local", Distribution.PACKAGED: "Packaged"},
    ),
    label="Distribution State",
    help=(
        "A local external client app works in its own org only. A packaged app of either kind takes Download "
        "AppExchange Packages to install, and its tokens end when it is uninstalled."
    ),
    default=Distribution.LOCAL,
    section=Section.BASIC,
    effect="for users of other orgs, external client apps: OAUTH_AUTHORIZATION_BLOCKED while local",
    example="packaged",
    xml={"ExternalClientApplication": Xml(path="distributionState", words={"Local": "local", "Packaged": "packaged"})},
)
